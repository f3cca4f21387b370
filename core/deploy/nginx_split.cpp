#include "core/deploy/nginx_split.h"

namespace autopilot::deploy {

std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t kMix = 0x5bd1e995;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i]));
  };
  std::uint32_t hash = static_cast<std::uint32_t>(key.size());
  for (; key.size() >= 4; key.remove_prefix(4)) {
    std::uint32_t word = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    word *= kMix;
    word ^= word >> 24;
    word *= kMix;
    hash = (hash * kMix) ^ word;
  }
  if (!key.empty()) {
    for (std::size_t i = key.size(); i-- > 0;) hash ^= byte(i) << (8 * i);
    hash *= kMix;
  }
  hash ^= hash >> 13;
  hash *= kMix;
  hash ^= hash >> 15;
  return hash;
}

namespace {
// Where a bucket of this size ends that begins at 0; the ends of several add up.
std::uint64_t edge_of(int share_bp) {
  return static_cast<std::uint64_t>(share_bp) * 0xffffffff / 10000;
}
}  // namespace

bool in_first_bucket(std::string_view key, int share_bp) {
  return murmur2(key) < edge_of(share_bp);
}

bool in_second_bucket(std::string_view key, int before_bp, int share_bp) {
  return !in_first_bucket(key, before_bp) && murmur2(key) < edge_of(before_bp) + edge_of(share_bp);
}

}  // namespace autopilot::deploy
