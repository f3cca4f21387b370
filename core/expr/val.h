#pragma once
// The run-time value: 16 bytes, trivially copyable. Strings, lists and maps are views of memory
// that somebody else owns: the program (constants), the record (inputs) or the arena (results);
// they are valid until the arena is reset.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace autopilot::expr {

enum class Tag : std::uint8_t {
  absent,  // an input that the record lacks; reading it is an error, has() is false
  error,   // payload: see fault.h
  null,
  boolean,
  integer,
  uinteger,
  real,
  string,
  bytes,
  list,
  map,
  timestamp,
  duration,
  type,
  optional,
  abstract,
};

struct ListRep;
struct MapRep;
struct OptionalRep;
struct AddressRep;
struct FaultRep;
class ConstantSet;

struct Val {
  Tag tag = Tag::absent;
  std::uint32_t size =
      0;  // string, bytes, type: length; timestamp: nanos; error: place in the program + 1, or 0
  union {
    bool boolean;
    std::int64_t integer;  // also timestamp: seconds; duration: nanos
    std::uint64_t uinteger;
    double real;
    const char* data;  // string, bytes, name of a type
    const ListRep* list;
    const MapRep* map;
    const OptionalRep* optional;
    const AddressRep* address;  // abstract: the only such values are IP addresses and ranges
    const FaultRep* fault;
    const ConstantSet* set;  // in steps of a machine only
  };

  constexpr Val() : integer(0) {}
  static Val of_null() {
    Val v;
    v.tag = Tag::null;
    return v;
  }
  static Val of_bool(bool b) {
    Val v;
    v.tag = Tag::boolean;
    v.integer = 0;
    v.boolean = b;
    return v;
  }
  static Val of_int(std::int64_t i) {
    Val v;
    v.tag = Tag::integer;
    v.integer = i;
    return v;
  }
  static Val of_uint(std::uint64_t u) {
    Val v;
    v.tag = Tag::uinteger;
    v.uinteger = u;
    return v;
  }
  static Val of_double(double d) {
    Val v;
    v.tag = Tag::real;
    v.real = d;
    return v;
  }
  static Val of_string(std::string_view s) {  // a view: the bytes must outlive the value
    Val v;
    v.tag = Tag::string;
    v.size = static_cast<std::uint32_t>(s.size());
    v.data = s.data();
    return v;
  }
  static Val of_timestamp(std::int64_t seconds, std::uint32_t nanos) {
    Val v;
    v.tag = Tag::timestamp;
    v.size = nanos;
    v.integer = seconds;
    return v;
  }
  static Val of_duration(std::int64_t nanos) {
    Val v;
    v.tag = Tag::duration;
    v.integer = nanos;
    return v;
  }

  static Val of_bytes(std::string_view s) {  // likewise a view
    Val v = of_string(s);
    v.tag = Tag::bytes;
    return v;
  }
  static Val of_type(std::string_view name) {  // likewise
    Val v = of_string(name);
    v.tag = Tag::type;
    return v;
  }
  static Val of_list(const ListRep* rep) {
    Val v;
    v.tag = Tag::list;
    v.list = rep;
    return v;
  }
  static Val of_map(const MapRep* rep) {
    Val v;
    v.tag = Tag::map;
    v.map = rep;
    return v;
  }
  static Val of_optional(const OptionalRep* rep) {
    Val v;
    v.tag = Tag::optional;
    v.optional = rep;
    return v;
  }
  static Val of_address(const AddressRep* rep) {
    Val v;
    v.tag = Tag::abstract;
    v.address = rep;
    return v;
  }
  static Val of_fault(const FaultRep* rep) {
    Val v;
    v.tag = Tag::error;
    v.fault = rep;
    return v;
  }

  bool is_error() const { return tag == Tag::error; }
  bool is_number() const { return tag == Tag::integer || tag == Tag::uinteger || tag == Tag::real; }
  std::string_view text() const { return {data, size}; }  // string, bytes
  bool is_true() const { return tag == Tag::boolean && boolean; }
};
static_assert(sizeof(Val) == 16);

// Whether two strings of `size` bytes are the same. Most strings here are short: no call is worth
// its price.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  const auto load8 = [](const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    return word;
  };
  const auto load4 = [](const char* at) {
    std::uint32_t word;
    std::memcpy(&word, at, 4);
    return word;
  };
  if (size >= 8) {
    if (size > 64) return std::memcmp(a, b, size) == 0;
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (load8(a + at) != load8(b + at)) return false;
    }
    return load8(a + size - 8) == load8(b + size - 8);
  }
  if (size >= 4) return load4(a) == load4(b) && load4(a + size - 4) == load4(b + size - 4);
  for (std::size_t at = 0; at < size; ++at) {
    if (a[at] != b[at]) return false;
  }
  return true;
}

inline bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
}

struct ListRep {
  std::uint32_t size;
  const Val* items;
};

struct MapEntry {
  Val key;  // boolean, integer, uinteger, string
  Val value;
};

// In insertion order. Larger maps carry an index (see map.cpp); small ones are scanned.
struct MapRep {
  std::uint32_t size;
  const MapEntry* entries;
  const std::uint32_t* index;  // open-addressing table of entry numbers, or null
  std::uint32_t index_mask;
};

struct OptionalRep {
  bool present;
  Val value;
};

}  // namespace autopilot::expr
