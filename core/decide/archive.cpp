#include "core/decide/archive.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/decide/record.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kSeqDigits =
    15;  // hex digits of an id that make its seq, the version digit left out
constexpr std::size_t kShortest = 6;

std::int64_t hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The seqs that ids beginning with `text` can have, or null when it is no beginning of an id.
std::optional<Range> range_of(std::string_view text) {
  std::int64_t value = 0;
  std::size_t digits = 0, seen = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const std::int64_t digit = hex_value(c);
    if (digit < 0 || ++seen > 32) return std::nullopt;
    if (seen == 13) {
      if (digit != 7) return std::nullopt;
      continue;
    }
    if (digits < kSeqDigits) {
      value = value << 4 | digit;
      ++digits;
    }
  }
  if (seen < kShortest) return std::nullopt;
  const auto shift = 4 * (kSeqDigits - digits);
  return Range{value << shift, (value + 1) << shift};
}

}  // namespace

Range Range::since(Instant t) {
  const std::int64_t millis = (t.micros() + 999) / 1000;
  return {std::max<std::int64_t>(0, millis) << 12, INT64_MAX};
}

void Page::clear() {
  text_.clear();
  begins_.clear();
  ends_.clear();
  seqs_.clear();
}

void Page::add(std::int64_t seq, std::string_view line) {
  begins_.push_back(text_.size());
  text_ += line;
  ends_.push_back(text_.size());
  text_.append(kPadding, ' ');
  seqs_.push_back(seq);
}

std::string_view Page::line(std::size_t i) const {
  return std::string_view(text_).substr(begins_[i], ends_[i] - begins_[i]);
}

Archive::Archive(Database& database)
    : page_(database.prepare(
          "SELECT seq, body FROM decision WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT ?3")),
      newest_(database.prepare("SELECT body FROM decision ORDER BY seq DESC LIMIT 1")),
      newest_ids_(database.prepare(
          "SELECT json_extract(body, '$.id') FROM decision ORDER BY seq DESC LIMIT ?1")),
      has_(database.prepare(
          "SELECT 1 FROM decision WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT 1 OFFSET ?3")),
      nth_(database.prepare("SELECT seq FROM decision ORDER BY seq DESC LIMIT 1 OFFSET ?1")) {}

bool Archive::next(Range& range, Page& page) {
  page.clear();
  return append(range, page);
}

bool Archive::append(Range& range, Page& page) {
  const std::size_t before = page.size();
  page_.bind(range.begin, range.end, kPageRows);
  while (page_.step()) page.add(page_.integer(0), page_.text(1));
  if (page.size() == before) return false;
  range.begin = page.last_seq() + 1;
  return true;
}

std::string Archive::find(std::string_view id) {
  if (id == "latest") {
    std::string line = newest_.bind().step() ? std::string(newest_.text(0)) : std::string();
    newest_.reset();
    if (line.empty())
      throw Error(ErrorKind::invalid, "no decision is recorded yet",
                  "take one with `autopilot decide`");
    return line;
  }
  const std::optional<Range> range = range_of(id);
  if (!range) {
    throw Error(ErrorKind::invalid, fmt::format("{} is not the id of a decision", id),
                "give the id that `decide` printed, its beginning (6 or more digits), or `latest`");
  }
  const std::string wanted = "{\"id\":\"" + std::string(id);
  std::string found;
  page_.bind(range->begin, range->end, INT64_MAX);
  while (page_.step()) {
    if (!page_.text(1).starts_with(wanted)) continue;
    if (!found.empty()) {
      page_.reset();
      throw Error(ErrorKind::invalid, fmt::format("several decisions begin with {}", id),
                  "give more of the id");
    }
    found = page_.text(1);
  }
  if (found.empty()) throw Error(ErrorKind::invalid, fmt::format("no decision {} is recorded", id));
  return found;
}

std::vector<std::string> Archive::newest_ids(std::int64_t limit) {
  std::vector<std::string> ids;
  newest_ids_.bind(limit);
  while (newest_ids_.step()) ids.emplace_back(newest_ids_.text(0));
  return ids;
}

Range Archive::newest(std::int64_t count) {
  Range range;
  if (count <= 0) return {0, 0};
  if (nth_.bind(count - 1).step()) range.begin = nth_.integer(0);
  nth_.reset();
  return range;
}

bool Archive::has(const Range& range, std::int64_t count) {
  const bool found = has_.bind(range.begin, range.end, count - 1).step();
  has_.reset();
  return found;
}

}  // namespace autopilot::decide
