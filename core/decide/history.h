#pragma once
// The recorded decisions of a state as blocks of columns, in their order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/sqlite.h"
#include "core/decide/archive.h"
#include "core/decide/history_block.h"
#include "core/decide/history_builder.h"
#include "core/decide/rerun.h"

namespace autopilot::decide {

// The newest `count` decisions.
Range newest(Database& database, std::int64_t count);

// Not thread-safe. What is recorded after it was made is not seen.
class History final : public RecordedLines {
 public:
  explicit History(Database& database);

  // The next block with decisions of the range, and its rows among them; `range` moves on. False at
  // the end.
  struct Piece {
    HistoryBlock block;
    std::uint32_t begin = 0, end = 0;  // rows
  };
  std::optional<Piece> next(Range& range);

  std::string_view line(std::int64_t seq) override;

 private:
  Archive archive_;
  Statement one_;
  HistoryBuilder builder_;
  Page page_;
  std::string line_;
  std::int64_t end_;
};

}  // namespace autopilot::decide
