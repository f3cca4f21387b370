#include <bit>
#include <cstring>

#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

template <class T>
Order order_of(const T& a, const T& b) {
  return a < b ? Order::less : b < a ? Order::greater : Order::equal;
}

Order order_doubles(double a, double b) {
  if (a < b) return Order::less;
  if (a > b) return Order::greater;
  return a == b ? Order::equal : Order::unordered;
}

Order reverse(Order order) {
  if (order == Order::less) return Order::greater;
  return order == Order::greater ? Order::less : order;
}

Order compare_numbers(const Val& a, const Val& b) {
  if (a.tag == Tag::real) {
    if (b.tag == Tag::real) return order_doubles(a.real, b.real);
    return reverse(compare_numbers(b, a));
  }
  if (a.tag == Tag::integer) {
    if (b.tag == Tag::integer) return order_of(a.integer, b.integer);
    return b.tag == Tag::real ? compare_int_double(a.integer, b.real)
                              : compare_int_uint(a.integer, b.uinteger);
  }
  if (b.tag == Tag::uinteger) return order_of(a.uinteger, b.uinteger);
  return b.tag == Tag::real ? compare_uint_double(a.uinteger, b.real)
                            : reverse(compare_int_uint(b.integer, a.uinteger));
}

Order compare_text(const Val& a, const Val& b) {
  const int sign = a.text().compare(b.text());
  return sign < 0 ? Order::less : sign > 0 ? Order::greater : Order::equal;
}

bool equal_lists(const ListRep& a, const ListRep& b) {
  if (a.size != b.size) return false;
  for (std::uint32_t i = 0; i < a.size; ++i) {
    if (!equal(a.items[i], b.items[i])) return false;
  }
  return true;
}

bool equal_maps(const MapRep& a, const MapRep& b) {
  if (a.size != b.size) return false;
  for (std::uint32_t i = 0; i < a.size; ++i) {
    const Val* other = find(b, a.entries[i].key);
    if (other == nullptr || !equal(a.entries[i].value, *other)) return false;
  }
  return true;
}

bool equal_optionals(const OptionalRep& a, const OptionalRep& b) {
  return a.present == b.present && (!a.present || equal(a.value, b.value));
}

bool equal_addresses(const AddressRep& a, const AddressRep& b) {
  return a.family == b.family && a.is_range == b.is_range && a.prefix == b.prefix &&
         std::memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

std::uint64_t mix(std::uint64_t h) {
  h ^= h >> 32;
  h *= 0x9e3779b97f4a7c15;
  return h ^ h >> 29;
}

std::uint64_t load(const char* data, std::size_t bytes) {
  std::uint64_t word = 0;
  if (bytes > 0) std::memcpy(&word, data, bytes);  // an empty string may be a null pointer
  return word;
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = text.size() * 0xff51afd7ed558ccd;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) h = mix(h ^ load(at, 8));
  return mix(h ^ load(at, left));
}

}  // namespace

Order compare_int_double(std::int64_t a, double b) {
  return order_doubles(static_cast<double>(a), b);
}
Order compare_uint_double(std::uint64_t a, double b) {
  return order_doubles(static_cast<double>(a), b);
}
Order compare_int_uint(std::int64_t a, std::uint64_t b) {
  return a < 0 ? Order::less : order_of(static_cast<std::uint64_t>(a), b);
}

Order compare(const Val& a, const Val& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b);
  if (a.tag != b.tag) return Order::incomparable;
  switch (a.tag) {
    case Tag::boolean:
      return order_of(a.boolean, b.boolean);
    case Tag::string:
    case Tag::bytes:
      return compare_text(a, b);
    case Tag::duration:
      return order_of(a.integer, b.integer);
    case Tag::timestamp:
      return a.integer != b.integer ? order_of(a.integer, b.integer) : order_of(a.size, b.size);
    default:
      return Order::incomparable;
  }
}

bool equal_slowly(const Val& a, const Val& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == Order::equal;
  if (a.tag != b.tag) return false;
  switch (a.tag) {
    case Tag::null:
      return true;
    case Tag::boolean:
      return a.boolean == b.boolean;
    case Tag::string:
    case Tag::bytes:
    case Tag::type:
      return same_text(a.text(), b.text());
    case Tag::list:
      return equal_lists(*a.list, *b.list);
    case Tag::map:
      return equal_maps(*a.map, *b.map);
    case Tag::timestamp:
      return a.integer == b.integer && a.size == b.size;
    case Tag::duration:
      return a.integer == b.integer;
    case Tag::optional:
      return equal_optionals(*a.optional, *b.optional);
    case Tag::abstract:
      return equal_addresses(*a.address, *b.address);
    default:
      return false;
  }
}

bool equal(const Val& a, const Val& b) {
  if (a.tag == Tag::string && b.tag == Tag::string) return same_text(a.text(), b.text());
  return equal_slowly(a, b);
}

bool is_scalar(const Val& value) {
  switch (value.tag) {
    case Tag::list:
    case Tag::map:
    case Tag::optional:
    case Tag::abstract:
    case Tag::absent:
    case Tag::error:
      return false;
    default:
      return true;
  }
}

std::uint64_t hash_of(const Val& value) {
  switch (value.tag) {
    case Tag::string:
      return hash_text(value.text());
    case Tag::bytes:
    case Tag::type:
      return hash_text(value.text()) + static_cast<std::uint64_t>(value.tag);
    // Numbers of all types hash as doubles; + 0.0 makes -0.0 and 0.0 alike.
    case Tag::integer:
      return mix(std::bit_cast<std::uint64_t>(static_cast<double>(value.integer) + 0.0));
    case Tag::uinteger:
      return mix(std::bit_cast<std::uint64_t>(static_cast<double>(value.uinteger) + 0.0));
    case Tag::real:
      return mix(std::bit_cast<std::uint64_t>(value.real + 0.0));
    case Tag::boolean:
      return mix(value.boolean ? 3 : 2);
    default:
      return mix(static_cast<std::uint64_t>(value.integer) * 31 + value.size);
  }
}

std::uint64_t weight(const Val& value) {
  switch (value.tag) {
    case Tag::string:
    case Tag::bytes:
      return value.size / 64;
    case Tag::list: {
      std::uint64_t total = value.list->size / 4;
      for (std::uint32_t i = 0; i < value.list->size; ++i) total += weight(value.list->items[i]);
      return total;
    }
    case Tag::map: {
      std::uint64_t total = value.map->size / 2;
      for (std::uint32_t i = 0; i < value.map->size; ++i) {
        total += weight(value.map->entries[i].key) + weight(value.map->entries[i].value);
      }
      return total;
    }
    case Tag::optional:
      return value.optional->present ? weight(value.optional->value) : 0;
    default:
      return 0;
  }
}

bool is_zero(const Val& value) {
  switch (value.tag) {
    case Tag::null:
      return true;
    case Tag::boolean:
      return !value.boolean;
    case Tag::integer:
    case Tag::uinteger:
    case Tag::duration:
      return value.integer == 0;
    case Tag::real:
      return value.real == 0;
    case Tag::string:
    case Tag::bytes:
      return value.size == 0;
    case Tag::list:
      return value.list->size == 0;
    case Tag::map:
      return value.map->size == 0;
    case Tag::optional:
      return !value.optional->present || is_zero(value.optional->value);
    default:
      return false;
  }
}

}  // namespace autopilot::expr
