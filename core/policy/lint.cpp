#include "core/policy/lint.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/policy/lint_checks.h"

namespace autopilot::policy {

Finding& Findings::warning(std::string code, Spot at, std::string message) {
  items_.push_back({Severity::warning, std::move(code), std::move(message), {}, std::move(at), {}});
  return items_.back();
}

void Findings::undecided(Spot at, std::string why) {
  if (wants_undecided_) note("lint-undecided", std::move(at), std::move(why));
}

void Findings::note(std::string code, Spot at, std::string message) {
  items_.push_back({Severity::note, std::move(code), std::move(message), {}, std::move(at), {}});
}

std::vector<Finding> Findings::take() {
  std::stable_sort(items_.begin(), items_.end(),
                   [](const Finding& a, const Finding& b) { return a.at.policy < b.at.policy; });
  return std::move(items_);
}

bool Judge::excluded(std::vector<FormulaId> formulas, const Spot& at) const {
  const expr::Answer answer = model_.logic().possible(formulas);
  if (answer == expr::Answer::too_many_cases)
    findings_.undecided(at, "the condition has too many cases to look at all");
  return answer == expr::Answer::no;
}

std::string called(const LintModel& model, const LintRule& rule, std::size_t seen_from) {
  const std::string_view what = rule.section.substr(0, rule.section.size() - 1);
  const std::string out = fmt::format("{} {}", what, rule.rule->name);
  return rule.policy == seen_from
             ? out
             : fmt::format("{} of policy {}", out, model.models()[rule.policy].id);
}

LintResult lint(const std::vector<Policy>& policies, const Project& project,
                const LintSettings& settings) {
  LintModel model(policies, project, settings);
  Findings findings(settings.undecided);
  check_times(model, findings);
  check_conditions(model, findings);
  check_shadows(model, findings);
  check_bounds(model, findings);
  check_limits(model, findings);
  NameUses names = open_names(model);
  check_names(names, findings);
  return {findings.take(), std::move(names)};
}

}  // namespace autopilot::policy
