#pragma once
// One column of a block while it is filled: values row by row, laid out at the end as what they
// turned out to be (history_format.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/decide/history_format.h"
#include "core/expr/arena.h"

namespace autopilot::decide {

// The distinct texts of one column, by code.
class TextTable {
 public:
  std::uint32_t code(std::string_view text);
  std::size_t size() const { return texts_.size(); }
  std::string_view operator[](std::size_t code) const { return texts_[code]; }
  void clear();

 private:
  expr::Arena arena_;
  std::vector<std::string_view> texts_;
  std::unordered_map<std::string_view, std::uint32_t> codes_;
  std::uint32_t last_ = 0;
};

// Appends arrays to a section.
class SectionWriter {
 public:
  explicit SectionWriter(std::string& out) : out_(out) {}

  template <class T>
  void array(const std::vector<T>& items) {
    out_.append(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T));
    pad();
  }
  void number(std::uint64_t value);
  void piece(std::string_view bytes) { out_ += bytes; }
  // The texts of a table: how many, where each ends, and all of them.
  void texts(const TextTable& table);
  void pad() { out_.resize((out_.size() + 7) / 8 * 8); }

 private:
  std::string& out_;
};

class ColumnWriter {
 public:
  // Each gives the value of a row that is not before the last one. Rows that are left out have
  // none.
  void real(std::uint32_t row, double value) { put(row, StoredTag::real, bits_of(value)); }
  void boolean(std::uint32_t row, bool value) { put(row, StoredTag::boolean, value ? 1 : 0); }
  void null(std::uint32_t row) { put(row, StoredTag::null, 0); }
  void complex(std::uint32_t row) { put(row, StoredTag::complex, 0); }
  void text(std::uint32_t row, std::string_view value) {
    put(row, StoredTag::text, texts_.code(value));
  }
  void list(std::uint32_t row, const std::vector<std::string_view>& items);
  // How the number of the row is written, when not as it is printed.
  void spelling(std::uint32_t row, std::string_view written);

  bool empty() const { return tags_.empty(); }
  // Lays the values of `rows` rows out behind `out` and says in `entry` how.
  void write(std::uint32_t rows, std::string& out, DirectoryEntry& entry);
  bool has_spellings() const { return !spelled_rows_.empty(); }
  void write_spellings(std::string& out) const;
  void clear();

 private:
  static constexpr std::uint8_t kList = 0xFF;  // a tag within the writer only

  static std::uint64_t bits_of(double value);
  void put(std::uint32_t row, StoredTag tag, std::uint64_t bits);
  StoredKind kind() const;
  void write_lists(SectionWriter& to);
  void write_texts(SectionWriter& to) const;
  void dissolve_lists();

  std::vector<std::uint8_t> tags_;    // StoredTag, or kList
  std::vector<std::uint64_t> bits_;   // a list's: where its items begin
  std::vector<std::uint32_t> items_;  // of the lists
  TextTable texts_;
  std::vector<std::uint32_t> spelled_rows_, spelled_ends_;
  std::string spellings_;
};

}  // namespace autopilot::decide
