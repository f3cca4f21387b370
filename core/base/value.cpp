#include "core/base/value.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace autopilot {

Map::Map(std::initializer_list<Entry> entries) : entries_(entries) {}

const Value* Map::find(std::string_view key) const {
  for (const Entry& e : entries_) {
    if (e.first == key) return &e.second;
  }
  return nullptr;
}

Value* Map::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Map*>(this)->find(key));
}

Value& Map::operator[](std::string_view key) {
  if (Value* found = find(key)) return *found;
  entries_.emplace_back(std::string(key), Value());
  return entries_.back().second;
}

void Map::append(std::string key, Value value) {
  entries_.emplace_back(std::move(key), std::move(value));
}

bool Map::erase(std::string_view key) {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.first == key; });
  if (at == entries_.end()) return false;
  entries_.erase(at);
  return true;
}

void Map::sort() {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.first < b.first; });
}

Value::Value(unsigned long i) : Value(static_cast<unsigned long long>(i)) {}

Value::Value(unsigned long long i) {
  if (i <= static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max())) {
    data_ = static_cast<std::int64_t>(i);
  } else {
    data_ = static_cast<std::uint64_t>(i);
  }
}

double Value::as_double() const {
  if (kind() == Kind::integer) return static_cast<double>(as_int());
  if (kind() == Kind::unsigned_integer) return static_cast<double>(as_uint());
  return as_real().value;
}

const Value* Value::get(std::string_view key) const {
  return is_map() ? as_map().find(key) : nullptr;
}

namespace {
bool same_map(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const Map::Entry& e) {
    const Value* other = b.find(e.first);
    return other != nullptr && *other == e.second;
  });
}
}  // namespace

namespace {

// Integers are compared with reals exactly: 2^53 + 1 is not the double 2^53.
bool integer_equals(const Value& integer, double real) {
  if (std::trunc(real) != real) return false;
  if (integer.kind() == Value::Kind::integer) {
    return real >= -0x1p63 && real < 0x1p63 && static_cast<std::int64_t>(real) == integer.as_int();
  }
  return real >= 0 && real < 0x1p64 && static_cast<std::uint64_t>(real) == integer.as_uint();
}

bool same_number(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) {
    // An unsigned one is always beyond the signed ones.
    if (a.kind() != b.kind()) return false;
    return a.kind() == Value::Kind::integer ? a.as_int() == b.as_int() : a.as_uint() == b.as_uint();
  }
  if (a.is_integer()) return integer_equals(a, b.as_double());
  if (b.is_integer()) return integer_equals(b, a.as_double());
  return a.as_double() == b.as_double();
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Value::Kind::string:
      return a.as_string() == b.as_string();
    case Value::Kind::list:
      return a.as_list() == b.as_list();
    case Value::Kind::map:
      return same_map(a.as_map(), b.as_map());
    default:
      return true;
  }
}

std::string_view to_string(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
    case Value::Kind::unsigned_integer:
      return "an integer";
    case Value::Kind::real:
      return "a number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
      return "a map";
  }
  return "a value";
}

}  // namespace autopilot
