// Bounds that mutations set on one field: those that exclude each other, and those that a tighter
// one makes superfluous.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/policy/lint_checks.h"

namespace autopilot::policy {
namespace {

using expr::Arithmetic;
using expr::Domain;
using expr::TermId;
namespace kind = expr::kind;
namespace relation = expr::relation;

const Mutation& mutation_of(const Candidate& c) {
  return static_cast<const Mutation&>(*c.rule->rule);
}

bool touches(const Mutation& m, const std::string& field) {
  return m.field == field || std::any_of(m.set.begin(), m.set.end(),
                                         [&](const FieldSet& s) { return s.field == field; });
}

bool types_meet(const Rule& a, const Rule& b) {
  return a.types.empty() || b.types.empty() ||
         std::any_of(a.types.begin(), a.types.end(), [&](const std::string& type) {
           return std::find(b.types.begin(), b.types.end(), type) != b.types.end();
         });
}

std::string bound_text(const Mutation& m) {
  if (m.kind == Mutation::Kind::clamp)
    return fmt::format("{} within [{}, {}]", m.field, double_text(m.low), double_text(m.high));
  return fmt::format("{} within {} of {}", m.field, double_text(m.delta), m.from);
}

class BoundCheck {
 public:
  BoundCheck(LintModel& model, Findings& findings)
      : model_(model), findings_(findings), coverage_(model, findings) {}

  void run() {
    for (const LintPolicy& p : model_.policies()) {
      if (!p.acts) continue;
      for (const LintRule& m : p.mutations) {
        if (!mutation_of({&p, &m}).field.empty())
          by_field_[mutation_of({&p, &m}).field].push_back({&p, &m});
      }
    }
    for (auto& [field, bounds] : by_field_) {
      std::sort(bounds.begin(), bounds.end(),
                [](const Candidate& a, const Candidate& b) { return order(a) < order(b); });
      for (std::size_t i = 0; i < bounds.size(); ++i) look_at(bounds, i);
    }
  }

 private:
  // Mutations run in this order.
  static std::tuple<std::int64_t, std::string_view, std::size_t> order(const Candidate& c) {
    return {-c.policy->policy->priority, c.policy->policy->id, c.rule->index};
  }

  void look_at(const std::vector<Candidate>& bounds, std::size_t i) {
    bool superfluous = false;
    for (std::size_t j = 0; j < i; ++j) {
      const Candidate& first = bounds[j];
      const Candidate& second = bounds[i];
      if (!types_meet(*first.rule->rule, *second.rule->rule)) continue;
      if (!superfluous && may_replace(first, second))
        superfluous = report_superfluous(first, second);
      if (may_conflict(first, second)) report_conflict(first, second);
    }
  }

  // Nothing that its own policy does between the two indices moves the field.
  static bool stays(const Candidate& c, std::size_t until) {
    const std::vector<Mutation>& all = c.policy->policy->mutations;
    for (std::size_t i = c.rule->index + 1; i < std::min(until, all.size()); ++i) {
      if (touches(all[i], mutation_of(c).field) && types_meet(all[i], *c.rule->rule)) return false;
    }
    return true;
  }

  bool is_last(const Candidate& c) const { return stays(c, c.policy->policy->mutations.size()); }

  // --- superfluous bounds

  bool is_within(const Mutation& tight, const Mutation& wide) const {
    if (tight.kind != wide.kind) return false;
    if (tight.kind == Mutation::Kind::clamp)
      return tight.low >= wide.low && tight.high <= wide.high;
    return tight.from == wide.from && tight.delta <= wide.delta && !model_.is_written(tight.from);
  }

  bool may_replace(const Candidate& first, const Candidate& second) const {
    if (!is_within(mutation_of(first), mutation_of(second))) return false;
    if (first.policy->skips() && !second.policy->skips()) return false;
    // A condition that fails blocks, and would no longer do so.
    const bool may_fail = second.rule->when && !second.policy->skips();
    if (may_fail && (!first.rule->when ||
                     first.rule->when->source->source != second.rule->when->source->source))
      return false;
    if (first.policy == second.policy) return stays(first, second.rule->index);
    return first.policy->enforces() && second.policy->enforces() && is_last(first) &&
           outlasts(*first.policy->policy, *second.policy->policy);
  }

  bool report_superfluous(const Candidate& first, const Candidate& second) {
    coverage_.of(second, {}, {});
    if (coverage_.never_fires() || !coverage_.by(first, {})) return false;
    Finding& f = findings_.warning("shadowed-rule", second.rule->spot(field_of(second)),
                                   fmt::format("{} changes nothing: {} keeps {} before it",
                                               called(model_, *second.rule, second.rule->policy),
                                               called(model_, *first.rule, second.rule->policy),
                                               bound_text(mutation_of(first))));
    f.help = "remove it, or make it narrower";
    f.related.emplace_back("the narrower one is here", first.rule->spot(field_of(first)));
    return true;
  }

  // --- bounds that exclude each other

  static std::string_view field_of(const Candidate& c) {
    return mutation_of(c).kind == Mutation::Kind::clamp ? "clamp" : "max_delta";
  }

  bool may_conflict(const Candidate& a, const Candidate& b) const {
    if (a.policy == b.policy || !a.policy->enforces() || !b.policy->enforces() || !is_last(a) ||
        !is_last(b))
      return false;
    const Mutation& first = mutation_of(a);
    const Mutation& second = mutation_of(b);
    if (first.kind == Mutation::Kind::clamp && second.kind == Mutation::Kind::clamp)
      return first.high < second.low || second.high < first.low;
    return knows_old_value(a, b) && (first.kind == Mutation::Kind::clamp || knows_old_value(b, a));
  }

  // A bound around an old value says something only when a condition bounds that value.
  bool knows_old_value(const Candidate& a, const Candidate& b) const {
    for (const Candidate* c : {&a, &b}) {
      const Mutation& m = mutation_of(*c);
      if (m.kind != Mutation::Kind::max_delta) continue;
      if (model_.is_written(m.from)) return false;
      const expr::Path path{"action", "data", m.from};
      const auto reads = [&](const LintCondition& condition) {
        return std::find(condition.inputs.begin(), condition.inputs.end(), path) !=
               condition.inputs.end();
      };
      const auto some = [&](const Candidate& x) {
        return (x.rule->when && reads(*x.rule->when)) ||
               std::any_of(x.policy->gates.begin(), x.policy->gates.end(), reads);
      };
      if (!some(a) && !some(b)) return false;
    }
    return true;
  }

  void add_bound(const Candidate& c, std::vector<FormulaId>& out) {
    Logic& logic = model_.logic();
    const Mutation& m = mutation_of(c);
    const TermId field = model_.data_field(*c.policy, m.field, true);
    if (m.kind == Mutation::Kind::clamp) {
      out.push_back(logic.within(field, Domain::interval(kind::real, m.low, m.high)));
      return;
    }
    const TermId from = model_.data_field(*c.policy, m.from, false);
    const TermId delta =
        logic.named("=double " + double_text(m.delta), Domain::number(kind::real, m.delta));
    out.push_back(logic.within(from, Domain::of(kind::real)));
    out.push_back(logic.within(field, Domain::of(kind::real)));
    out.push_back(logic.ordered(field, logic.arithmetic(Arithmetic::subtract, from, delta),
                                relation::greater | relation::equal));
    out.push_back(logic.ordered(field, logic.arithmetic(Arithmetic::add, from, delta),
                                relation::less | relation::equal));
  }

  void report_conflict(const Candidate& a, const Candidate& b) {
    std::vector<FormulaId> both = a.rule->outer.needs;
    both.insert(both.end(), b.rule->outer.needs.begin(), b.rule->outer.needs.end());
    const Judge judge(model_, findings_);
    const Spot at = b.rule->spot(field_of(b));
    if (judge.excluded(both, at)) return;  // they never concern the same action
    add_bound(a, both);
    add_bound(b, both);
    if (!judge.excluded(both, at)) return;
    const std::string& field = mutation_of(b).field;
    Finding& f = findings_.warning(
        "conflicting-bounds", at,
        fmt::format("{} keeps {}, and {} keeps {}: no {} satisfies both, so every action that both "
                    "concern is blocked",
                    called(model_, *b.rule, b.rule->policy), bound_text(mutation_of(b)),
                    called(model_, *a.rule, b.rule->policy), bound_text(mutation_of(a)), field));
    f.help = "make them overlap, or keep one of the policies away from these actions";
    f.related.emplace_back("the other bound is here", a.rule->spot(field_of(a)));
  }

  LintModel& model_;
  Findings& findings_;
  Coverage coverage_;
  std::map<std::string, std::vector<Candidate>> by_field_;
};

}  // namespace

void check_bounds(LintModel& model, Findings& findings) { BoundCheck(model, findings).run(); }

}  // namespace autopilot::policy
