#pragma once
// Which of many names is which, as one flat table of places: the names stay where they are, in what
// they name. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace autopilot::optimize {

class NameIndex {
 public:
  void reserve(std::size_t names) {
    std::size_t slots = 16;
    while (slots < 2 * names) slots *= 2;
    if (slots > slots_.size()) grow(slots);
  }

  // `name_at(place)` is the name of what was added. False when `name` is there already.
  template <class NameAt>
  bool add(std::string_view name, std::size_t place, NameAt name_at) {
    reserve(++used_);
    Slot& slot = slots_[where(name, name_at)];
    if (slot.place != kFree) return false;
    slot = {tag_of(name), static_cast<std::uint32_t>(place)};
    return true;
  }

  template <class NameAt>
  std::optional<std::size_t> find(std::string_view name, NameAt name_at) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[where(name, name_at)];
    if (slot.place == kFree) return std::nullopt;
    return slot.place;
  }

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  struct Slot {
    std::uint32_t tag = 0, place = kFree;
  };

  static std::uint32_t tag_of(std::string_view name) {
    const std::uint64_t hash = std::hash<std::string_view>()(name);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
  }
  // The slot of `name`, or the free one where it would be.
  template <class NameAt>
  std::size_t where(std::string_view name, NameAt name_at) const {
    const std::uint32_t tag = tag_of(name);
    for (std::size_t k = tag;; ++k) {
      const Slot& slot = slots_[k & (slots_.size() - 1)];
      if (slot.place == kFree || (slot.tag == tag && name_at(slot.place) == name))
        return k & (slots_.size() - 1);
    }
  }
  void grow(std::size_t size) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(size));
    for (const Slot& slot : old) {
      if (slot.place == kFree) continue;
      std::size_t k = slot.tag;
      while (slots_[k & (size - 1)].place != kFree) ++k;
      slots_[k & (size - 1)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two of them, half of them free at least
  std::size_t used_ = 0;
};

}  // namespace autopilot::optimize
