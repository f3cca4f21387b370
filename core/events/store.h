#pragma once
// The rows of a log as columns, to be gone through several times: in memory up to a budget, beyond
// it in a file without a name. Memory stays bounded whatever the log's size.

#include <functional>
#include <memory>
#include <vector>

#include "core/base/world.h"
#include "core/events/batch.h"

namespace autopilot::events {

class RowStore {
 public:
  static constexpr std::size_t kBudget = 28 << 20;  // bytes in memory
  // Batches are shared out over so many parts, always alike: sums of parts do not depend on how
  // many threads there are.
  static constexpr std::size_t kParts = 4;

  RowStore(Files& files, Schema schema, std::size_t budget = kBudget);

  void add(Batch batch);  // its `first` is set
  std::uint64_t rows() const { return rows_; }
  const Schema& schema() const { return schema_; }
  std::size_t batches() const { return places_.size(); }

  // Calls `use` with every batch of every part: those of one part in order and by one thread,
  // parts at the same time. What `use` throws first is thrown again here.
  void for_each(const std::function<void(std::size_t part, const Batch&)>& use) const;
  // The same with all batches in order.
  void for_each_in_order(const std::function<void(const Batch&)>& use) const;
  // Calls `change` with every batch in order and keeps what it makes of the columns, as many rows
  // as before.
  void rewrite(const std::function<void(Batch&)>& change);

 private:
  struct Place {
    Batch batch;  // empty columns when it is in the file
    bool in_file = false;
    std::uint64_t at = 0;
  };
  const Batch& get(std::size_t i, Batch& buffer) const;

  Files& files_;
  Schema schema_;
  std::size_t budget_, held_ = 0;
  std::vector<Place> places_;
  std::unique_ptr<ScratchFile> file_;
  std::uint64_t file_size_ = 0, rows_ = 0;
};

}  // namespace autopilot::events
