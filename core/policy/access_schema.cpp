// Access: who has which role.
#include <fmt/format.h>

#include <unordered_map>

#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr ValueShape kActor{.kind = ShapeKind::text};
constexpr ValueShape kActors{.kind = ShapeKind::list, .element = &kActor};
constexpr std::string_view kDefaults[] = {"viewer", "none"};

constexpr Field kRoleFields[] = {
    {"viewer", kActors, "actors who may look"},
    {"operator", kActors, "actors who may also run and approve what needs no more"},
    {"admin", kActors, "actors who may also change policies of authority admin"},
    {"dg_ai", kActors, "actors who may do everything"},
};
constexpr Schema kRoles{"roles", kRoleFields};

constexpr Field kAccessFields[] = {
    {"description", kActor, "what it is for, in words"},
    {"roles", {.kind = ShapeKind::object, .schema = &kRoles}, "the actors of each role", true},
    {"default",
     {.kind = ShapeKind::text, .choices = kDefaults},
     "role of everybody else; none lets them do nothing, and is the default"},
};

}  // namespace

constinit const Schema kAccessSpec{"an Access", kAccessFields};

void check_access(const CheckInput& input) {
  const YamlNode* spec = input.root.find("spec");
  const YamlNode* roles = spec == nullptr ? nullptr : spec->find("roles");
  if (roles == nullptr || !roles->is_map()) return;
  std::unordered_map<std::string_view, std::pair<std::string_view, Span>> seen;
  const auto visit = [&](const YamlNode& actor, std::string_view role) {
    if (!actor.is_scalar()) return;
    const auto [first, is_new] = seen.try_emplace(actor.text, role, actor.span);
    if (is_new) return;
    const auto& [other_role, where] = first->second;
    Diagnostic& d = input.diagnostics.error(
        "duplicate-actor", actor.span,
        fmt::format("{} is given both {} and {}", actor.text, other_role, role));
    d.help = "keep the highest: a role includes the lower ones";
    d.related.push_back({"the other one is here", where});
  };
  for (const YamlEntry& role : roles->entries) {
    if (role.value.is_list()) {
      for (const YamlNode& actor : role.value.items) visit(actor, role.key);
    } else {
      visit(role.value, role.key);
    }
  }
  if (!seen.empty()) return;
  input.diagnostics
      .error("missing-field", roles->span,
             "no actor has a role, so that nobody could ever change anything")
      .help = "name at least one actor under dg_ai";
}

}  // namespace autopilot::policy
