#include "core/base/http.h"

#include <algorithm>
#include <array>

namespace autopilot {
namespace {

// A block of addresses; IPv4 is held as IPv4-mapped IPv6.
struct Block {
  std::array<unsigned char, 16> prefix;
  int bits;
};

constexpr Block v4(unsigned char a, unsigned char b, unsigned char c, unsigned char d, int bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + bits};
}
constexpr Block v6(unsigned char a, unsigned char b, int bits) { return {{a, b}, bits}; }

constexpr Block kLoopback[] = {v4(127, 0, 0, 0, 8),
                               {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128}};
constexpr Block kLinkLocal[] = {v4(169, 254, 0, 0, 16),
                                v6(0xfe, 0x80, 10),
                                // the metadata address of AWS over IPv6: fd00:ec2::254
                                {{0xfd, 0, 0x0e, 0xc2}, 32}};

// IANA's special-purpose registries: what is not globally reachable.
constexpr Block kNotPublic[] = {v4(0, 0, 0, 0, 8),
                                v4(10, 0, 0, 0, 8),
                                v4(100, 64, 0, 0, 10),
                                v4(172, 16, 0, 0, 12),
                                v4(192, 0, 0, 0, 24),
                                v4(192, 0, 2, 0, 24),
                                v4(192, 88, 99, 0, 24),
                                v4(192, 168, 0, 0, 16),
                                v4(198, 18, 0, 0, 15),
                                v4(198, 51, 100, 0, 24),
                                v4(203, 0, 113, 0, 24),
                                v4(224, 0, 0, 0, 3),
                                v6(0xfc, 0, 7),
                                v6(0xff, 0, 8),
                                v6(0xfe, 0xc0, 10),
                                v6(0, 0, 96),
                                {{0x01, 0}, 64},
                                {{0x20, 0x01, 0, 0}, 23},
                                {{0x20, 0x01, 0x0d, 0xb8}, 32}};

// Addresses that carry an IPv4 one: NAT64 (RFC 6052, and its local block) and 6to4.
constexpr Block kNat64[] = {{{0, 0x64, 0xff, 0x9b}, 96}, {{0, 0x64, 0xff, 0x9b, 0, 1}, 48}};
constexpr Block kSixToFour{{0x20, 0x02}, 16};

using Address = std::array<unsigned char, 16>;

bool is_in(const Address& address, const Block& block) {
  const auto whole = static_cast<std::size_t>(block.bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  block.prefix.begin())) {
    return false;
  }
  const int rest = block.bits % 8;
  return rest == 0 || (address[whole] ^ block.prefix[whole]) >> (8 - rest) == 0;
}

template <std::size_t N>
bool is_in(const Address& address, const Block (&blocks)[N]) {
  return std::any_of(blocks, blocks + N, [&](const Block& b) { return is_in(address, b); });
}

Address mapped(std::string_view four) {
  Address out{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(four.begin(), four.end(), out.begin() + 12);
  return out;
}

std::string_view bytes(const Address& address, std::size_t from) {
  return {reinterpret_cast<const char*>(address.data()) + from, 4};
}

Address address_of(std::string_view text) {
  if (text.size() == 4) return mapped(text);
  Address out{};
  std::copy_n(text.begin(), std::min<std::size_t>(text.size(), 16), out.begin());
  if (is_in(out, kNat64)) return mapped(bytes(out, 12));
  if (is_in(out, kSixToFour)) return mapped(bytes(out, 2));
  return out;
}

}  // namespace

bool within_reach(HttpReach reach, std::string_view address) {
  const Address a = address_of(address);
  switch (reach) {
    case HttpReach::loopback_only:
      return is_in(a, kLoopback);
    case HttpReach::no_metadata:
      return !is_in(a, kLinkLocal);
    case HttpReach::public_only:
      return !is_in(a, kLinkLocal) && !is_in(a, kLoopback) && !is_in(a, kNotPublic);
  }
  return false;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string shown_url(std::string_view url) {
  std::string_view scheme;
  if (const std::size_t at = url.find("://"); at != std::string_view::npos) {
    scheme = url.substr(0, at + 3);
    url.remove_prefix(at + 3);
  }
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  std::string_view rest = url.substr(authority.size());
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t at = authority.rfind('@');
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  std::string out = std::string(scheme) + std::string(host) + std::string(rest);
  // What a stranger wrote into a URL must not move the cursor of who reads the message.
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace autopilot
