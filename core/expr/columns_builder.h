#pragma once
// Batches out of records that come row by row. The kind of each column is found from its values; a
// dictionary is shared by all batches of a run.

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/expr/arena.h"
#include "core/expr/columns.h"

namespace autopilot::expr {

// Finds or makes the code of a string. Copies what is new.
class TextCodes {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // At most `limit` codes; after that new strings get none.
  explicit TextCodes(std::uint32_t limit = 1u << 20) : limit_(limit) { codes_[""] = 0; }
  std::uint32_t code(std::string_view text);
  const Dictionary& dictionary() const { return dictionary_; }

 private:
  std::uint32_t limit_;
  Arena arena_;
  Dictionary dictionary_;
  std::unordered_map<std::string_view, std::uint32_t> codes_;
};

class BatchBuilder {
 public:
  // `codes` must outlive the builder and its batch.
  BatchBuilder(std::uint32_t slots, TextCodes& codes) : codes_(codes), columns_(slots) {}

  // Adds a record: one value for each slot, as Program::evaluate() takes them. What values of the
  // kind `any` point to must outlive the batch. REQUIRES fewer than kBatchRows rows.
  void add(const Val* slots);
  std::uint32_t rows() const { return rows_; }
  // Valid until the builder is used again.
  const Batch& finish();
  void clear();

 private:
  struct Store {
    std::vector<Val> values;
    std::vector<std::uint64_t> present, nulls, booleans;
    std::vector<double> reals;
    std::vector<std::uint32_t> codes, keys, offsets, nanos;
    std::vector<std::int64_t> seconds;
  };
  Column column(Store& store);
  bool fill(Store& store, Column& column);
  bool fill_codes(Store& store);
  bool fill_lists(Store& store);
  bool fill_maps(Store& store);

  TextCodes& codes_;
  std::vector<Store> columns_;
  std::uint32_t rows_ = 0;
  Batch batch_;
};

}  // namespace autopilot::expr
