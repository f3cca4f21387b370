#include "cli/roles.h"

#include <algorithm>

namespace autopilot::cli {

const RoleRow* find_role(Roles roles, std::string_view command) {
  const auto at =
      std::find_if(roles.begin(), roles.end(), [&](auto& row) { return row.command == command; });
  return at == roles.end() ? nullptr : &*at;
}

std::string_view role_name(const RoleRow& row) {
  return row.least ? policy::to_string(*row.least) : "none";
}

std::string role_sentence(const RoleRow& row) {
  std::string text(role_name(row));
  if (!row.more.empty()) text.append("; ").append(row.more);
  return text;
}

}  // namespace autopilot::cli
