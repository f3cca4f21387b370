#include "core/state/ssh_signature.h"

#include <cstdint>

#include "core/base/base64.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace autopilot::state {
namespace {

constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----";
constexpr std::string_view kEnd = "-----END SSH SIGNATURE-----";
constexpr std::string_view kMagic = "SSHSIG";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMostBytes = 64 << 10;

// Numbers and strings as RFC 4251 writes them.
class Wire {
 public:
  explicit Wire(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::uint32_t> number() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t n = 0;
    for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(4);
    return n;
  }

  std::optional<std::string_view> string() {
    const auto size = number();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }

  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

 private:
  std::string_view rest_;
};

std::optional<std::string> unarmored(std::string_view armored) {
  std::string_view text = trim(armored);
  if (text.size() > kMostBytes || !text.starts_with(kBegin) || !text.ends_with(kEnd))
    return std::nullopt;
  text.remove_prefix(kBegin.size());
  text.remove_suffix(text.size() < kEnd.size() ? text.size() : kEnd.size());
  std::string digits;
  for (const char c : text) {
    if (c != '\n' && c != '\r') digits += c;
  }
  return from_base64(digits);
}

std::string fingerprint_of(std::string_view key) {
  const Digest digest = sha256(key);
  std::string text = to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

}  // namespace

std::optional<SshSignature> read_ssh_signature(std::string_view armored) {
  const std::optional<std::string> bytes = unarmored(armored);
  if (!bytes) return std::nullopt;
  Wire wire(*bytes);
  if (!wire.skip(kMagic) || wire.number() != kVersion) return std::nullopt;
  const auto key = wire.string();
  const auto name_space = wire.string();
  if (!key || !name_space) return std::nullopt;
  return SshSignature{fingerprint_of(*key), std::string(*name_space)};
}

}  // namespace autopilot::state
