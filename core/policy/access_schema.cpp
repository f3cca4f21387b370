// Access: who has which role, and how actors are known.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

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

constexpr ValueShape kOneOrMore{.kind = ShapeKind::one_or_list, .element = &kActor, .least = 1};
constexpr Field kIdentityFields[] = {
    {"user", kOneOrMore, "users of the operating system; the actor's own name by default"},
    {"env", kActor,
     "an environment variable that says who asks, such as GITHUB_ACTOR: a claim, which anybody who "
     "sets it can make"},
    {"value", kActor, "what the variable must hold"},
    {"key", kOneOrMore, "fingerprints of SSH keys, as ssh-keygen -l prints them: SHA256:…"},
};
constexpr Schema kIdentity{"an identity", kIdentityFields};
constexpr ValueShape kIdentityShape{.kind = ShapeKind::object, .schema = &kIdentity};

constexpr Field kAccessFields[] = {
    {"description", kActor, "what it is for, in words"},
    {"roles", {.kind = ShapeKind::object, .schema = &kRoles}, "the actors of each role", true},
    {"identities",
     {.kind = ShapeKind::map, .element = &kIdentityShape},
     "how actors are known, by actor; others are known by their user name"},
    {"impersonate", kActors,
     "actors who may act in the name of others with --as; \"*\" for everybody"},
    {"default",
     {.kind = ShapeKind::text, .choices = kDefaults},
     "role of everybody else; none lets them do nothing, and is the default"},
};

// The actors that have a role, with the place of the first one.
using Places = std::unordered_map<std::string_view, std::pair<std::string_view, Span>>;

template <class Visit>
void each(const YamlNode* node, Visit visit) {
  if (node == nullptr) return;
  if (node->is_scalar()) return visit(*node);
  for (const YamlNode& item : node->items) {
    if (item.is_scalar()) visit(item);
  }
}

Places check_roles(const YamlNode& roles, Diagnostics& diagnostics) {
  Places seen;
  for (const YamlEntry& role : roles.entries) {
    each(&role.value, [&](const YamlNode& actor) {
      const auto [first, is_new] = seen.try_emplace(actor.text, role.key, actor.span);
      if (is_new) return;
      const auto& [other_role, where] = first->second;
      Diagnostic& d = diagnostics.error(
          "duplicate-actor", actor.span,
          fmt::format("{} is given both {} and {}", actor.text, other_role, role.key));
      d.help = "keep the highest: a role includes the lower ones";
      d.related.push_back({"the other one is here", where});
    });
  }
  if (!seen.empty()) return seen;
  diagnostics
      .error("missing-field", roles.span,
             "no actor has a role, so that nobody could ever change anything")
      .help = "name at least one actor under dg_ai";
  return seen;
}

bool is_variable_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// As OpenSSH prints it: SHA-256 in base64 without padding.
bool is_fingerprint(std::string_view text) {
  constexpr std::string_view kPrefix = "SHA256:";
  constexpr std::size_t kDigits = 43;
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigits) return false;
  text.remove_prefix(kPrefix.size());
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

// Checks how actors are known.
class IdentityChecker {
 public:
  explicit IdentityChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void check(const YamlEntry& entry) {
    const YamlNode& identity = entry.value;
    if (!identity.is_map()) return;
    if (identity.entries.empty()) {
      diagnostics_
          .error("missing-field", identity.span,
                 fmt::format("nothing says how {} is known", entry.key))
          .help = "name a user, an env with its value, or a key; or remove the entry";
      return;
    }
    check_variable(identity);
    claim_process(entry.key, identity);
    each(identity.find("key"), [&](const YamlNode& key) {
      if (check_key(key)) claim(entry.key, "the key " + key.text, key.span);
    });
  }

 private:
  void check_variable(const YamlNode& identity) {
    const YamlNode* variable = identity.find("env");
    const YamlNode* value = identity.find("value");
    if (variable != nullptr && variable->is_scalar() && !is_variable_name(variable->text)) {
      diagnostics_
          .error("wrong-value", variable->span,
                 fmt::format("env: \"{}\" is no name of an environment variable", variable->text))
          .help = "the name alone, such as GITHUB_ACTOR, without $";
    }
    const bool empty = value != nullptr && value->is_scalar() && value->text.empty();
    if (variable != nullptr && (value == nullptr || empty)) {
      diagnostics_
          .error("missing-field", empty ? value->span : variable->span,
                 "env says nothing without the value that the variable must hold")
          .help = fmt::format("add value: what {} is for this actor", variable->text);
    }
    if (variable == nullptr && value != nullptr) {
      diagnostics_.error("missing-field", value->span, "value belongs to an env, and there is none")
          .help = "add env: the name of the environment variable";
    }
  }

  bool check_key(const YamlNode& key) {
    if (is_fingerprint(key.text)) return true;
    diagnostics_
        .error("bad-fingerprint", key.span,
               fmt::format("\"{}\" is no fingerprint of an SSH key", key.text))
        .help = "write what `ssh-keygen -l -f KEY.pub` prints: SHA256: and 43 characters";
    return false;
  }

  // A variable with a user is another claim than the variable alone: the surer one counts.
  void claim_process(std::string_view actor, const YamlNode& identity) {
    const YamlNode* variable = identity.find("env");
    const YamlNode* value = identity.find("value");
    const YamlNode* users = identity.find("user");
    std::string by_variable;
    if (variable != nullptr && variable->is_scalar() && value != nullptr && value->is_scalar())
      by_variable = fmt::format("{}={}", variable->text, value->text);
    if (users == nullptr) {
      if (!by_variable.empty()) claim(actor, by_variable, variable->span);
      return;
    }
    each(users, [&](const YamlNode& user) {
      std::string what = "the user " + user.text;
      if (!by_variable.empty()) what += " with " + by_variable;
      claim(actor, what, user.span);
    });
  }

  void claim(std::string_view actor, const std::string& what, Span span) {
    const auto [first, is_new] = claimed_.try_emplace(what, actor, span);
    if (is_new) return;
    const auto& [other, where] = first->second;
    Diagnostic& d = diagnostics_.error(
        "duplicate-identity", span,
        other == actor ? fmt::format("{} is named twice for {}", what, actor)
                       : fmt::format("{} would be both {} and {}", what, other, actor));
    d.help = "an identity belongs to one actor";
    d.related.push_back({"the other one is here", where});
  }

  Diagnostics& diagnostics_;
  std::map<std::string, std::pair<std::string_view, Span>> claimed_;
};

void check_identities(const YamlNode& spec, const Places& roles, Diagnostics& diagnostics) {
  const YamlNode* identities = spec.find("identities");
  if (identities == nullptr || !identities->is_map()) return;
  const YamlNode* rest = spec.find("default");
  const bool all_have_one = rest != nullptr && rest->text != "none";
  IdentityChecker checker(diagnostics);
  for (const YamlEntry& entry : identities->entries) {
    checker.check(entry);
    if (all_have_one || roles.contains(entry.key)) continue;
    diagnostics
        .warning("actor-without-role", entry.key_span,
                 fmt::format("{} has an identity but no role", entry.key))
        .help = "name the actor under roles, or remove the identity";
  }
}

}  // namespace

constinit const Schema kAccessSpec{"an Access", kAccessFields};

void check_access(const CheckInput& input) {
  const YamlNode* spec = input.root.find("spec");
  const YamlNode* roles = spec == nullptr ? nullptr : spec->find("roles");
  if (roles == nullptr || !roles->is_map()) return;
  check_identities(*spec, check_roles(*roles, input.diagnostics), input.diagnostics);
}

}  // namespace autopilot::policy
