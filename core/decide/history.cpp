#include "core/decide/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace autopilot::decide {

History::History(Database& database, Files* files)
    : database_(database),
      archive_(database),
      one_(database.prepare("SELECT body FROM decision WHERE seq = ?1")),
      first_(database.prepare(
          "SELECT seq FROM decision WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT 1")),
      chain_(database.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")),
      files_(files, history_folder(database.path()), database),
      end_(database.integer("SELECT coalesce(max(seq), 0) + 1 FROM decision")) {}

std::unique_ptr<HistoryPiece> History::next(Range& range) {
  range.end = std::min(range.end, end_);
  while (range.begin < range.end) {
    auto piece = std::make_unique<HistoryPiece>();
    piece->wanted_ = range;
    piece->block_ = files_.before(range.begin);
    if (piece->block_ && piece->block_->head().last >= range.begin) {
      range.begin = piece->block_->head().last + 1;
      return piece;
    }
    const std::optional<std::int64_t> first = first_seq(range.begin, range.end);
    if (!first) break;
    const std::int64_t next_after = files_.next_after(range.begin);
    if (*first > next_after) {  // the next file has it
      range.begin = next_after + 1;
      continue;
    }
    // A block that is not full grows by what follows it.
    const HistoryBlock* before = piece->block_ ? &*piece->block_ : nullptr;
    const bool grows = before != nullptr && before->rows() < kBlockRows &&
                       first_seq(before->head().last + 1, end_) == first;
    piece->after_ = grows ? before->head().after : range.begin - 1;
    piece->block_.reset();
    read(next_after == INT64_MAX ? range.end : std::min(range.end, next_after + 1), *piece);
    range.begin = piece->lines_.last_seq() + 1;
    piece->meets_next_ = next_after != INT64_MAX && !first_seq(range.begin, next_after + 1);
    return piece;
  }
  return nullptr;
}

void HistoryPiece::make(HistoryBuilder& builder) {
  if (block_) return;
  builder.begin(after_);
  for (std::size_t i = 0; i < lines_.size(); ++i) builder.add(lines_.seq(i), lines_.line(i));
  bytes_ = builder.finish(anchor_);
  block_.emplace(std::string(bytes_));
  is_news_ = true;
  lines_ = {};
}

std::optional<std::int64_t> History::first_seq(std::int64_t begin, std::int64_t end) {
  first_.bind(begin, end);
  if (!first_.step()) return std::nullopt;
  const std::int64_t seq = first_.integer(0);
  first_.reset();
  return seq;
}

// The decisions behind that of the piece and before `end`, as many as a block takes. Lines and
// chain are of one moment.
void History::read(std::int64_t end, HistoryPiece& piece) {
  const ReadTransaction view(database_);
  Range range{piece.after_ + 1, end};
  while (piece.lines_.size() + Archive::kPageRows <= kBlockRows &&
         archive_.append(range, piece.lines_)) {
  }
  piece.anchor_ = anchor();
}

// A block that is not full is kept only if it holds the newest decisions or reaches up to the next
// file: others would leave gaps that no file ever fills.
void History::keep(const HistoryPiece& piece) {
  const BlockHead& head = piece.block().head();
  const bool leaves_no_gap = head.rows == kBlockRows || head.last + 1 == end_ || piece.meets_next_;
  if (piece.is_news_ && head.anchor.seq > 0 && leaves_no_gap) files_.keep(head, piece.bytes_);
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
