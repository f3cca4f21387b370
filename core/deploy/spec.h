#pragma once
// Reading the spec of a provider: what is missing is named, what is absent has a default.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

// Throw Error(invalid) naming `field` when it is missing or of another kind.
std::string text_in(const Value& spec, std::string_view field);
std::string text_in(const Value& spec, std::string_view field, const std::string& otherwise);
Duration duration_in(const Value& spec, std::string_view field, Duration otherwise);
std::int64_t integer_in(const Value& spec, std::string_view field, std::int64_t otherwise);
bool flag_in(const Value& spec, std::string_view field, bool otherwise);
// One text or a list of texts; empty when absent.
std::vector<std::string> texts_in(const Value& spec, std::string_view field);
// A map of texts or numbers by name; empty when absent.
std::vector<std::pair<std::string, std::string>> pairs_in(const Value& spec,
                                                          std::string_view field);
// What `field` gives for each slot by name; `otherwise` for those it lacks.
std::string per_slot(const Value& spec, std::string_view field, const std::string& slot,
                     const std::string& otherwise);

// Throws Error(invalid) when there is none of that name.
const Slot& slot_named(const Site& site, const std::string& name);

// `path` from the root: other programs have other working folders.
std::string absolute_path(World& world, const std::string& path);

// Its first host as it stands in a URL: "127.0.0.1", "[::1]".
std::string host_in_url(const Slot& slot);
// Of its first host: "127.0.0.1:8001", "[::1]:8001".
std::string address_of(const Slot& slot);
// The slot on each host of its site, one after the other: each with one address.
std::vector<Slot> slots_by_host(const Slot& slot);
std::string addresses_of(const Slot& slot);  // of all its hosts, for people

// Lower-case letters, digits and _, at most `most` (>= 8): `name` itself when it is that, else with
// a hash that keeps different names apart.
std::string plain_name(const std::string& name, std::size_t most);

}  // namespace autopilot::deploy
