#pragma once
// The one dynamic value for the edges: YAML documents, JSON in and out, reports. Hot paths use
// expr::Val. Maps keep insertion order. A real number remembers how it was written, so that it
// prints the same.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace autopilot {

class Value;
using List = std::vector<Value>;

// An insertion-ordered map with string keys. Lookup is linear: maps at the edges are small.
class Map {
 public:
  using Entry = std::pair<std::string, Value>;
  using iterator = std::vector<Entry>::iterator;
  using const_iterator = std::vector<Entry>::const_iterator;

  Map() = default;
  Map(std::initializer_list<Entry> entries);

  const Value* find(std::string_view key) const;  // null when absent; valid until the next change
  Value* find(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  Value& operator[](std::string_view key);    // inserts null when absent
  void append(std::string key, Value value);  // the caller knows that the key is new: O(1)
  void reserve(std::size_t entries);
  bool erase(std::string_view key);
  void sort();  // by key bytes, this level only
  std::size_t size() const;
  bool empty() const;
  const_iterator begin() const;
  const_iterator end() const;
  iterator begin();
  iterator end();

 private:
  std::vector<Entry> entries_;
};

// A number that is not a 64-bit integer. `text` is the JSON number as written, or empty for
// "shortest round trip".
struct Real {
  double value = 0;
  std::string text;
};

class Value {
 public:
  enum class Kind { null, boolean, integer, unsigned_integer, real, string, list, map };

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : data_(b) {}
  Value(int i) : data_(std::int64_t{i}) {}
  Value(long i) : data_(std::int64_t{i}) {}
  Value(long long i) : data_(std::int64_t{i}) {}
  Value(unsigned i) : data_(std::int64_t{i}) {}
  Value(unsigned long i);       // an integer when it fits one
  Value(unsigned long long i);  // likewise
  Value(double d) : data_(Real{d, {}}) {}
  Value(Real r) : data_(std::move(r)) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(List list) : data_(std::move(list)) {}
  Value(Map map) : data_(std::move(map)) {}

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_list() const { return kind() == Kind::list; }
  bool is_map() const { return kind() == Kind::map; }
  bool is_integer() const { return kind() == Kind::integer || kind() == Kind::unsigned_integer; }
  bool is_number() const { return is_integer() || kind() == Kind::real; }

  // Each REQUIRES the matching kind (std::bad_variant_access otherwise: a bug, never input).
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  std::uint64_t as_uint() const { return std::get<std::uint64_t>(data_); }
  const Real& as_real() const { return std::get<Real>(data_); }
  double as_double() const;  // any number
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const List& as_list() const { return std::get<List>(data_); }
  List& as_list() { return std::get<List>(data_); }
  const Map& as_map() const { return std::get<Map>(data_); }
  Map& as_map() { return std::get<Map>(data_); }

  // Null-safe walk: the value at a map key, or null when this is no map or lacks it.
  const Value* get(std::string_view key) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, Real, std::string, List, Map>
      data_;
};

// Here because an Entry is complete only now.
inline void Map::reserve(std::size_t entries) { entries_.reserve(entries); }
inline std::size_t Map::size() const { return entries_.size(); }
inline bool Map::empty() const { return entries_.empty(); }
inline Map::const_iterator Map::begin() const { return entries_.begin(); }
inline Map::const_iterator Map::end() const { return entries_.end(); }
inline Map::iterator Map::begin() { return entries_.begin(); }
inline Map::iterator Map::end() { return entries_.end(); }

// Same kind and content; numbers compare by value whatever their spelling (1 == 1.0); map order is
// ignored.
bool operator==(const Value& a, const Value& b);

std::string_view to_string(Value::Kind kind);  // "a map", "a string", … for messages

}  // namespace autopilot
