#pragma once
// The columns of a block as the slots of a set of policies: what Engine::read() would make of each
// line, without the line.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/compiled.h"
#include "core/decide/history_block.h"
#include "core/decide/ingest.h"
#include "core/expr/columns.h"
#include "core/expr/columns_builder.h"

namespace autopilot::decide {

// A column of a block as programs read it.
class HistoryColumn {
 public:
  explicit HistoryColumn(std::string name) : name_(std::move(name)) {}

  // Takes the column from a block, which must outlive what is read here; a block without it has no
  // value in any row. Texts get codes of `texts`. Rows whose value columns don't hold are added to
  // `silent`, a bit set. Throws BlockDamage.
  void bind(const HistoryBlock& block, expr::TextCodes& texts, std::vector<std::uint64_t>& silent);
  // Likewise how numbers are written, after bind().
  void bind_spellings(const HistoryBlock& block);

  void unbind() { column_ = {}; }  // no row has a value

  const std::string& name() const { return name_; }
  const expr::Column& column() const { return column_; }
  // The number of a row as it is written.
  std::string_view spelled(std::uint32_t row, double value, expr::Scratch& scratch) const;

 private:
  void bind_codes(SectionReader& from, expr::TextCodes& texts, std::size_t count);
  void bind_lists(SectionReader& from, expr::TextCodes& texts);
  void bind_texts(SectionReader& from);
  void bind_mixed(SectionReader& from, std::vector<std::uint64_t>& silent);

  std::string name_;
  std::uint32_t rows_ = 0;
  expr::Column column_;
  std::vector<expr::Val> values_;
  std::vector<std::uint32_t> codes_;
  std::span<const std::uint32_t> spelled_rows_, spelled_ends_;
  std::string_view spellings_;
};

// Not thread-safe: one per thread. The set must outlive it.
class HistorySlots {
 public:
  explicit HistorySlots(const CompiledSet& set);

  // Takes another block; it must outlive what is read here. Throws BlockDamage.
  void bind(const HistoryBlock& block);
  // Only some slots: the others are absent then.
  void bind(const HistoryBlock& block, const std::vector<int>& wanted);

  // False: the columns don't say what some slot holds in this row, its line must be read.
  bool tells(std::uint32_t row) const {
    return !whole_values_ && (silent_[row / 64] >> row % 64 & 1) == 0;
  }
  // The slots that lines fill; texts and lists are views of the block, or live in the scratch.
  // `input` has no texts then. REQUIRES tells(row).
  void fill(std::uint32_t row, Input& input, expr::Scratch& scratch) const;
  // Only the slots that were chosen: the others are absent.
  void fill_few(std::uint32_t row, Input& input, expr::Scratch& scratch) const;
  void choose_few(const std::vector<int>& slots);

  // The rows [first, first + rows) for programs that are evaluated for many at once. REQUIRES first
  // to be a multiple of 64. Valid until bind(), which may also begin another dictionary when the
  // one at hand has grown large.
  expr::Batch batch(std::uint32_t first, std::uint32_t rows) const;
  // How many dictionaries began so far.
  std::uint32_t dictionaries() const { return dictionaries_; }

 private:
  struct Slot {
    std::size_t index;
    bool is_name;  // a number here is an id: how it is written counts
    HistoryColumn column;
  };

  void begin(const HistoryBlock& block);
  void clear(Input& input) const;
  static void fill(const Slot& slot, std::uint32_t row, Input& input, expr::Scratch& scratch);

  std::size_t slot_count_;
  bool whole_values_ = false;  // some slot is all of action.data, metrics, …
  std::vector<Slot> slots_;
  std::vector<std::size_t> few_;       // of slots_
  std::vector<std::uint64_t> silent_;  // rows
  std::unique_ptr<expr::TextCodes> texts_;
  std::uint32_t dictionaries_ = 0;
};

}  // namespace autopilot::decide
