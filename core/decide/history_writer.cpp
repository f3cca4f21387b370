#include "core/decide/history_writer.h"

#include <algorithm>
#include <bit>

namespace autopilot::decide {
namespace {

constexpr std::uint32_t kManyTexts = 1024;  // as many, and more than half of the rows: no codes

std::uint8_t raw(StoredTag tag) { return static_cast<std::uint8_t>(tag); }

template <class Holds>
std::vector<std::uint64_t> bits(std::size_t rows, Holds holds) {
  std::vector<std::uint64_t> words((rows + 63) / 64);
  for (std::size_t row = 0; row < rows; ++row) {
    if (holds(row)) words[row / 64] |= std::uint64_t{1} << row % 64;
  }
  return words;
}

template <class T, class Of>
std::vector<T> each(std::size_t rows, Of of) {
  std::vector<T> out(rows);
  for (std::size_t row = 0; row < rows; ++row) out[row] = of(row);
  return out;
}

}  // namespace

std::uint32_t TextTable::code(std::string_view text) {
  if (last_ < texts_.size() && texts_[last_] == text) return last_;
  const auto found = codes_.find(text);
  if (found != codes_.end()) return last_ = found->second;
  const std::string_view kept = arena_.copy(text);
  last_ = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(kept);
  codes_.emplace(kept, last_);
  return last_;
}

void TextTable::clear() {
  texts_.clear();
  codes_.clear();
  arena_.reset();
  last_ = 0;
}

void SectionWriter::number(std::uint64_t value) {
  out_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void SectionWriter::texts(const TextTable& table) {
  number(table.size());
  std::uint32_t end = 0;
  array(each<std::uint32_t>(table.size(), [&](std::size_t i) {
    return end += static_cast<std::uint32_t>(table[i].size());
  }));
  for (std::size_t i = 0; i < table.size(); ++i) out_ += table[i];
  pad();
}

std::uint64_t ColumnWriter::bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

void ColumnWriter::put(std::uint32_t row, StoredTag tag, std::uint64_t value) {
  tags_.resize(row, raw(StoredTag::absent));
  bits_.resize(row);
  tags_.push_back(raw(tag));
  bits_.push_back(value);
}

void ColumnWriter::list(std::uint32_t row, const std::vector<std::string_view>& items) {
  put(row, StoredTag::complex, items_.size());
  tags_.back() = kList;
  for (const std::string_view item : items) items_.push_back(texts_.code(item));
}

void ColumnWriter::spelling(std::uint32_t row, std::string_view written) {
  spelled_rows_.push_back(row);
  spellings_ += written;
  spelled_ends_.push_back(static_cast<std::uint32_t>(spellings_.size()));
}

// Of one type throughout, or mixed.
StoredKind ColumnWriter::kind() const {
  std::uint8_t only = raw(StoredTag::null);
  for (const std::uint8_t tag : tags_) {
    if (tag <= raw(StoredTag::null) || tag == only) continue;
    if (only != raw(StoredTag::null) || tag == raw(StoredTag::complex)) return StoredKind::mixed;
    only = tag;
  }
  if (only == kList) return StoredKind::lists;
  if (only == raw(StoredTag::real)) return StoredKind::reals;
  if (only == raw(StoredTag::boolean)) return StoredKind::booleans;
  if (only != raw(StoredTag::text)) return StoredKind::mixed;
  const bool many = texts_.size() > kManyTexts && texts_.size() * 2 > tags_.size();
  return many ? StoredKind::texts : StoredKind::codes;
}

void ColumnWriter::dissolve_lists() {
  for (std::uint8_t& tag : tags_) {
    if (tag == kList) tag = raw(StoredTag::complex);
  }
}

void ColumnWriter::write(std::uint32_t rows, std::string& out, DirectoryEntry& entry) {
  tags_.resize(rows, raw(StoredTag::absent));
  bits_.resize(rows);
  entry.kind = kind();
  SectionWriter to(out);
  if (entry.kind == StoredKind::mixed) {
    dissolve_lists();
    to.array(tags_);
    to.array(bits_);
    return to.texts(texts_);
  }
  const auto is = [&](StoredTag tag) {
    return [&, tag](std::size_t r) { return tags_[r] == raw(tag); };
  };
  const auto count = [&](StoredTag tag) {
    return std::count(tags_.begin(), tags_.end(), raw(tag));
  };
  entry.has_absent = count(StoredTag::absent) > 0;
  entry.has_nulls = count(StoredTag::null) > 0;
  if (entry.has_absent) to.array(bits(rows, std::not_fn(is(StoredTag::absent))));
  if (entry.has_nulls) to.array(bits(rows, is(StoredTag::null)));
  if (entry.kind == StoredKind::reals) to.array(bits_);
  if (entry.kind == StoredKind::booleans)
    to.array(bits(rows, [&](std::size_t r) { return bits_[r] == 1 && is(StoredTag::boolean)(r); }));
  if (entry.kind == StoredKind::lists) write_lists(to);
  if (entry.kind == StoredKind::texts) write_texts(to);
  if (entry.kind != StoredKind::codes) return;
  to.array(each<std::uint32_t>(
      rows, [&](std::size_t r) { return static_cast<std::uint32_t>(bits_[r]); }));
  to.texts(texts_);
}

// Rows without a list have an empty one; lists stand in the order of the rows.
void ColumnWriter::write_lists(SectionWriter& to) {
  std::vector<std::uint32_t> offsets(tags_.size() + 1, static_cast<std::uint32_t>(items_.size()));
  for (std::size_t row = tags_.size(); row-- > 0;)
    offsets[row] = tags_[row] == kList ? static_cast<std::uint32_t>(bits_[row]) : offsets[row + 1];
  to.array(offsets);
  to.number(items_.size());
  to.array(items_);
  to.texts(texts_);
}

void ColumnWriter::write_texts(SectionWriter& to) const {
  const auto text = [&](std::size_t row) {
    return tags_[row] == raw(StoredTag::text) ? texts_[bits_[row]] : std::string_view();
  };
  std::uint32_t end = 0;
  to.array(each<std::uint32_t>(tags_.size(), [&](std::size_t row) {
    return end += static_cast<std::uint32_t>(text(row).size());
  }));
  to.number(end);
  for (std::size_t row = 0; row < tags_.size(); ++row) to.piece(text(row));
  to.pad();
}

void ColumnWriter::write_spellings(std::string& out) const {
  SectionWriter to(out);
  to.number(spelled_rows_.size());
  to.array(spelled_rows_);
  to.array(spelled_ends_);
  to.number(spellings_.size());
  to.piece(spellings_);
  to.pad();
}

void ColumnWriter::clear() {
  tags_.clear();
  bits_.clear();
  items_.clear();
  texts_.clear();
  spelled_rows_.clear();
  spelled_ends_.clear();
  spellings_.clear();
}

}  // namespace autopilot::decide
