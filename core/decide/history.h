#pragma once
// The recorded decisions of a state as blocks of columns, in their order: from files where these
// have them, otherwise made of their lines, and kept.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/sqlite.h"
#include "core/decide/archive.h"
#include "core/decide/history_builder.h"
#include "core/decide/history_files.h"
#include "core/decide/rerun.h"

namespace autopilot::decide {

// A block of a history, or the lines that it is to be made of: any thread may do that.
class HistoryPiece {
 public:
  // REQUIRES make() before.
  const HistoryBlock& block() const { return *block_; }
  // The rows that were asked for.
  std::uint32_t begin() const { return block_->lower_bound(wanted_.begin); }
  std::uint32_t end() const { return block_->lower_bound(wanted_.end); }

  void make(HistoryBuilder& builder);

 private:
  friend class History;
  Range wanted_;
  std::optional<HistoryBlock> block_;
  // Until it is made.
  Page lines_;
  std::int64_t after_ = 0;
  Anchor anchor_;
  bool meets_next_ = false;  // nothing was decided between it and the next file
  // Then, for the file.
  bool is_news_ = false;
  std::string bytes_;
};

// Not thread-safe. What is recorded after it was made is not seen. Memory is that of the pieces.
class History final : public RecordedLines {
 public:
  // `files` may be null: nothing is kept.
  History(Database& database, Files* files);

  // The next decisions of the range, which moves on; null at the end.
  std::unique_ptr<HistoryPiece> next(Range& range);
  // Keeps what was made of lines.
  void keep(const HistoryPiece& piece);
  // Forgets what files had: they turned out to be damaged.
  void discard() { files_.discard(); }

  std::string_view line(std::int64_t seq) override;

 private:
  std::optional<std::int64_t> first_seq(std::int64_t begin, std::int64_t end);
  void read(std::int64_t end, HistoryPiece& piece);
  Anchor anchor();

  Database& database_;
  Archive archive_;
  Statement one_, first_, chain_;
  HistoryFiles files_;
  std::string line_;
  std::int64_t end_;
};

}  // namespace autopilot::decide
