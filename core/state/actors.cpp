#include "core/state/actors.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::state {
namespace {

using policy::Role;

constexpr Role kRoles[] = {Role::viewer, Role::operator_, Role::admin, Role::dg_ai};
constexpr std::size_t kNamed = 5;  // actors that a message lists
constexpr char kEverybody[] = "*";

// One text or a list of them.
std::vector<std::string> texts_of(const Value* value) {
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (value->is_string()) out.push_back(value->as_string());
  if (!value->is_list()) return out;
  for (const Value& one : value->as_list()) {
    if (one.is_string()) out.push_back(one.as_string());
  }
  return out;
}

std::string text_of(const Value& map, std::string_view field) {
  const Value* value = map.get(field);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

void read_identity(const std::string& actor, const Value& identity, Access& access) {
  for (const std::string& key : texts_of(identity.get("key"))) access.keys[key] = actor;
  Known known{actor, texts_of(identity.get("user")), text_of(identity, "env"),
              text_of(identity, "value")};
  // Only a key says nothing of processes: there the name remains that of the user.
  if (known.users.empty() && known.variable.empty()) known.users.push_back(actor);
  access.known.push_back(std::move(known));
}

void read_document(const Value& content, Access& access) {
  access.applied = true;
  const Value* spec = content.get("spec");
  if (spec == nullptr) return;
  const Value* roles = spec->get("roles");
  for (const Role role : kRoles) {
    for (std::string& actor : texts_of(roles == nullptr ? nullptr : roles->get(to_string(role)))) {
      const auto [at, is_new] = access.roles.try_emplace(std::move(actor), role);
      at->second = std::max(at->second, role);
    }
  }
  const std::optional<Role> rest = policy::parse_role(text_of(*spec, "default"));
  if (rest) access.rest = std::max(access.rest.value_or(*rest), *rest);
  const Value* identities = spec->get("identities");
  if (identities != nullptr && identities->is_map()) {
    for (const auto& [actor, identity] : identities->as_map())
      read_identity(actor, identity, access);
  }
  for (std::string& actor : texts_of(spec->get("impersonate")))
    access.impersonators.push_back(std::move(actor));
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool fits(const Known& known, const std::string& user, Environment& environment) {
  if (!known.users.empty() && !contains(known.users, user)) return false;
  return known.variable.empty() || environment.get(known.variable) == known.value;
}

// What asks for more is surer: a user and a variable, then a variable, then a user.
int strength(const Known& known) {
  return (known.variable.empty() ? 0 : 2) + (known.users.empty() ? 0 : 1);
}

// The actor that this process is known as; null when no identity fits.
const Known* known_as(const Access& access, const std::string& user, Environment& environment) {
  const Known* best = nullptr;
  const Known* other = nullptr;
  for (const Known& known : access.known) {
    if (!fits(known, user, environment)) continue;
    if (best == nullptr || strength(known) > strength(*best)) {
      best = &known;
      other = nullptr;
    } else if (strength(known) == strength(*best) && known.actor != best->actor) {
      other = &known;
    }
  }
  if (other == nullptr) return best;
  throw Error(ErrorKind::denied,
              fmt::format("{} is known as {} and as {} by what its environment says", user,
                          best->actor, other->actor),
              "leave one of the variables that the Access document names unset");
}

bool may_impersonate(const Access& access, const Who& self) {
  return !access.applied || contains(access.impersonators, kEverybody) ||
         contains(access.impersonators, self.actor);
}

Who self_of(const Access& access, Environment& environment) {
  Who self = who_of(environment, {});
  const std::string user = self.actor;
  if (const Known* known = known_as(access, user, environment)) {
    self.actor = known->actor;
    if (!known->variable.empty())
      self.identity += fmt::format(" env:{}={}", known->variable, known->value);
    return self;
  }
  // That name belongs to an actor who is known by something else.
  const bool taken = std::any_of(access.known.begin(), access.known.end(),
                                 [&](const Known& known) { return known.actor == user; });
  if (taken) self.actor = "user:" + user;
  return self;
}

}  // namespace

std::optional<Role> Access::role_of(std::string_view actor) const {
  if (!applied) return Role::dg_ai;
  const auto at = roles.find(actor);
  return at == roles.end() ? rest : std::max(std::optional(at->second), rest);
}

Access read_access(Store* store) {
  Access access;
  if (store == nullptr) return access;
  Statement rows = store->database().prepare(
      "SELECT c.body FROM document d JOIN content c ON c.hash = d.content_hash WHERE d.kind = "
      "'Access' ORDER BY d.id");
  while (rows.step())
    read_document(parse_json_or_throw(rows.text(0), "the Access document in the state"), access);
  return access;
}

Access access_from(const std::vector<policy::Document>& documents) {
  Access access;
  for (const policy::Document& document : documents) {
    if (document.kind == "Access") read_document(document.content, access);
  }
  return access;
}

Who resolve(const Access& access, Environment& environment, std::string_view as) {
  Who self = self_of(access, environment);
  if (as.empty() || as == self.actor) return self;
  if (!may_impersonate(access, self)) {
    throw Error(ErrorKind::denied,
                fmt::format("{} may not act as {}: the Access document does not list {} under "
                            "impersonate",
                            self.actor, as, self.actor),
                "leave out --as to act in your own name");
  }
  self.actor = as;
  return self;
}

std::string actor_of_key(const Access& access, std::string_view fingerprint) {
  const auto at = access.keys.find(fingerprint);
  return at == access.keys.end() ? std::string() : at->second;
}

std::vector<std::string> actors_with(const Access& access, Role least) {
  std::vector<std::pair<Role, std::string>> found;
  for (const auto& [actor, role] : access.roles) {
    if (role >= least) found.emplace_back(role, actor);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> names;
  for (auto& [role, actor] : found) names.push_back(std::move(actor));
  return names;
}

std::string who_may(const Access& access, Role least) {
  std::vector<std::string> names = actors_with(access, least);
  if (names.empty()) return fmt::format("nobody has the role {} or a higher one", to_string(least));
  const std::size_t more = names.size() - std::min(names.size(), kNamed);
  names.resize(names.size() - more);
  for (std::string& name : names)
    name += fmt::format(" ({})", to_string(access.roles.find(name)->second));
  const std::string text = join(names, ", ");
  return more == 0 ? text + " may" : fmt::format("{} and {} more may", text, more);
}

}  // namespace autopilot::state
