#include "core/policy/rollback.h"

#include <algorithm>

#include "core/expr/expression.h"
#include "core/expr/program.h"

namespace autopilot::policy {
namespace {

constexpr Statistic kGroup[] = {
    {"total", true},          {"allowed", true},         {"modified", true},
    {"pending", true},        {"blocked", true},         {"errors", true},
    {"allowed_share", false}, {"modified_share", false}, {"pending_share", false},
    {"blocked_share", false}, {"error_share", false},    {"mean_risk", false},
};
constexpr Statistic kPolicy[] = {
    {"modified", true},       {"pending", true},        {"blocked", true},
    {"warned", true},         {"errors", true},         {"modified_share", false},
    {"pending_share", false}, {"blocked_share", false}, {"warned_share", false},
    {"error_share", false},
};

expr::Type record_of(std::span<const Statistic> statistics) {
  std::vector<expr::Type::Field> fields;
  for (const Statistic& s : statistics) {
    fields.emplace_back(std::string(s.name),
                        expr::Type(s.is_count ? expr::TypeKind::integer : expr::TypeKind::real));
  }
  return expr::Type::record(std::move(fields), false);
}

}  // namespace

std::span<const Statistic> group_statistics() { return kGroup; }
std::span<const Statistic> policy_statistics() { return kPolicy; }

expr::Environment statistics_environment() {
  expr::Environment environment;
  environment.variables.emplace("inside", record_of(kGroup));
  environment.variables.emplace("outside", record_of(kGroup));
  environment.variables.emplace("policy", record_of(kPolicy));
  environment.validate_literals = true;
  return environment;
}

bool names_group(std::string_view source, std::string_view group) {
  const expr::CheckedExpr checked = expr::parse_and_check(source, statistics_environment());
  if (!checked.ok()) return false;
  expr::SlotTable slots;
  expr::compile(checked, slots);
  return std::any_of(slots.paths().begin(), slots.paths().end(),
                     [&](const expr::Path& path) { return path.front() == group; });
}

}  // namespace autopilot::policy
