#include "core/state/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

using policy::Role;

constexpr Role kRoles[] = {Role::viewer, Role::operator_, Role::admin, Role::dg_ai};

// `actors` is one name or a list of them.
bool names(const Value* actors, std::string_view actor) {
  if (actors == nullptr) return false;
  if (actors->is_string()) return actors->as_string() == actor;
  if (!actors->is_list()) return false;
  return std::any_of(actors->as_list().begin(), actors->as_list().end(),
                     [&](const Value& one) { return one.is_string() && one.as_string() == actor; });
}

std::optional<Role> role_in(const Value& content, std::string_view actor) {
  const Value* spec = content.get("spec");
  const Value* roles = spec == nullptr ? nullptr : spec->get("roles");
  std::optional<Role> highest;
  for (const Role role : kRoles) {
    if (roles != nullptr && names(roles->get(policy::to_string(role)), actor)) highest = role;
  }
  const Value* rest = spec == nullptr ? nullptr : spec->get("default");
  if (!highest && rest != nullptr && rest->is_string())
    highest = policy::parse_role(rest->as_string());
  return highest;
}

}  // namespace

std::optional<Role> role_of(Store* store, std::string_view actor) {
  if (store == nullptr) return Role::dg_ai;
  Statement rows = store->database().prepare(
      "SELECT c.body FROM document d JOIN content c ON c.hash = d.content_hash WHERE d.kind = "
      "'Access'");
  bool any = false;
  std::optional<Role> highest;
  while (rows.step()) {
    any = true;
    const std::optional<Role> role =
        role_in(parse_json_or_throw(rows.text(0), "the Access document in the state"), actor);
    if (role && (!highest || *role > *highest)) highest = role;
  }
  return any ? highest : Role::dg_ai;
}

std::string role_text(std::optional<Role> role) {
  return role ? std::string(policy::to_string(*role)) : std::string("no role");
}

std::string role_sentence(std::string_view actor, std::optional<Role> role) {
  return fmt::format("{} has {}{}", actor, role ? "the role " : "", role_text(role));
}

Role authority_of(const policy::Document& document) {
  if (document.kind != "Policy") return Role::admin;
  const Value* spec = document.content.get("spec");
  const Value* authority = spec == nullptr ? nullptr : spec->get("authority");
  if (authority == nullptr || !authority->is_string()) return Role::admin;
  return policy::parse_role(authority->as_string()).value_or(Role::dg_ai);
}

std::vector<std::string> denied_changes(const Plan& plan, std::optional<Role> role) {
  std::vector<std::string> lines;
  for (const Change& change : plan.changes) {
    Role least = Role::viewer;
    if (change.before) least = std::max(least, authority_of(*change.before));
    if (change.after) least = std::max(least, authority_of(*change.after));
    if (role && *role >= least) continue;
    lines.push_back(fmt::format("{} takes {}", change.name(), policy::to_string(least)));
  }
  return lines;
}

}  // namespace autopilot::state
