#pragma once
// Memory that is given out piece by piece and taken back all at once. Keeps its chunks for the next
// round, so a thread that evaluates millions of times stops asking the system for memory after the
// first few. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "core/expr/val.h"

namespace autopilot::expr {

class Arena {
 public:
  // The first chunk's size in bytes; later ones double.
  explicit Arena(std::size_t first_chunk = 16 * 1024) : first_size_(first_chunk) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // 8-byte aligned, uninitialised, valid until reset() or the end of the arena.
  void* allocate(std::size_t bytes) {
    const std::size_t size = (bytes + 7) & ~std::size_t{7};
    if (size > static_cast<std::size_t>(limit_ - cursor_)) return allocate_slowly(size);
    char* const place = cursor_;
    cursor_ += size;
    return place;
  }

  template <class T>
  T* array(std::size_t count) {
    static_assert(alignof(T) <= 8);
    return static_cast<T*>(allocate(count * sizeof(T)));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return "";
    char* const place = static_cast<char*>(allocate(text.size()));
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  void reset() {
    if (used_ > 1) {
      reset_slowly();
    } else {
      cursor_ = first_;
    }
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t size;
  };
  void* allocate_slowly(std::size_t size);
  void reset_slowly();

  std::size_t first_size_;
  char* first_ = nullptr;  // start of the chunk in use, when it is the only one
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  std::vector<Chunk> chunks_;
  std::size_t used_ = 0;  // how many of the chunks are in use
};

}  // namespace autopilot::expr
