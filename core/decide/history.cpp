#include "core/decide/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace autopilot::decide {

Range newest(Database& database, std::int64_t count) {
  Statement first =
      database.prepare("SELECT seq FROM decision ORDER BY seq DESC LIMIT 1 OFFSET ?1");
  first.bind(count - 1);
  return {first.step() ? first.integer(0) : 0, INT64_MAX};
}

History::History(Database& database)
    : archive_(database),
      one_(database.prepare("SELECT body FROM decision WHERE seq = ?1")),
      end_(database.integer("SELECT coalesce(max(seq), 0) + 1 FROM decision")) {}

std::optional<History::Piece> History::next(Range& range) {
  range.end = std::min(range.end, end_);
  if (range.begin >= range.end) return std::nullopt;
  builder_.begin(range.begin - 1);
  while (builder_.rows() + Archive::kPageRows <= kBlockRows && archive_.next(range, page_)) {
    for (std::size_t i = 0; i < page_.size(); ++i) builder_.add(page_.seq(i), page_.line(i));
  }
  if (builder_.rows() == 0) return std::nullopt;
  const std::uint32_t rows = builder_.rows();
  return Piece{HistoryBlock(builder_.finish({})), 0, rows};
}

std::string_view History::line(std::int64_t seq) {
  if (!one_.bind(seq).step()) {
    throw Error(ErrorKind::storage, fmt::format("the decision of seq {} is missing", seq),
                "run `autopilot state check`");
  }
  const std::string_view body = one_.text(0);
  line_.assign(body);
  line_.append(kPadding, ' ');
  const std::size_t size = body.size();
  one_.reset();
  return std::string_view(line_).substr(0, size);
}

}  // namespace autopilot::decide
