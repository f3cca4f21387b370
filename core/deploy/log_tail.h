#pragma once
// The end of what a program wrote to its log: where the reason stands when it has ended by itself.

#include <cstdint>
#include <string>

#include "core/base/world.h"

namespace autopilot::deploy {

// Bytes in it now; 0 when it is not there, or no plain file.
std::uint64_t log_size(World& world, const std::string& log);

// "LOG ends with: out of memory", of what was written behind the byte `from`; "it wrote nothing to
// LOG". Never throws.
std::string last_words(World& world, const std::string& log, std::uint64_t from);

}  // namespace autopilot::deploy
