#pragma once
// Recorded decisions, read back: one by its id, or all of a range in bounded pages, so that no
// reader holds a transaction for long.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/decide/ingest.h"

namespace autopilot::decide {

// Decisions with begin <= seq < end, in rising order.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = INT64_MAX;
  static Range since(Instant t);  // recorded at or after t
};

// A page of lines in one buffer; each has kPadding readable bytes behind it.
class Page {
 public:
  void clear();
  void add(std::int64_t seq, std::string_view line);
  std::size_t size() const { return ends_.size(); }
  std::string_view line(std::size_t i) const;
  std::int64_t seq(std::size_t i) const { return seqs_[i]; }
  std::int64_t last_seq() const { return seqs_.empty() ? -1 : seqs_.back(); }

 private:
  std::string text_;
  std::vector<std::size_t> begins_, ends_;
  std::vector<std::int64_t> seqs_;
};

class Archive {
 public:
  // As many as stay in the processor's second cache from reading to the last use.
  static constexpr std::int64_t kPageRows = 256;

  explicit Archive(Database& database);

  // The next page at or after range.begin, which it moves on; false at the end.
  bool next(Range& range, Page& page);
  // The same behind what the page holds already.
  bool append(Range& range, Page& page);

  // The line of the decision whose id is `id` or begins with it ("latest": the newest). Throws
  // Error(invalid) when there is none, or more than one.
  std::string find(std::string_view id);

  // Whether the range has so many; reads no more of them. REQUIRES a count > 0.
  bool has(const Range& range, std::int64_t count);

  // The newest `count` decisions.
  Range newest(std::int64_t count);

  // The ids of the newest decisions, newest first, at most `limit`.
  std::vector<std::string> newest_ids(std::int64_t limit);

 private:
  Statement page_, newest_, newest_ids_, has_, nth_;
};

}  // namespace autopilot::decide
