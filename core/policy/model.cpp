#include "core/policy/model.h"

#include <algorithm>

namespace autopilot::policy {

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::viewer, Role::operator_, Role::admin, Role::dg_ai}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
    case Role::dg_ai:
      return "dg_ai";
  }
  return "viewer";
}

std::vector<std::string> known_action_types(const Project& project) {
  std::vector<std::string> known = {"route.update_weight", "route.pause", "destination.pause",
                                    "budget.shift", "deploy.set_weight"};
  for (const ActionType& type : project.action_types) {
    if (std::find(known.begin(), known.end(), type.name) == known.end()) known.push_back(type.name);
  }
  return known;
}

}  // namespace autopilot::policy
