#include "core/state/approval_need.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/expr/expression.h"
#include "core/expr/program.h"
#include "core/policy/approvals.h"
#include "core/policy/loader.h"

namespace autopilot::state {
namespace {

enum class Answer { yes, no, failed };

Answer ask(const policy::Expression& condition, const Map& facts) {
  const expr::CheckedExpr checked =
      expr::parse_and_check(condition.source, policy::approval_environment());
  if (!checked.ok()) return Answer::failed;
  expr::SlotTable slots;
  const expr::Program program = expr::compile(checked, slots);
  expr::Scratch scratch;
  std::vector<expr::Val> inputs(static_cast<std::size_t>(slots.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value* fact = facts.find(slots.paths()[i].front());
    if (fact != nullptr) inputs[i] = expr::to_val(*fact, scratch, false);
  }
  const expr::Val result = program.evaluate(inputs.data(), scratch);
  if (result.tag != expr::Tag::boolean) return Answer::failed;
  return result.boolean ? Answer::yes : Answer::no;
}

Need need_by(const policy::ApprovalSettings& settings, std::size_t index) {
  const policy::ApprovalRule& rule = settings.rules[index];
  return {rule.approvals, rule.role, rule.expires.value_or(settings.expires),
          fmt::format("rules[{}]", index), rule.when ? rule.when->source : std::string()};
}

Need strictest(const policy::ApprovalSettings& settings, std::size_t failed) {
  Need need = need_by(settings, failed);
  need.why = "its condition failed, so the strictest of all rules holds";
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    const Need other = need_by(settings, i);
    need.approvals = std::max(need.approvals, other.approvals);
    need.role = std::max(need.role, other.role);
    need.expires = std::min(need.expires, other.expires);
  }
  return need;
}

Need by_rules(const policy::ApprovalSettings& settings, const Map& facts) {
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    const auto& when = settings.rules[i].when;
    const Answer answer = when ? ask(*when, facts) : Answer::yes;
    if (answer == Answer::failed) return strictest(settings, i);
    if (answer == Answer::yes) return need_by(settings, i);
  }
  return {1, policy::Role::operator_, settings.expires, "default", ""};
}

}  // namespace

policy::ApprovalSettings settings_in_force(Store* store) {
  const auto document = store == nullptr ? std::nullopt : store->document("Project", "autopilot");
  if (!document) return {};
  return policy::project_from(*document).approvals.value_or(policy::ApprovalSettings());
}

Need need_of(const policy::ApprovalSettings& settings, const Map& facts) {
  Need need = by_rules(settings, facts);
  const Value* asked = facts.find("approvals");
  if (asked != nullptr && asked->kind() == Value::Kind::integer)
    need.approvals = std::max(need.approvals, asked->as_int());
  return need;
}

std::optional<Need> plan_need(const policy::ApprovalSettings& settings, const Map& facts) {
  if (!settings.plans) return std::nullopt;
  const Value* governance = facts.find("governance");
  const bool always = governance != nullptr && governance->is_bool() && governance->as_bool();
  if (!always && ask(*settings.plans, facts) == Answer::no) return std::nullopt;
  return need_of(settings, facts);
}

std::string to_text(const Need& need) {
  return fmt::format("{} approval{} by {}", need.approvals, need.approvals == 1 ? "" : "s",
                     policy::to_string(need.role));
}

}  // namespace autopilot::state
