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

History::History(Database& database, Files* files)
    : database_(database),
      archive_(database),
      one_(database.prepare("SELECT body FROM decision WHERE seq = ?1")),
      first_(database.prepare(
          "SELECT seq FROM decision WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT 1")),
      chain_(database.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")),
      files_(files, history_folder(database.path()), database),
      end_(database.integer("SELECT coalesce(max(seq), 0) + 1 FROM decision")) {}

std::optional<History::Piece> History::next(Range& range) {
  range.end = std::min(range.end, end_);
  const bool to_the_newest = range.end == end_;
  while (range.begin < range.end) {
    std::int64_t after = range.begin - 1;
    std::optional<HistoryBlock> before = files_.before(range.begin);
    if (before && before->head().last >= range.begin) return piece(std::move(*before), range);
    const std::optional<std::int64_t> first = first_seq(range.begin, range.end);
    if (!first) break;
    const std::int64_t next_after = files_.next_after(range.begin);
    if (*first > next_after) {  // the next file has it
      range.begin = next_after + 1;
      continue;
    }
    // A block that is not full grows by what follows it.
    if (before && before->rows() < kBlockRows && first_seq(before->head().last + 1, end_) == first)
      after = before->head().after;
    const std::int64_t end =
        next_after == INT64_MAX ? range.end : std::min(range.end, next_after + 1);
    return piece(build(after, end, to_the_newest), range);
  }
  return std::nullopt;
}

std::optional<std::int64_t> History::first_seq(std::int64_t begin, std::int64_t end) {
  first_.bind(begin, end);
  if (!first_.step()) return std::nullopt;
  const std::int64_t seq = first_.integer(0);
  first_.reset();
  return seq;
}

History::Piece History::piece(HistoryBlock block, Range& range) const {
  const std::uint32_t begin = block.lower_bound(range.begin), end = block.lower_bound(range.end);
  range.begin = block.head().last + 1;
  return {std::move(block), begin, end};
}

// The decisions behind `after` and before `end`, as many as a block takes. Lines and chain are of
// one moment.
HistoryBlock History::build(std::int64_t after, std::int64_t end, bool to_the_newest) {
  Anchor anchored;
  builder_.begin(after);
  {
    const ReadTransaction view(database_);
    Range range{after + 1, end};
    while (builder_.rows() + Archive::kPageRows <= kBlockRows && archive_.next(range, page_)) {
      for (std::size_t i = 0; i < page_.size(); ++i) builder_.add(page_.seq(i), page_.line(i));
    }
    anchored = anchor();
  }
  const bool is_full = builder_.rows() == kBlockRows;
  const std::string bytes = builder_.finish(anchored);
  HistoryBlock block{std::string(bytes)};
  if (anchored.seq > 0 && (is_full || to_the_newest)) files_.keep(block.head(), bytes);
  return block;
}

Anchor History::anchor() {
  Anchor out;
  chain_.bind();
  if (chain_.step()) {
    out.seq = chain_.integer(0);
    const std::string_view hash = chain_.blob(1);
    std::copy_n(hash.begin(), std::min(hash.size(), out.hash.size()), out.hash.begin());
  }
  chain_.reset();
  return out;
}

std::string_view History::line(std::int64_t seq) {
  if (!one_.bind(seq).step()) {
    throw Error(ErrorKind::storage, fmt::format("the decision of seq {} is missing", seq),
                "run `autopilot state check`");
  }
  const std::string_view body = one_.text(0);
  const std::size_t size = body.size();
  line_.assign(body);
  line_.append(kPadding, ' ');
  one_.reset();
  return std::string_view(line_).substr(0, size);
}

}  // namespace autopilot::decide
