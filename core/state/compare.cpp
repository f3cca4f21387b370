#include "core/state/compare.h"

#include <map>

#include "core/state/plan_file.h"

namespace autopilot::state {
namespace {

using Pair = std::pair<const policy::Document*, const policy::Document*>;  // before, after

Change change_of(const Pair& pair) {
  const policy::Document& any = pair.second != nullptr ? *pair.second : *pair.first;
  Change change;
  change.kind = any.kind;
  change.id = any.id;
  if (pair.first != nullptr) {
    change.base = pair.first->hash;
    change.before = *pair.first;
  }
  if (pair.second != nullptr) change.after = *pair.second;
  change.action = pair.first == nullptr    ? Change::Action::create
                  : pair.second == nullptr ? Change::Action::remove
                                           : Change::Action::update;
  change.hints = hints_for(pair.first, pair.second);
  return change;
}

}  // namespace

Plan compare_sets(const std::vector<policy::Document>& before,
                  const std::vector<policy::Document>& after) {
  std::map<std::pair<std::string, std::string>, Pair> pairs;
  for (const policy::Document& d : before) pairs[{d.kind, d.id}].first = &d;
  for (const policy::Document& d : after) pairs[{d.kind, d.id}].second = &d;
  Plan plan;
  for (const auto& [key, pair] : pairs) {
    if (pair.first != nullptr && pair.second != nullptr && pair.first->hash == pair.second->hash) {
      ++plan.unchanged;
    } else {
      plan.changes.push_back(change_of(pair));
    }
  }
  plan.digest = digest_of(plan.changes);
  return plan;
}

}  // namespace autopilot::state
