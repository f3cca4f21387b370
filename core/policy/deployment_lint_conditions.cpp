// Conditions of a Deployment that no numbers can make true, or false: a limit of 2 where errors are
// a share between 0 and 1 is a rule that never fires.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/expr/analysis.h"
#include "core/expr/expression.h"
#include "core/policy/deployment_checked.h"

namespace autopilot::policy::deployment {
namespace {

// What conditions of a Deployment read: shares where a metric counts, any number where it does not.
class Numbers final : public expr::Inputs {
 public:
  explicit Numbers(const Value* metrics) : metrics_(metrics) {}

  expr::Domain domain_of(const expr::Path& path, const expr::Type& /*type*/) const override {
    if (path.front() == "weight") return expr::Domain::interval(expr::kind::real, 0, 1);
    constexpr double kMost = std::numeric_limits<double>::max();
    const bool is_share = path.size() > 1 && counts(path[1]);
    return expr::Domain::interval(expr::kind::real | expr::kind::error, is_share ? 0 : -kMost,
                                  is_share ? 1 : kMost);
  }
  std::string version_of(const expr::Path& /*path*/) const override { return {}; }

  bool counts(const std::string& name) const {
    const Value* metric = metrics_ == nullptr ? nullptr : metrics_->get(name);
    return metric != nullptr && metric_is_count(*metric);
  }

 private:
  const Value* metrics_;
};

class ConditionsLint {
 public:
  explicit ConditionsLint(const CheckedSpec& checked)
      : c_(checked), names_(deployment_conditions(c_.metrics)), numbers_(c_.spec.get("metrics")) {}

  void check() {
    each("rollback", [&](const YamlNode& rule) {
      look(rule.find("when"), "so the rule never fires", "so the rule always fires");
    });
    each("objectives", [&](const YamlNode& objective) {
      look(objective.find("when"), "so nothing goes forward", "so it asks for nothing");
    });
    each("steps", [&](const YamlNode& step) {
      const YamlNode* require = step.find("require");
      if (require == nullptr) return;
      if (require->is_scalar()) look_at_requirement(*require);
      for (const YamlNode& one : require->items) look_at_requirement(one);
    });
  }

 private:
  template <class F>
  void each(std::string_view section, F visit) {
    const YamlNode* list = c_.section(section);
    if (list == nullptr || !list->is_list()) return;
    for (const YamlNode& entry : list->items) visit(entry);
  }

  void look_at_requirement(const YamlNode& node) {
    look(&node, "so the step is never over", "so it asks for nothing");
  }

  void look(const YamlNode* node, std::string_view when_false, std::string_view when_true) {
    if (node == nullptr || !node->is_scalar()) return;
    const expr::CheckedExpr checked = expr::parse_and_check(node->text, names_);
    if (!checked.ok()) return;
    expr::Logic logic;
    const expr::Analysis all = expr::analyse(checked, numbers_, logic);
    if (logic.possible({all.yes}) == expr::Answer::no)
      warn("always-false", *node, "can never be true", when_false, checked);
    else if (logic.possible({all.no}) == expr::Answer::no)
      warn("always-true", *node, "is true whatever is measured", when_true, checked);
  }

  void warn(const char* code, const YamlNode& node, std::string_view what, std::string_view effect,
            const expr::CheckedExpr& checked) {
    if (c_.is_said(code, node.span)) return;  // of another environment
    c_.input.diagnostics.warning(code, node.span, fmt::format("{} {}, {}", node.text, what, effect))
        .help = help_of(checked);
  }

  std::string help_of(const expr::CheckedExpr& checked) const {
    for (const expr::Path& path : expr::inputs_of(checked)) {
      if (path.front() == "weight") return "weight is a share from 0 to 1: 5% is 0.05";
      if (path.size() > 1 && numbers_.counts(path[1]))
        return fmt::format("{} counts, so it is a share from 0 to 1: 2% is 0.02", path[1]);
    }
    return "compare it with something that may be otherwise";
  }

  const CheckedSpec& c_;
  expr::Environment names_;
  Numbers numbers_;
};

bool has_entries(const Value& spec, const char* field) {
  const Value* list = spec.get(field);
  return list != nullptr && list->is_list() && !list->as_list().empty();
}

bool judges(const Value& step) {
  return step.get("analysis") != nullptr || step.get("require") != nullptr;
}

bool is_judged(const Value& spec) {
  if (has_entries(spec, "rollback") || has_entries(spec, "objectives")) return true;
  if (const Value* bake = spec.get("bake"); bake != nullptr && judges(*bake)) return true;
  const Value* steps = spec.get("steps");
  return steps != nullptr && steps->is_list() &&
         std::any_of(steps->as_list().begin(), steps->as_list().end(), judges);
}

}  // namespace

void warn_of_blindness(const CheckedSpec& c) {
  const Value* analyses = c.spec.get("analyses");
  const bool has_some = analyses != nullptr && analyses->is_map() && !analyses->as_map().empty();
  if (!has_some || is_judged(c.spec) || c.is_said("no-rules", c.span("steps"))) return;
  c.input.diagnostics
      .warning("no-rules", c.span("steps"),
               "no step names an analysis, and there is no rollback rule, so a bad version goes "
               "forward as a good one does")
      .help = "analysis: " + analyses->as_map().begin()->first + ", for example";
}

void warn_of_conditions(const CheckedSpec& checked) { ConditionsLint(checked).check(); }

}  // namespace autopilot::policy::deployment
