#pragma once
// The least role that each command takes, as one table for the whole program (the rows are in
// commands/roles.cpp). The app asks it before a command runs; help and man pages print it. A role
// counts where an Access document is applied; commands that take none never open the state for it.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/policy/model.h"

namespace autopilot::cli {

struct RoleRow {
  std::string_view command;           // its whole name: "state info"
  std::optional<policy::Role> least;  // absent: anybody may, it needs no state
  std::string_view more = {};         // what asks for more, as a clause; may be empty
};
using Roles = std::span<const RoleRow>;

// Null when the command has no row.
const RoleRow* find_role(Roles roles, std::string_view command);

// "operator", or "none".
std::string_view role_name(const RoleRow& row);
// "operator; changing a policy takes its authority".
std::string role_sentence(const RoleRow& row);

}  // namespace autopilot::cli
