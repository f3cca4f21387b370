#pragma once
// Maps and lists at run time: look-up and building. A map keeps insertion order; more than eight
// entries get an open-addressing index of entry numbers (linear probing, at most half full).

#include <cstdint>

#include "core/expr/arena.h"
#include "core/expr/val.h"

namespace autopilot::expr {

inline constexpr std::uint32_t kIndexFrom = 9;  // entries
inline constexpr std::uint32_t kNoEntry = 0xffffffff;

// The value of `key` or null. Keys of different number types meet by value: 1, 1u and 1.0 are one
// key.
const Val* find(const MapRep& map, const Val& key);
const Val* find(const MapRep& map, std::string_view key);

bool is_key(const Val& value);  // a boolean, integer, uinteger or string

// Makes a MapRep of entries that live as long as `arena`; null when a key is there twice.
const MapRep* make_map(Arena& arena, const MapEntry* entries, std::uint32_t size);
const ListRep* make_list(Arena& arena, const Val* items, std::uint32_t size);
Val make_optional(Arena& arena, const Val& value);
Val no_value();  // optional.none()

// Adds entries one by one. Growing copies within the arena.
class MapBuilder {
 public:
  explicit MapBuilder(std::uint32_t expected, Arena& arena);
  bool add(Arena& arena, const Val& key, const Val& value);  // false when the key is there already
  const MapRep* finish(Arena& arena) const;

 private:
  void grow(Arena& arena);
  MapEntry* entries_;
  std::uint32_t* index_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_;
  std::uint32_t mask_ = 0;
};

}  // namespace autopilot::expr
