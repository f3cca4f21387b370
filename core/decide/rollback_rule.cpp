#include "core/decide/rollback_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/expr/expression.h"
#include "core/expr/map.h"
#include "core/policy/rollback.h"

namespace autopilot::decide {
namespace {

using expr::Val;

Val val_of(const Value& value) {
  if (value.is_null()) return Val();
  return value.is_integer() ? Val::of_int(value.as_int()) : Val::of_double(value.as_double());
}

// A group as one value, for a condition that takes it whole.
Val whole(const RolloutCounts& counts, std::string_view group, expr::Scratch& scratch) {
  std::vector<expr::MapEntry> entries;
  const auto all = group == "policy" ? policy::policy_statistics() : policy::group_statistics();
  for (const policy::Statistic& s : all) {
    const Val value = val_of(statistic(counts, group, s.name));
    if (value.tag != expr::Tag::absent) entries.push_back({Val::of_string(s.name), value});
  }
  auto* kept = scratch.arena().array<expr::MapEntry>(entries.size());
  std::copy(entries.begin(), entries.end(), kept);
  return Val::of_map(
      expr::make_map(scratch.arena(), kept, static_cast<std::uint32_t>(entries.size())));
}

}  // namespace

RollbackRule::RollbackRule(const policy::Policy& policy) : model_(policy.rollback.value()) {
  const expr::CheckedExpr checked =
      expr::parse_and_check(model_.when.source, policy::statistics_environment());
  if (!checked.ok()) {
    throw Error(ErrorKind::storage,
                fmt::format("policy {}: rollback: {} in \"{}\"", policy.id,
                            checked.faults.front().message, model_.when.source),
                "validate the policies and apply them again");
  }
  program_ = expr::compile(checked, slots_);
  inputs_.resize(static_cast<std::size_t>(slots_.size()));
}

RollbackRule::Answer RollbackRule::judge(const RolloutCounts& counts) {
  why_.clear();
  if (!has_enough(counts)) return Answer::too_few;
  scratch_.reset();
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const expr::Path& path = slots_.paths()[i];
    inputs_[i] = path.size() == 1 ? whole(counts, path[0], scratch_)
                                  : val_of(statistic(counts, path[0], path[1]));
  }
  const Val result = program_.evaluate(inputs_.data(), scratch_);
  if (result.tag == expr::Tag::boolean)
    return result.boolean ? Answer::holds : Answer::does_not_hold;
  why_ = result.is_error() ? program_.fault(result, scratch_).message
                           : std::string("the condition is not true or false");
  return Answer::failed;
}

bool RollbackRule::has_enough(const RolloutCounts& counts) {
  if (counts.inside.total < model_.min_decisions) {
    why_ = fmt::format("not enough decisions inside: {} of {}", counts.inside.total,
                       model_.min_decisions);
  } else if (names("outside") && counts.outside.total < model_.min_decisions) {
    why_ = fmt::format("not enough decisions outside: {} of {}", counts.outside.total,
                       model_.min_decisions);
  }
  return why_.empty();
}

bool RollbackRule::names(std::string_view group) const {
  return std::any_of(slots_.paths().begin(), slots_.paths().end(),
                     [&](const expr::Path& path) { return path.front() == group; });
}

Map RollbackRule::values(const RolloutCounts& counts) const {
  Map out{{"inside.total", counts.inside.total}, {"outside.total", counts.outside.total}};
  for (const expr::Path& path : slots_.paths()) {
    if (path.size() < 2) continue;
    out[fmt::format("{}.{}", path[0], path[1])] = statistic(counts, path[0], path[1]);
  }
  return out;
}

std::string_view to_string(RollbackRule::Answer answer) {
  switch (answer) {
    case RollbackRule::Answer::holds:
      return "holds";
    case RollbackRule::Answer::does_not_hold:
      return "does-not-hold";
    case RollbackRule::Answer::too_few:
      return "not-enough-decisions";
    case RollbackRule::Answer::failed:
      return "failed";
  }
  return "failed";
}

}  // namespace autopilot::decide
