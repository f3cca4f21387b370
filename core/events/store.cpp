#include "core/events/store.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

namespace autopilot::events {
namespace {

// Calls `use` with the address and size of each vector of a batch.
template <class BatchType, class Use>
void for_each_vector(BatchType& batch, const Use& use) {
  for (auto& column : batch.columns) {
    use(column.numbers.data(), column.numbers.size() * sizeof(double));
    use(column.codes.data(), column.codes.size() * sizeof(std::uint32_t));
    use(column.integers.data(), column.integers.size() * sizeof(std::int64_t));
  }
}

}  // namespace

RowStore::RowStore(Files& files, Schema schema, std::size_t budget)
    : files_(files), schema_(std::move(schema)), budget_(budget) {}

void RowStore::add(Batch batch) {
  batch.first = rows_;
  rows_ += batch.rows;
  if (batch.rows == 0) return;
  for (std::size_t c = 0; c < schema_.size(); ++c) {
    if (!schema_[c].is_kept) batch.columns[c] = {};
  }
  const std::size_t bytes = batch.bytes();
  Place& place = places_.emplace_back();
  if (held_ + bytes <= budget_) {
    held_ += bytes;
    place.batch = std::move(batch);
    return;
  }
  if (!file_) file_ = files_.scratch();
  place.in_file = true;
  place.at = file_size_;
  for_each_vector(batch, [&](const void* from, std::size_t size) {
    if (size > 0) file_->write(file_size_, from, size);
    file_size_ += size;
  });
  place.batch.first = batch.first;
  place.batch.rows = batch.rows;
}

const Batch& RowStore::get(std::size_t i, Batch& buffer) const {
  const Place& place = places_[i];
  if (!place.in_file) return place.batch;
  buffer.first = place.batch.first;
  buffer.rows = place.batch.rows;
  buffer.columns.resize(schema_.size());
  for (std::size_t c = 0; c < schema_.size(); ++c)
    buffer.columns[c].resize(schema_[c].kind, schema_[c].is_kept ? buffer.rows : 0);
  std::uint64_t at = place.at;
  for_each_vector(buffer, [&](void* to, std::size_t size) {
    if (size > 0) file_->read(at, to, size);
    at += size;
  });
  return buffer;
}

void RowStore::for_each_in_order(const std::function<void(const Batch&)>& use) const {
  Batch buffer;
  for (std::size_t i = 0; i < places_.size(); ++i) use(get(i, buffer));
}

void RowStore::rewrite(const std::function<void(Batch&)>& change) {
  Batch buffer;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    if (!place.in_file) {
      change(place.batch);
      continue;
    }
    get(i, buffer);
    change(buffer);
    std::uint64_t at = place.at;
    for_each_vector(buffer, [&](const void* from, std::size_t size) {
      if (size > 0) file_->write(at, from, size);
      at += size;
    });
  }
}

void RowStore::for_each(const std::function<void(std::size_t, const Batch&)>& use) const {
  const std::size_t parts = std::min(kParts, places_.size());
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr fault;
  const auto work = [&] {
    Batch buffer;
    for (;;) {
      std::size_t part = 0;
      {
        const std::lock_guard lock(mutex);
        if (next == parts || fault) return;
        part = next++;
      }
      try {
        for (std::size_t i = part; i < places_.size(); i += parts) use(part, get(i, buffer));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!fault) fault = std::current_exception();
      }
    }
  };
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::thread> helpers;
  for (std::size_t t = 1; t < std::min(cores, parts); ++t) helpers.emplace_back(work);
  work();
  for (std::thread& t : helpers) t.join();
  if (fault) std::rethrow_exception(fault);
}

}  // namespace autopilot::events
