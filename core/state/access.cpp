#include "core/state/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace autopilot::state {
namespace {

using policy::Role;

}  // namespace

std::optional<Role> role_of(Store* store, std::string_view actor) {
  return read_access(store).role_of(actor);
}

std::string role_text(std::optional<Role> role) {
  return role ? std::string(policy::to_string(*role)) : std::string("no role");
}

std::string role_sentence(std::string_view actor, std::optional<Role> role) {
  return fmt::format("{} has {}{}", actor, role ? "the role " : "", role_text(role));
}

Role authority_of(const policy::Document& document) {
  if (document.kind == "Access") return Role::dg_ai;
  if (document.kind != "Policy") return Role::admin;
  const Value* spec = document.content.get("spec");
  const Value* authority = spec == nullptr ? nullptr : spec->get("authority");
  if (authority == nullptr || !authority->is_string()) return Role::admin;
  return policy::parse_role(authority->as_string()).value_or(Role::dg_ai);
}

std::vector<std::string> denied_changes(const Plan& plan, const Access& access,
                                        std::string_view actor) {
  const std::optional<Role> role = access.role_of(actor);
  const Role highest = actors_with(access, Role::dg_ai).empty() ? Role::admin : Role::dg_ai;
  std::vector<std::string> lines;
  for (const Change& change : plan.changes) {
    Role least = Role::viewer;
    if (change.before) least = std::max(least, authority_of(*change.before));
    if (change.after) least = std::max(least, authority_of(*change.after));
    if (change.kind == "Access") least = std::min(least, highest);
    if (role && *role >= least) continue;
    lines.push_back(fmt::format("{} takes {}: {}", change.name(), policy::to_string(least),
                                who_may(access, least)));
  }
  return lines;
}

std::string lockout(const Access& before, const Access& after, const Who& who,
                    Environment& environment) {
  if (!after.applied) return {};
  if (actors_with(after, Role::dg_ai).empty())
    return "nobody would have the role dg_ai, so that nobody could change who may do what";
  if (before.role_of(who.actor) != Role::dg_ai) return {};
  try {
    const std::string again = resolve(after, environment, who.actor).actor;
    if (after.role_of(again) == Role::dg_ai) return {};
    return fmt::format(
        "{}, who is dg_ai now, would have {} and could not take it back", again,
        after.role_of(again) ? "the role " + role_text(after.role_of(again)) : role_text({}));
  } catch (const Error& e) {
    return fmt::format("{}, so that the role dg_ai would be out of reach from here", e.what());
  }
}

}  // namespace autopilot::state
