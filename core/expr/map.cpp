#include "core/expr/map.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

std::uint32_t mask_for(std::uint32_t entries) { return std::bit_ceil(entries * 2) - 1; }

// The place of `key` in the index: its entry number, or kNoEntry at the place where it would go.
std::uint32_t* place_of(std::uint32_t* index, std::uint32_t mask, const MapEntry* entries,
                        const Val& key) {
  std::uint32_t at = static_cast<std::uint32_t>(hash_of(key)) & mask;
  while (index[at] != kNoEntry && !equal(entries[index[at]].key, key)) at = (at + 1) & mask;
  return &index[at];
}

std::uint32_t* empty_index(Arena& arena, std::uint32_t mask) {
  auto* index = arena.array<std::uint32_t>(mask + std::size_t{1});
  std::fill_n(index, mask + std::size_t{1}, kNoEntry);
  return index;
}

bool fill_index(std::uint32_t* index, std::uint32_t mask, const MapEntry* entries,
                std::uint32_t size) {
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t* place = place_of(index, mask, entries, entries[i].key);
    if (*place != kNoEntry) return false;
    *place = i;
  }
  return true;
}

bool has_duplicate(const MapEntry* entries, std::uint32_t size) {
  for (std::uint32_t i = 1; i < size; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      if (equal(entries[i].key, entries[j].key)) return true;
    }
  }
  return false;
}

const OptionalRep kNothing{false, {}};

}  // namespace

bool is_key(const Val& value) {
  return value.tag == Tag::string || value.tag == Tag::integer || value.tag == Tag::uinteger ||
         value.tag == Tag::boolean;
}

const Val* find(const MapRep& map, const Val& key) {
  if (key.tag == Tag::string) return find(map, key.text());
  if (!is_scalar(key)) return nullptr;
  if (map.index != nullptr) {
    // The index is only written while the map is built.
    const std::uint32_t at =
        *place_of(const_cast<std::uint32_t*>(map.index), map.index_mask, map.entries, key);
    return at == kNoEntry ? nullptr : &map.entries[at].value;
  }
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (equal(map.entries[i].key, key)) return &map.entries[i].value;
  }
  return nullptr;
}

const Val* find(const MapRep& map, std::string_view key) {
  if (map.index != nullptr) {
    const std::uint32_t at = *place_of(const_cast<std::uint32_t*>(map.index), map.index_mask,
                                       map.entries, Val::of_string(key));
    return at == kNoEntry ? nullptr : &map.entries[at].value;
  }
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const Val& candidate = map.entries[i].key;
    if (candidate.tag == Tag::string && same_text(candidate.text(), key))
      return &map.entries[i].value;
  }
  return nullptr;
}

const MapRep* make_map(Arena& arena, const MapEntry* entries, std::uint32_t size) {
  auto* map = new (arena.allocate(sizeof(MapRep))) MapRep{size, entries, nullptr, 0};
  if (size < kIndexFrom) return has_duplicate(entries, size) ? nullptr : map;
  map->index_mask = mask_for(size);
  auto* index = empty_index(arena, map->index_mask);
  if (!fill_index(index, map->index_mask, entries, size)) return nullptr;
  map->index = index;
  return map;
}

const ListRep* make_list(Arena& arena, const Val* items, std::uint32_t size) {
  return new (arena.allocate(sizeof(ListRep))) ListRep{size, items};
}

Val make_optional(Arena& arena, const Val& value) {
  return Val::of_optional(new (arena.allocate(sizeof(OptionalRep))) OptionalRep{true, value});
}

Val no_value() { return Val::of_optional(&kNothing); }

MapBuilder::MapBuilder(std::uint32_t expected, Arena& arena)
    : entries_(arena.array<MapEntry>(std::max(expected, 4u))), capacity_(std::max(expected, 4u)) {
  if (capacity_ < kIndexFrom) return;
  mask_ = mask_for(capacity_);
  index_ = empty_index(arena, mask_);
}

bool MapBuilder::add(Arena& arena, const Val& key, const Val& value) {
  if (size_ == capacity_) grow(arena);
  if (index_ != nullptr) {
    std::uint32_t* place = place_of(index_, mask_, entries_, key);
    if (*place != kNoEntry) return false;
    *place = size_;
  } else if (std::any_of(entries_, entries_ + size_,
                         [&](const MapEntry& e) { return equal(e.key, key); })) {
    return false;
  }
  entries_[size_++] = {key, value};
  return true;
}

void MapBuilder::grow(Arena& arena) {
  const std::uint32_t capacity = capacity_ * 2;
  auto* entries = arena.array<MapEntry>(capacity);
  std::copy_n(entries_, size_, entries);
  entries_ = entries;
  capacity_ = capacity;
  if (capacity_ < kIndexFrom) return;
  mask_ = mask_for(capacity_);
  index_ = empty_index(arena, mask_);
  fill_index(index_, mask_, entries_, size_);
}

const MapRep* MapBuilder::finish(Arena& arena) const {
  const bool indexed = size_ >= kIndexFrom && index_ != nullptr;
  return new (arena.allocate(sizeof(MapRep)))
      MapRep{size_, entries_, indexed ? index_ : nullptr, indexed ? mask_ : 0};
}

}  // namespace autopilot::expr
