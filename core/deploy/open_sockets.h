#pragma once
// How many connections lead to a slot, from the kernel's table: for proxies that do not count.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/world.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

// Established connections of this host whose far end is the slot; absent when the table cannot be
// read or the slot is not on an address of numbers.
std::optional<std::int64_t> sockets_open_to(Files& files, const Slot& slot);

// The same of the text of /proc/net/tcp or tcp6, for a far end as the kernel writes it
// ("0100007F:1F41").
std::int64_t established_to(std::string_view table, std::string_view far_end);

}  // namespace autopilot::deploy
