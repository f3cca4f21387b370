#pragma once
// What became of the copies of probes: nginx writes a line for each when it is over.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {

struct CopiesSeen {
  std::int64_t arrived = 0;   // at the slot
  std::int64_t answered = 0;  // by it, and with no failure of the server
};

// Waits until all of these are over, or must be.
CopiesSeen await_copies(World& world, const NginxSpec& spec, std::size_t slot,
                        const std::vector<std::string>& ids);

// Whether the address is that of the slot on one of its hosts.
bool is_at(const std::string& address, const Slot& slot);

}  // namespace autopilot::deploy
