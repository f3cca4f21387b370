// The network extension: IP addresses and CIDR ranges. Zones and IPv4-mapped IPv6 addresses are
// refused; text is canonical (RFC 5952).

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

// --- reading

// A decimal number without leading zeros in [0, limit], taken off the front.
bool take_decimal(std::string_view& text, int limit, int& out) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (fault != std::errc() || out < 0 || out > limit || text[0] == '-' ||
      (digits > 1 && text[0] == '0'))
    return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool parse_ipv4(std::string_view text, std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    int part = 0;
    if ((i > 0 && !take(text, '.')) || !take_decimal(text, 255, part)) return false;
    bytes[i] = static_cast<std::uint8_t>(part);
  }
  return text.empty();
}

// Up to four hexadecimal digits, taken off the front.
bool take_group(std::string_view& text, std::uint8_t* bytes) {
  unsigned group = 0;
  const char* limit = text.data() + std::min<std::size_t>(text.size(), 4);
  const auto [end, fault] = std::from_chars(text.data(), limit, group, 16);
  if (fault != std::errc()) return false;
  bytes[0] = static_cast<std::uint8_t>(group >> 8);
  bytes[1] = static_cast<std::uint8_t>(group & 0xff);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// RFC 4291 §2.2: groups, "::" once for one or more groups of zeros, an IPv4 address as the last two
// groups.
bool parse_ipv6(std::string_view text, std::uint8_t* bytes) {
  int at = 0, gap = -1;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty() && at < 16) {
    const std::string_view group = text;
    if (!take_group(text, bytes + at)) return false;
    if (text.starts_with('.')) {
      if (at > 12 || !parse_ipv4(group, bytes + at)) return false;
      text = {};
      at += 4;
      break;
    }
    at += 2;
    if (text.empty()) break;
    if (!take(text, ':') || text.empty()) return false;
    if (!text.starts_with(':')) continue;
    if (gap >= 0) return false;
    gap = at;
    text.remove_prefix(1);
  }
  if (!text.empty() || (at < 16) != (gap >= 0)) return false;
  if (gap < 0) return true;
  std::copy_backward(bytes + gap, bytes + at, bytes + 16);
  std::fill(bytes + gap, bytes + gap + (16 - at), std::uint8_t{0});
  return true;
}

bool is_mapped(const AddressRep& address) {
  constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return address.family == 6 && std::memcmp(address.bytes, kMapped, 12) == 0;
}

std::optional<AddressRep> parse_address(std::string_view text) {
  AddressRep address;
  address.family = text.find(':') == std::string_view::npos ? 4 : 6;
  const bool good =
      address.family == 4 ? parse_ipv4(text, address.bytes) : parse_ipv6(text, address.bytes);
  if (!good || is_mapped(address)) return std::nullopt;
  return address;
}

std::optional<AddressRep> parse_range(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto range = parse_address(text.substr(0, slash));
  if (!range) return std::nullopt;
  std::string_view bits = text.substr(slash + 1);
  int prefix = 0;
  if (bits.empty() || !take_decimal(bits, range->family == 4 ? 32 : 128, prefix) || !bits.empty())
    return std::nullopt;
  range->prefix = static_cast<std::uint8_t>(prefix);
  range->is_range = true;
  return range;
}

// --- bits

AddressRep masked_range(AddressRep range) {
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(range.prefix - 8 * i, 0, 8);
    range.bytes[i] = static_cast<std::uint8_t>(range.bytes[i] & (0xff00 >> kept));
  }
  return range;
}

bool holds_address(const AddressRep& range, AddressRep address) {
  address.prefix = range.prefix;
  return range.family == address.family &&
         std::memcmp(masked_range(range).bytes, masked_range(address).bytes, sizeof range.bytes) ==
             0;
}

bool is_all_zero(const AddressRep& a) {
  return std::all_of(std::begin(a.bytes), std::end(a.bytes), [](std::uint8_t b) { return b == 0; });
}

bool is_loopback_address(const AddressRep& a) {
  if (a.family == 4) return a.bytes[0] == 127;
  AddressRep rest = a;
  rest.bytes[15] = 0;
  return a.bytes[15] == 1 && is_all_zero(rest);
}

bool is_multicast(const AddressRep& a) {
  return a.family == 4 ? (a.bytes[0] & 0xf0) == 0xe0 : a.bytes[0] == 0xff;
}

bool is_link_local_unicast_address(const AddressRep& a) {
  if (a.family == 4) return a.bytes[0] == 169 && a.bytes[1] == 254;
  return a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
}

bool is_link_local_multicast_address(const AddressRep& a) {
  if (a.family == 4) return a.bytes[0] == 224 && a.bytes[1] == 0 && a.bytes[2] == 0;
  return a.bytes[0] == 0xff && (a.bytes[1] & 0x0f) == 0x02;
}

bool is_global_unicast_address(const AddressRep& a) {
  const bool broadcast =
      a.family == 4 && std::all_of(a.bytes, a.bytes + 4, [](std::uint8_t b) { return b == 255; });
  return !broadcast && !is_all_zero(a) && !is_loopback_address(a) && !is_multicast(a) &&
         !is_link_local_unicast_address(a);
}

// --- functions

Val make_address(Scratch& scratch, const AddressRep& address) {
  return Val::of_address(new (scratch.allocate(sizeof(AddressRep))) AddressRep(address));
}

Val address_fault(Scratch& scratch, const Val& text) {
  return fail(scratch, "'", text, "' is no IP address");
}
Val range_text_fault(Scratch& scratch, const Val& text) {
  return fail(scratch, "'", text, "' is no CIDR range");
}

Val ip(Scratch& scratch, Arguments a) {
  const auto address = parse_address(a[0].text());
  return address ? make_address(scratch, *address) : address_fault(scratch, a[0]);
}

Val cidr(Scratch& scratch, Arguments a) {
  const auto range = parse_range(a[0].text());
  return range ? make_address(scratch, *range) : range_text_fault(scratch, a[0]);
}

Val is_ip(Scratch&, Arguments a) { return Val::of_bool(parse_address(a[0].text()).has_value()); }
Val is_cidr(Scratch&, Arguments a) { return Val::of_bool(parse_range(a[0].text()).has_value()); }

Val is_canonical(Scratch& scratch, Arguments a) {
  const auto address = parse_address(a[0].text());
  return address ? Val::of_bool(address_text(*address) == a[0].text())
                 : address_fault(scratch, a[0]);
}

template <bool (*holds)(const AddressRep&)>
Val of_address(Scratch&, Arguments a) {
  return a[0].address->is_range ? Val() : Val::of_bool(holds(*a[0].address));
}

Val family(Scratch&, Arguments a) {
  return a[0].address->is_range ? Val() : Val::of_int(a[0].address->family);
}

Val contains_ip(Scratch& scratch, Arguments a) {
  if (!a[0].address->is_range) return Val();
  if (a[1].tag == Tag::abstract) {
    return a[1].address->is_range ? Val()
                                  : Val::of_bool(holds_address(*a[0].address, *a[1].address));
  }
  if (a[1].tag != Tag::string) return Val();
  const auto address = parse_address(a[1].text());
  return address ? Val::of_bool(holds_address(*a[0].address, *address))
                 : address_fault(scratch, a[1]);
}

Val contains_cidr(Scratch& scratch, Arguments a) {
  if (!a[0].address->is_range) return Val();
  const AddressRep& outer = *a[0].address;
  const auto holds = [&](const AddressRep& inner) {
    return Val::of_bool(outer.prefix <= inner.prefix && holds_address(outer, inner));
  };
  if (a[1].tag == Tag::abstract) return a[1].address->is_range ? holds(*a[1].address) : Val();
  if (a[1].tag != Tag::string) return Val();
  const auto range = parse_range(a[1].text());
  return range ? holds(*range) : range_text_fault(scratch, a[1]);
}

Val ip_of_range(Scratch& scratch, Arguments a) {
  if (!a[0].address->is_range) return Val();
  AddressRep address = *a[0].address;
  address.is_range = false;
  address.prefix = 0;
  return make_address(scratch, address);
}

Val prefix_length(Scratch&, Arguments a) {
  return a[0].address->is_range ? Val::of_int(a[0].address->prefix) : Val();
}

Val masked(Scratch& scratch, Arguments a) {
  return a[0].address->is_range ? make_address(scratch, masked_range(*a[0].address)) : Val();
}

Val is_mask(Scratch&, Arguments a) {
  const AddressRep& range = *a[0].address;
  if (!range.is_range) return Val();
  return Val::of_bool(std::memcmp(masked_range(range).bytes, range.bytes, sizeof range.bytes) == 0);
}

constexpr Tag S = Tag::string, A = Tag::abstract;
constexpr Style G = Style::global, M = Style::member;

constexpr Builtin kNetwork[] = {
    {"ip", G, 1, {S}, ip},
    {"ip", M, 1, {A}, ip_of_range},
    {"cidr", G, 1, {S}, cidr},
    {"isIP", G, 1, {S}, is_ip},
    {"isCIDR", G, 1, {S}, is_cidr},
    {"ip.isCanonical", G, 1, {S}, is_canonical},
    {"family", M, 1, {A}, family},
    {"isLoopback", M, 1, {A}, of_address<is_loopback_address>},
    {"isGlobalUnicast", M, 1, {A}, of_address<is_global_unicast_address>},
    {"isLinkLocalMulticast", M, 1, {A}, of_address<is_link_local_multicast_address>},
    {"isLinkLocalUnicast", M, 1, {A}, of_address<is_link_local_unicast_address>},
    {"isUnspecified", M, 1, {A}, of_address<is_all_zero>},
    {"containsIP", M, 2, {A, kAny}, contains_ip},
    {"containsCIDR", M, 2, {A, kAny}, contains_cidr},
    {"prefixLength", M, 1, {A}, prefix_length},
    {"masked", M, 1, {A}, masked},
    {"isMask", M, 1, {A}, is_mask},
};

// The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2).
std::pair<int, int> longest_zeros(const std::uint8_t* bytes) {
  int best = 0, best_size = 1;
  for (int i = 0; i < 8; ++i) {
    int size = 0;
    while (i + size < 8 && bytes[2 * (i + size)] == 0 && bytes[2 * (i + size) + 1] == 0) ++size;
    if (size > best_size) {
      best = i;
      best_size = size;
    }
  }
  return {best, best_size > 1 ? best_size : 0};
}

std::string ipv6_text(const std::uint8_t* bytes) {
  const auto [gap, gap_size] = longest_zeros(bytes);
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (gap_size > 0 && i == gap) {
      out += "::";
      i += gap_size - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    out += fmt::format("{:x}", bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  return out;
}

}  // namespace

std::string address_text(const AddressRep& a) {
  std::string out = a.family == 4
                        ? fmt::format("{}.{}.{}.{}", a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3])
                        : ipv6_text(a.bytes);
  if (a.is_range) out += fmt::format("/{}", a.prefix);
  return out;
}

std::span<const Builtin> network_functions() { return kNetwork; }

}  // namespace autopilot::expr
