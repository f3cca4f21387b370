#pragma once
// Random policies and actions that meet often, and how they are written.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/decide/oracle.h"
#include "tests/decide/trial.h"
#include "tests/fakes.h"

namespace autopilot::decide::testing {

using oracle::Action;
using oracle::Condition;

// They meet often: few names, few numbers.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::vector<oracle::Policy> policies() {
    std::vector<oracle::Policy> out;
    const std::size_t count = 1 + below(6);
    for (std::size_t i = 0; i < count; ++i) out.push_back(policy("p" + std::to_string(i)));
    return out;
  }

  Action action(int number) {
    Action a;
    a.id = "a" + std::to_string(number);
    a.type = one_in(25) ? "route.teleport" : pick(kTypes);
    a.algorithm = pick(kAlgorithms);
    a.target = "t" + std::to_string(below(8));
    if (one_in(4)) a.risk = number_();
    for (const char* field : kFields) {
      if (!one_in(5)) a.data[field] = number_();
    }
    for (const char* metric : {"m0", "m1"}) {
      if (!one_in(6)) a.metrics[metric] = number_();
    }
    if (!one_in(4)) a.geo = pick(kGeos);
    time_ += static_cast<std::int64_t>(below(1500));
    a.at = time_;
    a.run = "r" + std::to_string(below(2));
    return a;
  }

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.next() % n); }

 private:
  using Names = std::vector<const char*>;
  static inline const Names kTypes = {"route.update_weight", "budget.shift", "route.pause"};
  static inline const Names kAlgorithms = {"bandit", "optimizer"};
  static inline const Names kGeos = {"FR", "US"};
  static inline const Names kFields = {"weight", "old_weight", "budget", "old_budget"};
  static inline const std::vector<double> kNumbers = {0,   0.1, 0.15, 0.2,  0.25, 0.3, 0.35,
                                                      0.4, 0.5, 0.55, 0.75, 0.8,  1,   1.5};

  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string pick(const Names& names) { return names[below(names.size())]; }
  double number_() { return kNumbers[below(kNumbers.size())]; }

  Condition condition(bool with_risk) {
    static const Names paths = {"metrics.m0",  "metrics.m1",  "data.weight", "data.old_weight",
                                "data.budget", "data.budget", "metrics.m0",  "risk"};
    return {paths[below(paths.size() - (with_risk ? 0 : 1))], number_()};
  }

  void rule(oracle::Rule& rule, const std::string& name, bool with_risk) {
    rule.name = name;
    if (one_in(3)) rule.types.push_back(pick(kTypes));
    if (rule.types.size() == 1 && one_in(3)) rule.types.push_back(pick(kTypes));
    if (rule.types.size() == 2 && rule.types[0] == rule.types[1]) rule.types.pop_back();
    if (one_in(4)) rule.when = condition(with_risk);
  }

  oracle::Policy policy(const std::string& id) {
    oracle::Policy p;
    p.id = id;
    p.monitor = one_in(4);
    p.enabled = !one_in(10);
    p.skip_errors = !one_in(3);
    const std::size_t scope = below(4);
    if (scope == 1) p.algorithms = {pick(kAlgorithms)};
    if (scope == 2) p.geos = {pick(kGeos)};
    p.priority = 98 + static_cast<std::int64_t>(below(4));
    p.rollout = std::vector<double>{0, 0.5, 0.8, 1, 1, 1}[below(6)];
    for (std::size_t i = below(3); i > 0; --i) {
      if (one_in(2)) p.gates.emplace_back("gate" + std::to_string(i), condition(false));
    }
    for (std::size_t i = below(4); i > 0; --i) p.mutations.push_back(mutation(i));
    for (std::size_t i = below(3); i > 0; --i) p.guards.push_back(guard(i));
    for (std::size_t i = below(3); i > 0; --i) p.limits.push_back(limit(i));
    return p;
  }

  oracle::Mutation mutation(std::size_t i) {
    oracle::Mutation m;
    rule(m, "mutation" + std::to_string(i), false);
    m.kind = "ccds"[below(4)];
    m.field = one_in(4) ? "budget" : "weight";
    m.from = "old_" + m.field;
    m.low = number_();
    m.high = m.low + number_();
    m.delta = number_();
    m.value = number_();
    return m;
  }

  oracle::Guard guard(std::size_t i) {
    oracle::Guard g;
    rule(g, "guard" + std::to_string(i), true);
    g.kind = "daaaawr"[below(7)];
    g.condition = condition(true);
    if (g.kind == 'd') g.condition.bound /= 4;  // so that most actions pass
    g.required = pick(kFields);
    return g;
  }

  oracle::Limit limit(std::size_t i) {
    oracle::Limit l;
    rule(l, "limit" + std::to_string(i), true);
    l.max = one_in(2) ? static_cast<double>(1 + below(4)) : number_() * 3;
    if (one_in(2)) l.sum = pick(kFields);
    if (!one_in(3)) l.per_seconds = 3600;
    l.by_algorithm = one_in(2);
    return l;
  }

  autopilot::testing::FakeRandom random_;
  std::int64_t time_ = 1'800'000'000;
};

inline std::string cel(const Condition& c) {
  const std::string path = c.path[0] == 'd' ? "action." + c.path : c.path;
  return path + " < " + double_text(c.bound);
}

inline Map yaml_rule(const oracle::Rule& r) {
  Map out{{"name", r.name}};
  if (!r.types.empty()) out["for"] = List(r.types.begin(), r.types.end());
  if (r.when) out["when"] = cel(*r.when);
  return out;
}

inline Value yaml_of(const oracle::Mutation& m) {
  Map out = yaml_rule(m);
  if (m.kind != 's') out["field"] = m.field;
  if (m.kind == 'c') out["clamp"] = List{m.low, m.high};
  if (m.kind == 'd') out["max_delta"] = m.delta;
  if (m.kind == 'd') out["from"] = m.from;
  if (m.kind == 's') out["set"] = Map{{m.field, m.value}};
  return out;
}

inline Value yaml_of(const oracle::Guard& g) {
  Map out = yaml_rule(g);
  if (g.kind == 'r') out["require"] = g.required;
  if (g.kind == 'd') out["deny"] = cel(g.condition);
  if (g.kind == 'a') out["approve"] = cel(g.condition);
  if (g.kind == 'w') out["warn"] = cel(g.condition);
  return out;
}

inline Value yaml_of(const oracle::Limit& l) {
  Map out = yaml_rule(l);
  out["max"] = l.max;
  out["per"] = l.per_seconds ? "1h" : "run";
  if (!l.sum.empty()) out["sum"] = "action.data." + l.sum;
  if (l.by_algorithm) out["key"] = "action.algorithm";
  return out;
}

template <class Rules>
Value yaml_list(const Rules& rules) {
  List out;
  for (const auto& r : rules) out.push_back(yaml_of(r));
  return out;
}

inline std::string yaml_of(const oracle::Policy& p) {
  Map spec{{"mode", p.monitor ? "monitor" : "enforce"},
           {"enabled", p.enabled},
           {"on_error", p.skip_errors ? "skip" : "block"},
           {"priority", p.priority},
           {"rollout", p.rollout}};
  if (!p.algorithms.empty()) spec["scope"] = "algorithm";
  if (!p.algorithms.empty()) spec["algorithm"] = p.algorithms[0];
  if (!p.geos.empty()) spec["scope"] = "segment";
  if (!p.geos.empty()) spec["selector"] = Map{{"geo", p.geos[0]}};
  List gates;
  for (const auto& [name, c] : p.gates) gates.push_back(Map{{"name", name}, {"when", cel(c)}});
  if (!gates.empty()) spec["gates"] = gates;
  if (!p.mutations.empty()) spec["mutations"] = yaml_list(p.mutations);
  if (!p.guards.empty()) spec["guards"] = yaml_list(p.guards);
  if (!p.limits.empty()) spec["limits"] = yaml_list(p.limits);
  return "---\n" +
         to_json(Map{{"apiVersion", "autopilot/v1"},
                     {"kind", "Policy"},
                     {"metadata", Map{{"id", p.id}}},
                     {"spec", spec}}) +
         "\n";
}

inline std::string yaml_of(const std::vector<oracle::Policy>& policies) {
  std::string out;
  for (const oracle::Policy& p : policies) out += yaml_of(p);
  return out;
}

inline Value map_of(const oracle::Numbers& numbers) {
  Map out;
  for (const auto& [name, number] : numbers) out[name] = number;
  return out;
}

inline std::string line_of(const Action& a) {
  Map action{{"id", a.id}, {"type", a.type}, {"algorithm", a.algorithm}, {"target", a.target}};
  if (a.risk) action["risk"] = *a.risk;
  action["data"] = map_of(a.data);
  Map segment;
  if (a.geo) segment["geo"] = *a.geo;
  return to_json(Map{{"action", action},
                     {"context", Map{{"metrics", map_of(a.metrics)}, {"segment", segment}}}});
}

inline Setting setting_of(const Action& a) {
  Setting out;
  out.now = Instant{a.at, 0};
  out.run = a.run;
  return out;
}

}  // namespace autopilot::decide::testing
