#pragma once
// Decision lines → a block of columns. Every scalar of the action as it was proposed and of the
// context becomes a value of the column of its path, whatever policies read. What columns don't
// hold exactly marks the row: its line has it.

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/json_index.h"
#include "core/decide/history_writer.h"
#include "core/decide/input_shape.h"
#include "core/decide/json_text.h"
#include "core/decide/members.h"

namespace autopilot::decide {

// Not thread-safe; reuse one for many blocks.
class HistoryBuilder {
 public:
  HistoryBuilder();

  // Begins a block of the decisions after that one.
  void begin(std::int64_t after);
  // REQUIRES fewer than kBlockRows rows, rising seqs and kPadding readable bytes after the line.
  void add(std::int64_t seq, std::string_view line);
  std::uint32_t rows() const { return row_; }
  std::int64_t last() const { return row_ == 0 ? after_ : seqs_.back(); }
  // The bytes of the block. The builder must begin again before it is used.
  std::string finish(const Anchor& anchor);

 private:
  struct Path {
    Branch branch;  // its slot is the index of this path
    ColumnWriter column;
  };
  struct Texts {  // one a row
    TextTable table;
    std::vector<std::uint32_t> codes;
    void clear();
    void add() { codes.push_back(table.code("")); }
    void set(std::string_view text) { codes.back() = table.code(text); }
  };
  struct Changes {
    std::vector<std::uint32_t> rows, fields;
    std::vector<std::uint8_t> tags;
    std::vector<std::uint64_t> bits;
    TextTable texts;
    void clear();
  };
  struct Written {  // parts of the line at hand, as they stand there
    std::string_view action, proposed;
  };

  void needs_line() { flags_.back() |= kNeedsLine; }
  void read(const JsonText& text);
  Token member(const JsonText& text, std::string_view key, Token at, Written& written);
  Token fact(const JsonText& text, std::string_view key, Token at);
  Token actor(const JsonText& text, Token at);
  Token reasons(const JsonText& text, Token at);
  Token reason(const JsonText& text, Token at, std::string& causes);
  Token object(const JsonText& text, Token at, Branch& branch, int depth);
  Token value(const JsonText& text, Token at, Branch& branch, int depth);
  Token number(const JsonText& text, Token at, ColumnWriter& column);
  Token list(const JsonText& text, Token at, ColumnWriter& column);
  Branch* path(const Branch& parent, std::string_view key);
  Branch& root(std::string_view name);
  ColumnWriter& column_of(const Branch& branch) {
    return paths_[static_cast<std::size_t>(branch.slot)].column;
  }

  void note_changes(const Written& written);
  bool compare_actions(std::string_view after, std::string_view before);
  bool compare_data(std::string_view after, std::string_view before);
  bool change(std::string_view field, std::string_view json);

  JsonIndex index_;
  MemberReader members_;
  std::vector<Member> action_after_, action_before_, data_after_, data_before_;
  expr::Arena arena_;  // unescaped texts of one line

  std::deque<Path> paths_;
  std::unordered_map<std::string, Branch*> by_name_;
  std::vector<std::string_view> items_;

  std::int64_t after_ = 0;
  std::uint32_t row_ = 0;
  std::uint64_t last_line_ = 0;
  std::vector<std::int64_t> seqs_, seconds_, nanos_;
  std::vector<std::uint8_t> results_, flags_;
  std::vector<double> risks_;
  Texts runs_, actors_, roles_, causes_;
  Changes changes_;
};

}  // namespace autopilot::decide
