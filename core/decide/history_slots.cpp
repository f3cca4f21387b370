#include "core/decide/history_slots.h"

#include <algorithm>
#include <array>

#include "core/base/json.h"

namespace autopilot::decide {
namespace {

// Codes are remembered from block to block, within reason.
constexpr std::uint32_t kManyTexts = 1u << 19;
constexpr std::uint32_t kMostTexts = 1u << 31;

bool is_root(std::string_view part) {
  return part == "metrics" || part == "segment" || part == "features";
}

// The column that a slot's path means, by the rule of InputShape; "" when the engine fills the
// slot.
std::string column_name(const expr::Path& path) {
  const bool of_context = path[0] == "context";
  if (path[0] != "action" && !of_context && !is_root(path[0])) return {};
  const bool skips = of_context && path.size() > 1 && is_root(path[1]);
  std::string name;
  for (std::size_t i = skips ? 1 : 0; i < path.size(); ++i) name += path[i] + kPathEnd;
  return name;
}

// A slot that holds an object of which the columns have the members.
bool is_whole(const expr::Path& path) {
  return (path.size() == 1 && is_root(path[0])) ||
         (path.size() == 2 && path[0] == "action" && path[1] == "data") ||
         (path.size() == 2 && path[0] == "context" && is_root(path[1]));
}

}  // namespace

void HistoryColumn::bind(const HistoryBlock& block, expr::TextCodes& texts,
                         std::vector<std::uint64_t>& silent) {
  rows_ = block.rows();
  column_ = {};
  const DirectoryEntry* entry = block.find(name_);
  if (entry == nullptr) return;
  SectionReader from(block.section(*entry));
  if (entry->has_absent != 0) column_.present = from.bits(rows_);
  if (entry->has_nulls != 0) column_.nulls = from.bits(rows_);
  switch (entry->kind) {
    case StoredKind::reals:
      column_.kind = expr::ColumnKind::real;
      column_.reals = from.array<double>(rows_).data();
      break;
    case StoredKind::booleans:
      column_.kind = expr::ColumnKind::boolean;
      column_.booleans = from.bits(rows_);
      break;
    case StoredKind::codes:
      column_.kind = expr::ColumnKind::coded;
      bind_codes(from, texts, rows_);
      break;
    case StoredKind::lists:
      bind_lists(from, texts);
      break;
    case StoredKind::texts:
      bind_texts(from);
      break;
    case StoredKind::mixed:
      bind_mixed(from, silent);
      break;
    default:
      throw BlockDamage{};
  }
}

// Codes of the block become codes of the dictionary that all blocks share.
void HistoryColumn::bind_codes(SectionReader& from, expr::TextCodes& texts, std::size_t count) {
  const auto stored = from.array<std::uint32_t>(count);
  const StoredTexts own = from.texts();
  std::vector<std::uint32_t> shared(std::max<std::size_t>(own.size(), 1));  // the empty text's is 0
  for (std::size_t i = 0; i < own.size(); ++i) shared[i] = texts.code(own[i]);
  codes_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (stored[i] >= shared.size()) throw BlockDamage{};
    codes_[i] = shared[stored[i]];
  }
  column_.codes = codes_.data();
  column_.dictionary = &texts.dictionary();
}

void HistoryColumn::bind_lists(SectionReader& from, expr::TextCodes& texts) {
  const auto offsets = from.array<std::uint32_t>(rows_ + 1);
  const std::size_t items = from.number();
  if (!std::is_sorted(offsets.begin(), offsets.end()) || offsets.back() > items)
    throw BlockDamage{};
  column_.kind = expr::ColumnKind::lists;
  column_.offsets = offsets.data();
  bind_codes(from, texts, items);
}

// Texts that hardly come twice are not worth a code.
void HistoryColumn::bind_texts(SectionReader& from) {
  const auto ends = from.array<std::uint32_t>(rows_);
  const std::string_view all = from.piece(from.number());
  const auto is_null = [&](std::uint32_t row) {
    return column_.nulls != nullptr && (column_.nulls[row / 64] >> row % 64 & 1) != 0;
  };
  column_.kind = expr::ColumnKind::coded;  // for is_present()
  values_.assign(rows_, {});
  std::uint32_t begin = 0;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    if (ends[row] < begin || ends[row] > all.size()) throw BlockDamage{};
    if (is_null(row)) {
      values_[row] = expr::Val::of_null();
    } else if (column_.is_present(row)) {
      values_[row] = expr::Val::of_string(all.substr(begin, ends[row] - begin));
    }
    begin = ends[row];
  }
  column_ = {};
  column_.kind = expr::ColumnKind::any;
  column_.values = values_.data();
}

void HistoryColumn::bind_mixed(SectionReader& from, std::vector<std::uint64_t>& silent) {
  const auto tags = from.array<std::uint8_t>(rows_);
  const auto bits = from.array<std::uint64_t>(rows_);
  const StoredTexts own = from.texts();
  values_.assign(rows_, {});
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const auto tag = static_cast<StoredTag>(tags[row]);
    if (tag == StoredTag::complex) {
      silent[row / 64] |= std::uint64_t{1} << row % 64;
    } else if (tag != StoredTag::absent) {
      values_[row] = stored_value(tag, bits[row], own);
    }
  }
  column_.kind = expr::ColumnKind::any;
  column_.values = values_.data();
}

void HistoryColumn::bind_spellings(const HistoryBlock& block) {
  spelled_rows_ = {};
  const DirectoryEntry* entry = block.find(name_, true);
  if (entry == nullptr) return;
  SectionReader from(block.section(*entry));
  const std::size_t count = from.number();
  spelled_rows_ = from.array<std::uint32_t>(count);
  spelled_ends_ = from.array<std::uint32_t>(count);
  spellings_ = from.piece(from.number());
}

std::string_view HistoryColumn::spelled(std::uint32_t row, double value,
                                        expr::Scratch& scratch) const {
  const auto at = std::lower_bound(spelled_rows_.begin(), spelled_rows_.end(), row);
  if (at == spelled_rows_.end() || *at != row) return scratch.arena().copy(double_text(value));
  const auto i = static_cast<std::size_t>(at - spelled_rows_.begin());
  const std::uint32_t begin = i == 0 ? 0 : spelled_ends_[i - 1];
  const std::uint32_t end = spelled_ends_[i];
  if (end < begin || end > spellings_.size()) throw BlockDamage{};
  return spellings_.substr(begin, end - begin);
}

HistorySlots::HistorySlots(const CompiledSet& set)
    : slot_count_(static_cast<std::size_t>(set.slots().size())) {
  const FixedSlots& f = set.fixed();
  for (int i = 0; i < set.slots().size(); ++i) {
    const expr::Path& path = set.slots().paths()[static_cast<std::size_t>(i)];
    whole_values_ = whole_values_ || is_whole(path);
    const std::string name = column_name(path);
    if (name.empty() || path.size() == 1) continue;
    const std::array names = {f.id, f.key, f.target, f.destination, f.channel};
    const bool is_name = std::find(names.begin(), names.end(), i) != names.end();
    slots_.push_back({static_cast<std::size_t>(i), is_name, HistoryColumn(name)});
  }
}

void HistorySlots::bind(const HistoryBlock& block) {
  begin(block);
  for (Slot& slot : slots_) {
    slot.column.bind(block, *texts_, silent_);
    if (slot.is_name) slot.column.bind_spellings(block);
  }
}

void HistorySlots::bind(const HistoryBlock& block, const std::vector<int>& wanted) {
  begin(block);
  for (Slot& slot : slots_) {
    const bool is_wanted =
        std::find(wanted.begin(), wanted.end(), static_cast<int>(slot.index)) != wanted.end();
    slot.column.unbind();
    if (is_wanted) slot.column.bind(block, *texts_, silent_);
  }
}

void HistorySlots::begin(const HistoryBlock& block) {
  if (texts_ == nullptr || texts_->dictionary().size() > kManyTexts) {
    auto fresh = std::make_unique<expr::TextCodes>(kMostTexts);
    texts_ = std::move(fresh);
    ++dictionaries_;
  }
  silent_.assign(expr::words_for(block.rows()), 0);
  for (std::uint32_t row = 0; row < block.rows(); ++row) {
    if (block.needs_line(row)) silent_[row / 64] |= std::uint64_t{1} << row % 64;
  }
}

void HistorySlots::clear(Input& input) const {
  input.action = input.context = input.data = input.proposed = {};
  input.has_context = true;
  input.slots.assign(slot_count_, expr::Val());
  input.raw.assign(slot_count_, {});
}

void HistorySlots::fill(const Slot& slot, std::uint32_t row, Input& input, expr::Scratch& scratch) {
  const expr::Val value = slot.column.column().value(row, scratch.arena());
  input.slots[slot.index] = value;
  if (slot.is_name && value.tag == expr::Tag::real)
    input.raw[slot.index] = slot.column.spelled(row, value.real, scratch);
}

void HistorySlots::fill(std::uint32_t row, Input& input, expr::Scratch& scratch) const {
  clear(input);
  for (const Slot& slot : slots_) fill(slot, row, input, scratch);
}

void HistorySlots::fill_few(std::uint32_t row, Input& input, expr::Scratch& scratch) const {
  clear(input);
  for (const std::size_t i : few_) fill(slots_[i], row, input, scratch);
}

void HistorySlots::choose_few(const std::vector<int>& slots) {
  few_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (std::find(slots.begin(), slots.end(), static_cast<int>(slots_[i].index)) != slots.end())
      few_.push_back(i);
  }
}

namespace {

template <class T>
void move_on(const T*& at, std::size_t count) {
  if (at != nullptr) at += count;
}

expr::Column from_row(expr::Column column, std::uint32_t first) {
  move_on(column.present, first / 64);
  move_on(column.nulls, first / 64);
  move_on(column.booleans, first / 64);
  move_on(column.reals, first);
  if (column.kind == expr::ColumnKind::coded) move_on(column.codes, first);
  move_on(column.offsets, first);
  move_on(column.values, first);
  return column;
}

}  // namespace

expr::Batch HistorySlots::batch(std::uint32_t first, std::uint32_t rows) const {
  expr::Batch out;
  out.rows = rows;
  out.columns.resize(slot_count_);
  for (const Slot& slot : slots_) out.columns[slot.index] = from_row(slot.column.column(), first);
  return out;
}

}  // namespace autopilot::decide
