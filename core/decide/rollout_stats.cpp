#include "core/decide/rollout_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace autopilot::decide {
namespace {

constexpr double kMicro = 1e6;
constexpr double kHighestRisk = 1e9;  // of one decision: sums stay exact

void add_to(GroupCounts& into, const GroupCounts& from) {
  into.total += from.total;
  for (std::size_t i = 0; i < into.results.size(); ++i) into.results[i] += from.results[i];
  into.errors += from.errors;
  into.risk_micros += from.risk_micros;
}

Value share_of(std::int64_t part, std::int64_t total) {
  if (total == 0) return {};
  return static_cast<double>(part) / static_cast<double>(total);
}

// A count by its name, or its share when `name` ends so.
template <std::size_t N>
Value counted(const std::pair<std::string_view, std::int64_t> (&counts)[N], std::string_view name,
              std::int64_t total) {
  for (const auto& [known, count] : counts) {
    if (name == known) return count;
    const std::string_view one = known == "errors" ? "error" : known;
    if (name.size() == one.size() + 6 && name.starts_with(one) && name.ends_with("_share"))
      return share_of(count, total);
  }
  return {};
}

Value group_statistic(const GroupCounts& g, std::string_view name) {
  if (name == "total") return g.total;
  if (name == "mean_risk") {
    if (g.total == 0) return {};
    return static_cast<double>(g.risk_micros) / kMicro / static_cast<double>(g.total);
  }
  const std::pair<std::string_view, std::int64_t> counts[] = {{"allowed", g.results[0]},
                                                              {"modified", g.results[1]},
                                                              {"pending", g.results[2]},
                                                              {"blocked", g.results[3]},
                                                              {"errors", g.errors}};
  return counted(counts, name, g.total);
}

Value policy_statistic(const PolicyCounts& p, std::int64_t inside, std::string_view name) {
  const std::pair<std::string_view, std::int64_t> counts[] = {{"modified", p.modified},
                                                              {"pending", p.pending},
                                                              {"blocked", p.blocked},
                                                              {"warned", p.warned},
                                                              {"errors", p.errors}};
  return counted(counts, name, inside);
}

// A rule of the probe that is about the same actions and never does anything.
policy::Guard idle_rule(const policy::Rule& rule, std::size_t index) {
  policy::Guard guard;
  guard.name = fmt::format("guards[{}]", index);
  guard.types = rule.types;
  guard.kind = policy::Guard::Kind::warn;
  guard.condition.source = "false";
  return guard;
}

policy::Policy idle(const policy::Policy& policy, std::string id, double rollout) {
  policy::Policy out = policy;
  out.id = std::move(id);
  out.mode = policy::Mode::monitor;
  out.enabled = true;
  out.rollout = rollout;
  out.guards.clear();
  const auto add = [&](const policy::Rule& rule) {
    out.guards.push_back(idle_rule(rule, out.guards.size()));
  };
  for (const policy::Rule& rule : policy.mutations) add(rule);
  for (const policy::Rule& rule : policy.guards) add(rule);
  for (const policy::Rule& rule : policy.limits) add(rule);
  out.mutations.clear();
  out.limits.clear();
  return out;
}

// The bucket follows from the id, so the one that is asked about the rollout keeps it.
std::shared_ptr<const CompiledSet> probing_set(const policy::Policy& policy,
                                               policy::Project project) {
  return std::make_shared<const CompiledSet>(
      "", std::move(project),
      std::vector<policy::Policy>{idle(policy, policy.id, policy.rollout),
                                  idle(policy, policy.id + "/all", 1)});
}

}  // namespace

void RolloutCounts::add(const RolloutCounts& other) {
  add_to(inside, other.inside);
  add_to(outside, other.outside);
  policy.modified += other.policy.modified;
  policy.pending += other.policy.pending;
  policy.blocked += other.policy.blocked;
  policy.warned += other.policy.warned;
  policy.errors += other.policy.errors;
}

Value statistic(const RolloutCounts& counts, std::string_view group, std::string_view name) {
  if (group == "inside") return group_statistic(counts.inside, name);
  if (group == "outside") return group_statistic(counts.outside, name);
  if (group == "policy") return policy_statistic(counts.policy, counts.inside.total, name);
  return {};
}

RolloutProbe::RolloutProbe(policy::Policy policy, policy::Project project)
    : id_(policy.id), set_(probing_set(policy, std::move(project))), engine_(*set_) {}

RolloutProbe::Side RolloutProbe::side(const Record& record) {
  read_again(engine_, record, input_);
  engine_.decide(input_, circumstances_of(record), ledger_, outcome_);
  if (outcome_.monitor.empty()) return Side::none;
  const bool in = std::any_of(outcome_.monitor.begin(), outcome_.monitor.end(),
                              [&](const MonitorOutcome& m) { return m.policy == id_; });
  return in ? Side::inside : Side::outside;
}

RolloutProbe::Side RolloutProbe::count(const Record& record, RecordReader& reader,
                                       RolloutCounts& into) {
  const Side side = this->side(record);
  if (side == Side::none) return side;
  GroupCounts& group = side == Side::inside ? into.inside : into.outside;
  ++group.total;
  ++group.results[static_cast<std::size_t>(parse_result(record.result).value_or(Result::blocked))];
  group.risk_micros += std::llround(std::min(risk_of(record), kHighestRisk) * kMicro);
  const std::vector<RecordedReason>& reasons = reader.reasons(record);
  const bool failed = std::any_of(reasons.begin(), reasons.end(), [](const RecordedReason& r) {
    return r.kind == "error" && !r.monitor;
  });
  if (failed) ++group.errors;
  count_acts(reasons, into);
  return side;
}

void RolloutProbe::count_acts(const std::vector<RecordedReason>& reasons,
                              RolloutCounts& into) const {
  const auto did = [&](auto what) {
    return std::any_of(reasons.begin(), reasons.end(),
                       [&](const RecordedReason& r) { return r.policy == id_ && what(r); });
  };
  const auto effect = [&](std::string_view name) {
    return did([&](const RecordedReason& r) { return r.effect == name; });
  };
  PolicyCounts& p = into.policy;
  p.modified += effect("modify") ? 1 : 0;
  p.pending += effect("approve") ? 1 : 0;
  p.blocked += effect("block") || effect("overridden") ? 1 : 0;
  p.warned += effect("warn") ? 1 : 0;
  p.errors += did([](const RecordedReason& r) { return r.kind == "error"; }) ? 1 : 0;
}

}  // namespace autopilot::decide
