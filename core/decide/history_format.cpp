#include "core/decide/history_format.h"

#include <array>
#include <bit>

namespace autopilot::decide {
namespace {

constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15u, kSecond = 0xBF58476D1CE4E5B9u;
constexpr std::size_t kLanes = 4;  // so that a multiplication need not wait for the one before

std::uint64_t mix(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane ^ word * kFirst, 29) * kSecond;
}

}  // namespace

std::uint64_t build_mark() { return checksum(AUTOPILOT_VERSION, kBlockMagic); }

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
  std::array<std::uint64_t, kLanes> lanes = {seed, ~seed, seed ^ kFirst, seed ^ kSecond};
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; at + 8 * kLanes <= bytes.size(); at += 8 * kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      std::memcpy(&word, bytes.data() + at + 8 * i, 8);
      lanes[i] = mix(lanes[i], word);
    }
  }
  for (; at < bytes.size(); at += 8) {
    word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    lanes[0] = mix(lanes[0], word);
  }
  std::uint64_t sum = bytes.size();
  for (const std::uint64_t lane : lanes) sum = mix(sum, lane ^ lane >> 32);
  return sum ^ sum >> 29;
}

}  // namespace autopilot::decide
