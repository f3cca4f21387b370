#pragma once
// SHA-256 (FIPS 180-4) and the stable buckets made of it. The only place that knows nettle.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace autopilot {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);
// The same piece by piece.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view data);
  Digest finish();  // starts anew

 private:
  alignas(8) std::array<unsigned char, 128> state_;  // nettle's context
};

std::string to_hex(const Digest& digest);  // 64 lower-case digits
std::string to_hex(std::string_view bytes);

// Share in [0, 1): the first 8 bytes, big-endian, of SHA-256(id, NUL, key) / 2^64.
double bucket(std::string_view id, std::string_view key);

}  // namespace autopilot
