#pragma once
// The recorded decisions of a state as blocks of columns, in their order: from files where these
// have them, otherwise made of their lines, and kept.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/sqlite.h"
#include "core/decide/archive.h"
#include "core/decide/history_builder.h"
#include "core/decide/history_files.h"
#include "core/decide/rerun.h"

namespace autopilot::decide {

// The newest `count` decisions.
Range newest(Database& database, std::int64_t count);

// Not thread-safe. What is recorded after it was made is not seen. Memory is that of a block.
class History final : public RecordedLines {
 public:
  // `files` may be null: nothing is kept.
  History(Database& database, Files* files);

  // The next block with decisions of the range, and its rows among them; `range` moves on. Nothing
  // at the end.
  struct Piece {
    HistoryBlock block;
    std::uint32_t begin = 0, end = 0;  // rows
  };
  std::optional<Piece> next(Range& range);

  // Forgets what files had: they turned out to be damaged.
  void discard() { files_.discard(); }

  std::string_view line(std::int64_t seq) override;

 private:
  std::optional<std::int64_t> first_seq(std::int64_t begin, std::int64_t end);
  Piece piece(HistoryBlock block, Range& range) const;
  HistoryBlock build(std::int64_t after, std::int64_t end, bool to_the_newest);
  Anchor anchor();

  Database& database_;
  Archive archive_;
  Statement one_, first_, chain_;
  HistoryFiles files_;
  HistoryBuilder builder_;
  Page page_;
  std::string line_;
  std::int64_t end_;
};

}  // namespace autopilot::decide
