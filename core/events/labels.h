#pragma once
// The distinct texts of a column, numbered as they first come.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::events {

std::uint64_t hash_of(std::string_view text);  // the same on all machines

class Labels {
 public:
  std::uint32_t code(std::string_view text);  // made when new
  // kNoLabel when there is none.
  std::uint32_t find(std::string_view text) const;
  const std::string& operator[](std::uint32_t code) const { return texts_[code]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }
  const std::vector<std::string>& texts() const { return texts_; }
  void clear();

 private:
  // Short texts, which most labels are, are their own key: to compare it says it all.
  struct Slot {
    std::uint64_t key = 0;            // the text and its size, or its hash
    std::uint32_t code = 0xffffffff;  // none
  };
  std::size_t place(std::uint64_t key, std::string_view text) const;
  void grow();

  std::vector<std::string> texts_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
};

}  // namespace autopilot::events
