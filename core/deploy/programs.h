#pragma once
// Running the programs that providers are made of: what they refuse is an Error(outside) with their
// own words.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "core/base/world.h"

namespace autopilot::deploy {

// What it writes to standard output. Throws when it cannot be run, fails or takes too long.
std::string output_of(World& world, const std::vector<std::string>& words,
                      const CaptureLimits& limits = {}, std::string_view input = {});

// The same, read as one JSON value.
Value json_of(World& world, const std::vector<std::string>& words,
              const CaptureLimits& limits = {});

// What a program complained with: it says first what it does, last why it stops. Cut where it is
// long.
std::string last_line(std::string_view text);

// "kubectl patch httproute": the first words, for messages.
std::string spoken(const std::vector<std::string>& words);

}  // namespace autopilot::deploy
