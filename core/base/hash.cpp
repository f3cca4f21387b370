#include "core/base/hash.h"

#include <nettle/sha2.h>

#include <algorithm>

namespace autopilot {
namespace {
const std::uint8_t* bytes_of(std::string_view s) {
  return reinterpret_cast<const std::uint8_t*>(s.data());
}
}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(sha256_ctx) <= sizeof state_ && alignof(sha256_ctx) <= 8);
  sha256_init(reinterpret_cast<sha256_ctx*>(state_.data()));
}

void Sha256::update(std::string_view data) {
  sha256_update(reinterpret_cast<sha256_ctx*>(state_.data()), data.size(), bytes_of(data));
}

Digest Sha256::finish() {
  Digest digest;
  sha256_digest(reinterpret_cast<sha256_ctx*>(state_.data()), digest.size(), digest.data());
  return digest;
}

Digest sha256(std::string_view data) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, data.size(), bytes_of(data));
  Digest digest;
  sha256_digest(&context, digest.size(), digest.data());
  return digest;
}

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string to_hex(const Digest& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

double bucket(std::string_view id, std::string_view key) {
  std::string joined(id);
  joined += '\0';
  joined += key;
  const Digest digest = sha256(joined);
  std::uint64_t head = 0;
  for (int i = 0; i < 8; ++i) head = head << 8 | digest[static_cast<std::size_t>(i)];
  // The largest heads would round up to 1, which no share is less than.
  return std::min(static_cast<double>(head) * 0x1p-64, 1 - 0x1p-53);
}

}  // namespace autopilot
