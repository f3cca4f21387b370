#pragma once
// Who is who: the applied Access documents as data. They give actors roles, say by which identities
// an actor is known, and who may act in another's name. Without any Access document everybody is
// dg_ai and may take any name.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/world.h"
#include "core/policy/model.h"
#include "core/state/identity.h"
#include "core/state/store.h"

namespace autopilot::state {

// One way in which an actor is known to a process. Both conditions must hold where both are given.
struct Known {
  std::string actor;
  std::vector<std::string> users;  // of the operating system, any of them; empty: any user
  std::string variable;            // of the environment; empty: none is asked
  std::string value;
};

struct Access {
  bool applied = false;                                    // there is an Access document
  std::map<std::string, policy::Role, std::less<>> roles;  // of the actors that are named
  std::optional<policy::Role> rest;                        // of everybody else
  std::vector<Known> known;                                // of actors with identities
  std::map<std::string, std::string, std::less<>> keys;    // fingerprint → actor
  std::vector<std::string> impersonators;                  // actors; "*" is everybody

  std::optional<policy::Role> role_of(std::string_view actor) const;
};

// `store` may be null: no state yet.
Access read_access(Store* store);
// Of those among `documents` that are of kind Access.
Access access_from(const std::vector<policy::Document>& documents);

// The actor of this process, and of `as` where it may act in that name. Throws Error(denied) when
// it may not, or when several actors are known by what the environment says.
Who resolve(const Access& access, Environment& environment, std::string_view as);

// The actor that an SSH key belongs to, by its fingerprint ("SHA256:…"); empty: none.
std::string actor_of_key(const Access& access, std::string_view fingerprint);

// The named actors with at least that role, the highest roles first, then by name.
std::vector<std::string> actors_with(const Access& access, policy::Role least);
// "ada (dg_ai), bob (admin) and 3 more may": a handful of them. "nobody has that role".
std::string who_may(const Access& access, policy::Role least);

}  // namespace autopilot::state
