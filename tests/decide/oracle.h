#pragma once
// A second, slow and simple reading of the design's order of decisions, to hold the engine against.
// Shares no code with it: plain structs, linear scans, one function per step. Covers conditions of
// the form `path < number` and numeric data.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace autopilot::decide::oracle {

// `path < bound`; a path is "metrics.<name>", "data.<name>" or "risk".
struct Condition {
  std::string path;
  double bound = 0;
};

struct Rule {
  std::string name;
  std::vector<std::string> types;  // empty: all
  std::optional<Condition> when;
};

struct Mutation : Rule {
  char kind = 'c';  // c clamp, d max_delta, s set
  std::string field, from;
  double low = 0, high = 0;  // clamp
  double delta = 0;          // max_delta
  double value = 0;          // set
};

struct Guard : Rule {
  char kind = 'd';  // d deny, a approve, w warn, r require
  Condition condition;
  std::string required;
};

struct Limit : Rule {
  double max = 0;
  std::string sum;  // a field of data; empty: 1
  std::optional<std::int64_t> per_seconds;
  bool by_algorithm = false;
};

struct Policy {
  std::string id;
  bool monitor = false, enabled = true, skip_errors = false;
  std::vector<std::string> algorithms;  // empty: scope is not algorithm
  std::vector<std::string> geos;        // empty: scope is not segment
  std::int64_t priority = 100;
  double rollout = 1;
  std::vector<std::pair<std::string, Condition>> gates;
  std::vector<Mutation> mutations;
  std::vector<Guard> guards;
  std::vector<Limit> limits;
};

using Numbers = std::map<std::string, double>;

struct Action {
  std::string id, type, algorithm, target;
  std::optional<double> risk;
  Numbers data, metrics;
  std::optional<std::string> geo;
  std::int64_t at = 0;  // seconds
  std::string run;
};

struct Answer {
  std::string result;
  Numbers data;
  double risk = 0;
  std::string reasons, monitor_reasons;        // "policy/rule effect" lines
  std::map<std::string, std::string> monitor;  // policy → result
};

double share_of(const std::string& id, const std::string& key);  // SHA-256, see sha256.h

class Oracle {
 public:
  explicit Oracle(std::vector<Policy> policies) : policies_(std::move(policies)) {
    std::sort(policies_.begin(), policies_.end(), [](const Policy& a, const Policy& b) {
      return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
    });
  }

  Answer decide(const Action& proposed) {
    Answer answer;
    const Pass enforced = run(proposed, false, nullptr);
    answer.result = enforced.result();
    answer.data = enforced.data;
    answer.risk = enforced.risk;
    answer.reasons = enforced.reasons;
    Action final = proposed;
    final.data = enforced.data;
    std::vector<Entry> charged = enforced.charges();
    for (const Policy& p : policies_) {
      if (!p.enabled || !p.monitor) continue;
      const Pass alone = run(final, true, &p);
      answer.monitor_reasons += alone.reasons;
      if (!alone.concerned && alone.reasons.empty()) continue;
      answer.monitor[p.id] = alone.result();
      for (const Entry& e : alone.charges()) charged.push_back(e);
    }
    if (enforced.passes()) ledger_.insert(ledger_.end(), charged.begin(), charged.end());
    return answer;
  }

 private:
  struct Entry {
    bool monitor;
    std::string policy, limit, key, run;
    std::int64_t at, micros;
  };
  struct Bound {
    const Policy* policy;
    std::string rule, field;
    double low, high;
    bool is_set;
    std::size_t mark;  // changes before it
  };
  struct Change {
    const Policy* policy;
    std::string field;
  };
  struct Pass {
    Numbers data, before;
    double risk = 0;
    bool blocked = false, pending = false, concerned = false;
    std::string reasons;
    std::vector<Entry> wanted;
    std::vector<Bound> bounds;
    std::vector<Change> changes;

    std::string result() const {
      return blocked ? "blocked" : pending ? "pending" : data != before ? "modified" : "allowed";
    }
    bool passes() const { return !blocked && !pending; }
    std::vector<Entry> charges() const { return passes() ? wanted : std::vector<Entry>(); }
    void say(const std::string& policy, const std::string& rule, const char* effect) {
      reasons += "- " + policy + "/" + rule + " " + effect + "\n";
      blocked = blocked || effect == std::string("block");
      pending = pending || effect == std::string("approve");
    }
  };

  // 1 true, 0 false, -1 error.
  static int holds(const Condition& c, const Action& action, const Pass& pass, bool proposed) {
    const std::size_t dot = c.path.find('.');
    if (c.path == "risk") return pass.risk < c.bound;
    const std::string name = c.path.substr(dot + 1);
    const Numbers& from = c.path[0] == 'm' ? action.metrics : proposed ? action.data : pass.data;
    const auto found = from.find(name);
    return found == from.end() ? -1 : found->second < c.bound;
  }

  Pass run(const Action& action, bool monitor, const Policy* only) {
    Pass pass;
    pass.data = pass.before = action.data;
    std::vector<const Policy*> applicable;
    if (!monitor) check_type(action, pass);
    for (const Policy& p : policies_) {
      if (!p.enabled || p.monitor != monitor || (only != nullptr && only != &p)) continue;
      if (applies(p, action, pass)) applicable.push_back(&p);
    }
    for (const Policy* p : applicable) {
      pass.concerned = pass.concerned || concerns(*p, action);
      mutate(*p, action, pass);
    }
    check_bounds(pass);
    pass.risk = action.risk.value_or(built_in_risk(action.type, pass.data));
    for (const Policy* p : applicable) guard(*p, action, pass);
    for (const Policy* p : applicable) limit(*p, action, pass);
    return pass;
  }

  void check_type(const Action& action, Pass& pass) const {
    const bool any = std::any_of(policies_.begin(), policies_.end(),
                                 [](const Policy& p) { return p.enabled && !p.monitor; });
    for (const char* known : {"route.update_weight", "route.pause", "destination.pause",
                              "budget.shift", "deploy.set_weight"}) {
      if (action.type == known) return;
    }
    if (any) pass.say("", "action_types", "block");
  }

  static bool contains(const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  }

  static bool for_type(const Rule& rule, const Action& action) {
    return rule.types.empty() || contains(rule.types, action.type);
  }

  static bool concerns(const Policy& p, const Action& action) {
    const auto is_for = [&](const Rule& r) { return for_type(r, action); };
    return std::any_of(p.mutations.begin(), p.mutations.end(), is_for) ||
           std::any_of(p.guards.begin(), p.guards.end(), is_for) ||
           std::any_of(p.limits.begin(), p.limits.end(), is_for);
  }

  static void fail(const Policy& p, const std::string& rule, Pass& pass) {
    if (!p.skip_errors) pass.say(p.id, rule, "block");
  }

  static bool applies(const Policy& p, const Action& action, Pass& pass) {
    if (!p.algorithms.empty() && !contains(p.algorithms, action.algorithm)) return false;
    if (!p.geos.empty() && !(action.geo && contains(p.geos, *action.geo))) return false;
    if (p.rollout <= 0 || (p.rollout < 1 && share_of(p.id, action.target) >= p.rollout)) {
      return false;
    }
    std::string broken;
    for (const auto& [name, condition] : p.gates) {
      const int truth = holds(condition, action, pass, true);
      if (truth == 0) return false;
      if (truth < 0 && broken.empty()) broken = name;
    }
    if (broken.empty()) return true;
    // Another gate may still be false; only when none is does the error count.
    fail(p, broken, pass);
    return false;
  }

  // Whether the rule is for this action and its condition holds.
  static bool wanted(const Policy& p, const Rule& rule, const Action& action, Pass& pass) {
    if (!for_type(rule, action)) return false;
    if (!rule.when) return true;
    const int truth = holds(*rule.when, action, pass, false);
    if (truth < 0) fail(p, rule.name, pass);
    return truth > 0;
  }

  static void put(const Policy& p, const Mutation& m, double value, Pass& pass) {
    const auto found = pass.data.find(m.field);
    if (found != pass.data.end() && found->second == value) return;
    pass.data[m.field] = value;
    pass.changes.push_back({&p, m.field});
    pass.say(p.id, m.name, "modify");
  }

  static void mutate(const Policy& p, const Action& action, Pass& pass) {
    const std::size_t first = pass.bounds.size();
    for (const Mutation& m : p.mutations) {
      if (!wanted(p, m, action, pass)) continue;
      double low = m.low, high = m.high;
      if (m.kind != 's' && !pass.data.contains(m.field)) continue;
      if (m.kind == 'd') {
        if (!pass.data.contains(m.from)) {
          fail(p, m.name, pass);
          continue;
        }
        low = pass.data[m.from] - m.delta;
        high = pass.data[m.from] + m.delta;
      }
      const double now =
          m.kind == 's' ? m.value : std::min(std::max(pass.data[m.field], low), high);
      put(p, m, now, pass);
      pass.bounds.push_back({&p, m.name, m.field, low, high, m.kind == 's', pass.changes.size()});
    }
    // Within one policy the later mutation wins.
    std::vector<Bound> kept(pass.bounds.begin(), pass.bounds.begin() + static_cast<long>(first));
    for (std::size_t i = first; i < pass.bounds.size(); ++i) {
      if (bound_holds(pass.bounds[i], pass)) kept.push_back(pass.bounds[i]);
    }
    pass.bounds = kept;
  }

  static bool bound_holds(const Bound& b, const Pass& pass) {
    if (!b.is_set) {
      const double now = pass.data.at(b.field);
      return now >= b.low && now <= b.high;
    }
    for (std::size_t i = b.mark; i < pass.changes.size(); ++i) {
      if (pass.changes[i].field == b.field) return false;
    }
    return true;
  }

  static void check_bounds(Pass& pass) {
    for (const Bound& b : pass.bounds) {
      if (!bound_holds(b, pass)) pass.say(b.policy->id, b.rule, "block");
    }
  }

  static double built_in_risk(const std::string& type, const Numbers& data) {
    double risk = 0.1;
    const auto get = [&](const char* name) { return data.find(name); };
    if (get("weight") != data.end()) {
      if (get("old_weight") == data.end()) return 2;
      risk += 2 * std::abs(get("weight")->second - get("old_weight")->second);
    }
    if (get("budget") != data.end()) {
      if (get("old_budget") == data.end()) return 2;
      const double old = get("old_budget")->second;
      if (old == 0) return 2;
      risk += 1.5 * (std::abs(get("budget")->second - old) / old);
    }
    if (type == "route.pause" || type == "destination.pause") risk += 0.5;
    return risk > 2 ? 2 : risk;
  }

  static void guard(const Policy& p, const Action& action, Pass& pass) {
    for (const Guard& g : p.guards) {
      if (!wanted(p, g, action, pass)) continue;
      if (g.kind == 'r') {
        if (!pass.data.contains(g.required)) pass.say(p.id, g.name, "block");
        continue;
      }
      const int truth = holds(g.condition, action, pass, false);
      if (truth < 0) fail(p, g.name, pass);
      if (truth > 0)
        pass.say(p.id, g.name, g.kind == 'd' ? "block" : g.kind == 'a' ? "approve" : "warn");
    }
  }

  void limit(const Policy& p, const Action& action, Pass& pass) {
    for (const Limit& l : p.limits) {
      if (!wanted(p, l, action, pass)) continue;
      double amount = 1;
      if (!l.sum.empty()) {
        const auto found = pass.data.find(l.sum);
        if (found == pass.data.end() || found->second < 0) {
          fail(p, l.name, pass);
          continue;
        }
        amount = found->second;
      }
      const Entry entry{p.monitor,
                        p.id,
                        l.name,
                        l.by_algorithm ? action.algorithm : "",
                        l.per_seconds ? "" : action.run,
                        action.at,
                        std::llround(amount * 1e6)};
      std::int64_t used = 0;
      for (const Entry& e : ledger_) {
        const bool same = std::tie(e.monitor, e.policy, e.limit, e.key, e.run) ==
                          std::tie(entry.monitor, entry.policy, entry.limit, entry.key, entry.run);
        const bool inside =
            !l.per_seconds || (e.at > action.at - *l.per_seconds && e.at <= action.at);
        if (same && inside) used += e.micros;
      }
      if (used + entry.micros > std::llround(l.max * 1e6)) pass.say(p.id, l.name, "block");
      pass.wanted.push_back(entry);
    }
  }

  std::vector<Policy> policies_;
  std::vector<Entry> ledger_;
};

}  // namespace autopilot::decide::oracle
