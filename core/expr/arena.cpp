#include "core/expr/arena.h"

#include <algorithm>

namespace autopilot::expr {
namespace {
constexpr std::size_t kKeptChunk = 1024 * 1024;  // larger ones are given back by reset()
}  // namespace

// The chunk that was used last is the largest: it comes first from now on.
void Arena::reset_slowly() {
  std::swap(chunks_[0], chunks_[used_ - 1]);
  std::erase_if(chunks_, [](const Chunk& chunk) { return chunk.size > kKeptChunk; });
  used_ = chunks_.empty() ? 0 : 1;
  first_ = cursor_ = used_ == 0 ? nullptr : chunks_[0].memory.get();
  limit_ = used_ == 0 ? nullptr : cursor_ + chunks_[0].size;
}

void* Arena::allocate_slowly(std::size_t size) {
  // Chunks that are too small are passed over until the next reset.
  while (used_ < chunks_.size() && chunks_[used_].size < size) ++used_;
  if (used_ == chunks_.size()) {
    const std::size_t next =
        chunks_.empty() ? first_size_ : std::min(kKeptChunk, chunks_.back().size * 2);
    const std::size_t bytes = std::max(size, next);
    chunks_.push_back({std::unique_ptr<char[]>(new char[bytes]), bytes});
  }
  Chunk& chunk = chunks_[used_++];
  if (used_ == 1) first_ = chunk.memory.get();
  cursor_ = chunk.memory.get() + size;
  limit_ = chunk.memory.get() + chunk.size;
  return chunk.memory.get();
}

}  // namespace autopilot::expr
