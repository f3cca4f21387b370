#include "core/state/approval_facts.h"

#include <algorithm>

#include "core/policy/approvals.h"
#include "core/state/access.h"

namespace autopilot::state {
namespace {

constexpr double kMostRisk = 2;

Value approvals_in(const std::optional<policy::Document>& document) {
  const Value* spec = document ? document->content.get("spec") : nullptr;
  const Value* approvals = spec == nullptr ? nullptr : spec->get("approvals");
  return approvals == nullptr ? Value() : *approvals;
}

std::int64_t count(const Plan& plan, Effect effect) {
  std::int64_t n = 0;
  for (const Change& change : plan.changes) {
    n += std::count_if(change.hints.begin(), change.hints.end(),
                       [&](const Hint& hint) { return hint.effect == effect; });
  }
  return n;
}

bool has(const Change& change, Effect effect) {
  return std::any_of(change.hints.begin(), change.hints.end(),
                     [&](const Hint& hint) { return hint.effect == effect; });
}

policy::Role authority_touched(const Change& change) {
  policy::Role highest = policy::Role::viewer;
  if (change.before) highest = std::max(highest, authority_of(*change.before));
  if (change.after) highest = std::max(highest, authority_of(*change.after));
  return highest;
}

bool touches_protected(const Change& change) {
  return (change.before && change.before->protect) || (change.after && change.after->protect);
}

// A sum of tenths, so that risk >= 0.8 means what it says.
std::int64_t tenths_of(const Change& change) {
  std::int64_t tenths = 1;
  if (has(change, Effect::loosens)) {
    tenths += 5;
  } else if (has(change, Effect::review)) {
    tenths += 2;
  }
  if (change.action == Change::Action::remove) tenths += 3;
  if (touches_protected(change)) tenths += 3;
  if (authority_touched(change) == policy::Role::dg_ai) tenths += 3;
  if (changes_governance(change)) tenths += 5;
  return tenths;
}

}  // namespace

bool changes_governance(const Change& change) {
  if (change.kind == "Access") return true;
  return change.kind == "Project" && !(approvals_in(change.before) == approvals_in(change.after));
}

double risk_of(const Change& change) {
  return std::min(kMostRisk, static_cast<double>(tenths_of(change)) / 10);
}

Map facts_of(const Plan& plan, std::string_view author) {
  using Action = Change::Action;
  Map facts = policy::default_approval_facts();
  double risk = 0;
  policy::Role authority = policy::Role::viewer;
  List kinds, documents;
  bool governance = false, is_protected = false;
  for (const Change& change : plan.changes) {
    risk = std::max(risk, risk_of(change));
    authority = std::max(authority, authority_touched(change));
    governance = governance || changes_governance(change);
    is_protected = is_protected || touches_protected(change);
    if (kinds.empty() || kinds.back().as_string() != change.kind) kinds.push_back(change.kind);
    documents.push_back(change.name());
  }
  facts["kind"] = "plan";
  facts["risk"] = risk;
  facts["author"] = author;
  facts["creates"] = plan.count(Action::create);
  facts["updates"] = plan.count(Action::update);
  facts["deletes"] = plan.count(Action::remove);
  facts["loosens"] = count(plan, Effect::loosens);
  facts["tightens"] = count(plan, Effect::tightens);
  facts["review"] = count(plan, Effect::review);
  facts["protected"] = is_protected;
  facts["governance"] = governance;
  facts["large"] = plan.radius.exceeded();
  facts["authority"] = policy::to_string(authority);
  facts["kinds"] = std::move(kinds);
  facts["documents"] = std::move(documents);
  return facts;
}

}  // namespace autopilot::state
