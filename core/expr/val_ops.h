#pragma once
// What values have in common: names of their types, equality, order, hash, text, zero-ness.
// Heterogeneous as the language asks: 1 == 1u == 1.0.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/expr/val.h"

namespace autopilot::expr {

// An IP address, or a range when `is_range`. IPv4 addresses use the first four bytes.
struct AddressRep {
  std::uint8_t bytes[16] = {};
  std::uint8_t family = 4;  // 4 or 6
  std::uint8_t prefix = 0;  // bits, of a range
  bool is_range = false;
};

std::string_view type_name(const Val& value);  // "int", "google.protobuf.Timestamp", …

// Values of different types are unequal, but for numbers. NaN equals nothing.
bool equal(const Val& a, const Val& b);
bool equal_slowly(const Val& a, const Val& b);

enum class Order { less, equal, greater, unordered, incomparable };

// `unordered`: a NaN is there, every comparison is false. `incomparable`: no overload.
Order compare(const Val& a, const Val& b);

// The one place that decides how integers meet doubles: the integer is converted, so 2^53 + 1
// equals 2^53.0.
Order compare_int_double(std::int64_t a, double b);
Order compare_uint_double(std::uint64_t a, double b);
Order compare_int_uint(std::int64_t a, std::uint64_t b);

// Equal values have equal hashes, numbers of different types included. REQUIRES a scalar.
std::uint64_t hash_of(const Val& value);
bool is_scalar(const Val& value);  // what hash_of accepts

// What going through all of a value costs: its elements, those of its elements, and their text.
// Numbers and short strings cost nothing.
std::uint64_t weight(const Val& value);

// Nearest thing to a default value of its type: optional.ofNonZeroValue() is none for it.
bool is_zero(const Val& value);

// As string() and messages show a value; strings inside lists and maps are quoted.
void append_text(std::string& out, const Val& value);
void append_quoted(std::string& out, std::string_view text);
std::string real_text(double value);            // "1", "0.1", "NaN", "+Inf"
std::string duration_text(std::int64_t nanos);  // "5400s", "1.5s"
std::string address_text(const AddressRep& address);

}  // namespace autopilot::expr
