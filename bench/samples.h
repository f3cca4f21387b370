#pragma once
// Made-up input of realistic shape, the same on every machine: one seed, no clock, no library
// randomness.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/world.h"

namespace autopilot::bench {

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t end) { return next() % end; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

// Lines for `decide`: an action of a bandit, a pacer, a pauser or a budget shifter with its context
// of 8 metrics and 5 segment attributes, about 490 bytes, keys always in one order. Each has an
// idempotency key of its own.
std::string action_line(Rng& rng, std::uint64_t number);
std::vector<std::string> action_lines(std::size_t count, std::uint64_t seed = 1);

// 100 policies: one clamp and one rate limit for everything, the others each for one of 4
// algorithms and one of 4 action types, with a guard of one equality and three comparisons.
std::string policy_document(std::size_t number);
inline constexpr std::size_t kPolicies = 100;

// A small policy of its own, as `validate` and `plan` meet them by the thousand.
std::string small_document(std::size_t number);

// Writes a file without waiting for the disk, as World's files do: inputs of a benchmark need not
// be durable.
void put_file(const std::string& path, std::string_view text);

// Writes a project whose policies/ holds `count` files made by `document`, one policy each.
void write_project(Files& files, const std::string& folder, std::size_t count,
                   std::string (*document)(std::size_t));

}  // namespace autopilot::bench
