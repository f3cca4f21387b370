#pragma once
// Well mixed bits from counted ones: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). No hash against
// adversaries, and the same on all machines.

#include <cstdint>

namespace autopilot {

inline constexpr std::uint64_t kMixStep = 0x9E3779B97F4A7C15;  // from one state to the next

constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace autopilot
