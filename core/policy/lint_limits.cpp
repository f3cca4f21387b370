// Limits that block everything, and limits that are never reached because another one always stops
// first.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/policy/lint_checks.h"

namespace autopilot::policy {
namespace {

using expr::Domain;
namespace kind = expr::kind;

constexpr double kMicro = 1e6;
constexpr double kMostMicros = 9e18;

const Limit& limit_of(const Candidate& c) { return static_cast<const Limit&>(*c.rule->rule); }

std::string source_of(const std::optional<Expression>& expression) {
  return expression ? expression->source : "";
}

std::int64_t micros(double amount) { return std::llround(std::min(amount * kMicro, kMostMicros)); }

// Whether what happens in a window of `inner` also happens in one window of `outer`.
bool window_holds(const Limit& outer, const Limit& inner) {
  if (!outer.per || !inner.per) return !outer.per && !inner.per;
  return *outer.per >= *inner.per;
}

class LimitCheck {
 public:
  LimitCheck(LintModel& model, Findings& findings)
      : model_(model), findings_(findings), coverage_(model, findings), index_(model.logic()) {}

  void run() {
    for (const LintPolicy& p : model_.policies()) {
      if (!p.acts) continue;
      for (const LintRule& l : p.limits) {
        const Candidate c{&p, &l};
        if (!report_blocking(c)) index_.add(source_of(limit_of(c).key), c);
      }
    }
    index_.build();
    for (const LintPolicy& p : model_.policies()) {
      if (!p.acts) continue;
      for (const LintRule& l : p.limits) check_reachable({&p, &l});
    }
  }

 private:
  // What one action may use up. Amounts beyond what a limit can count fail, and use up nothing.
  Domain amounts(const Candidate& c) {
    const Limit& l = limit_of(c);
    if (!l.sum) return Domain::interval(kind::real, 1, 1);
    const expr::TermId sum = model_.value(*c.policy, *l.sum);
    std::vector<FormulaId> known = c.rule->outer.needs;
    for (const LintRule& guard : c.policy->guards) {
      if (static_cast<const Guard&>(*guard.rule).kind != Guard::Kind::deny ||
          !guard.rule->types.empty() || guard.when)
        continue;
      known.push_back(c.policy->skips()
                          ? model_.logic().any({guard.condition->no, guard.condition->fails})
                          : guard.condition->no);
    }
    known.push_back(model_.logic().within(sum, Domain::interval(kind::numbers, 0, 9e12)));
    return model_.logic().range(sum, known);
  }

  bool report_blocking(const Candidate& c) {
    const Limit& l = limit_of(c);
    const Domain amount = amounts(c);
    const bool always = amount.has(kind::numbers) && micros(amount.low) > micros(l.max);
    if (!always && !(l.sum && l.max == 0)) return false;
    findings_
        .warning("blocking-limit", c.rule->spot("max"),
                 always ? fmt::format("{} blocks every action that it concerns: one uses up at "
                                      "least {}, and max is {}",
                                      called(model_, *c.rule, c.rule->policy),
                                      double_text(amount.low), double_text(l.max))
                        : fmt::format("{} blocks every action that uses up anything: max is 0",
                                      called(model_, *c.rule, c.rule->policy)))
        .help = "raise max; a guard that denies says it more plainly, if it is meant";
    return always;
  }

  void check_reachable(const Candidate& narrow) {
    const Limit& l = limit_of(narrow);
    const Domain amount = amounts(narrow);
    if (!amount.has(kind::numbers)) return;
    const std::int64_t most = std::isfinite(amount.high) ? micros(amount.high) : INT64_MAX;
    if (most == 0) {
      report(narrow, "no action uses up anything").help = "let sum be above 0";
      return;
    }
    coverage_.of(narrow, {}, {});
    if (coverage_.never_fires()) return;
    const auto stands_in = [&](const Candidate& wide) {
      if (!stops_first(wide, narrow, most) || !may_stand_in(wide, narrow) ||
          !coverage_.by(wide, {}) || is_twin(wide, narrow))
        return false;
      report_stopped(wide, narrow, amount);
      return true;
    };
    // A limit without a key counts for all keys at once.
    if (index_.any(source_of(l.key), coverage_.facts(), stands_in) || !l.key) return;
    index_.any("", coverage_.facts(), stands_in);
  }

  // Whether `wide` has always stopped when `narrow` would; `most`: micro-units of one action in
  // `narrow`.
  static bool stops_first(const Candidate& wide, const Candidate& narrow, std::int64_t most) {
    const Limit& outer = limit_of(wide);
    const Limit& inner = limit_of(narrow);
    if (wide.rule == narrow.rule || !window_holds(outer, inner)) return false;
    if (source_of(outer.sum) == source_of(inner.sum)) return micros(outer.max) <= micros(inner.max);
    if (outer.sum || most == INT64_MAX) return false;
    const std::int64_t count = micros(outer.max) / 1'000'000;  // of actions that it lets through
    return count == 0 || most <= micros(inner.max) / count;
  }

  static bool may_stand_in(const Candidate& wide, const Candidate& narrow) {
    if (wide.policy == narrow.policy) return true;
    return wide.policy->enforces() && narrow.policy->enforces() &&
           outlasts(*wide.policy->policy, *narrow.policy->policy);
  }

  // Of two limits that stop at the same time, the first one stays.
  bool is_twin(const Candidate& wide, const Candidate& narrow) {
    const auto place = [](const Candidate& c) { return std::pair(c.rule->policy, c.rule->index); };
    if (place(wide) < place(narrow)) return false;
    const Domain amount = amounts(wide);
    const std::int64_t most = std::isfinite(amount.high) ? micros(amount.high) : INT64_MAX;
    if (source_of(limit_of(wide).key) != source_of(limit_of(narrow).key) ||
        !stops_first(narrow, wide, most) || !may_stand_in(narrow, wide))
      return false;
    Coverage other(model_, findings_);
    other.of(wide, {}, {});
    return other.by(narrow, {});
  }

  Finding& report(const Candidate& c, const std::string& why) {
    return findings_.warning(
        "unreachable-limit", c.rule->spot("max"),
        fmt::format("{} can never be reached: {}", called(model_, *c.rule, c.rule->policy), why));
  }

  void report_stopped(const Candidate& wide, const Candidate& narrow, const Domain& amount) {
    const Limit& outer = limit_of(wide);
    std::string why = fmt::format("{} stops at {}", called(model_, *wide.rule, narrow.rule->policy),
                                  double_text(outer.max));
    if (outer.per) why += " in " + format_duration(*outer.per);
    if (!outer.sum && limit_of(narrow).sum)
      why += fmt::format(", each of at most {}", double_text(amount.high));
    Finding& f = report(narrow, why + " already");
    f.help = "lower max, or remove the limit";
    f.related.emplace_back("the limit that stops first is here", wide.rule->spot("max"));
  }

  LintModel& model_;
  Findings& findings_;
  Coverage coverage_;
  CoverageIndex index_;
};

}  // namespace

void check_limits(LintModel& model, Findings& findings) { LimitCheck(model, findings).run(); }

}  // namespace autopilot::policy
