#include "core/events/row_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/events/time_text.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kShownText = 40;  // bytes of a text in a message

// Short, and fit to be shown.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShownText));
  if (find_invalid_utf8(out) != std::string_view::npos) return "(not UTF-8)";
  return text.size() > kShownText ? out + "…" : out;
}

constexpr double kLeastShare = 1e-100;         // squares of one over it are still numbers
constexpr double kMostProbability = 1 + 1e-9;  // as sums of rounded numbers come out

bool is_digit_text(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool parse_number(std::string_view text, double& out) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.size() <= 15 && !text.empty() && is_digit_text(text[0])) {  // most are short integers
    std::int64_t value = 0;
    std::size_t i = 0;
    for (; i < text.size() && is_digit_text(text[i]); ++i) value = value * 10 + (text[i] - '0');
    if (i == text.size()) {
      out = static_cast<double>(value);
      return true;
    }
  }
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size() || text.empty()) return false;
  // Of what is too small for a double, 0 is left.
  if (fault == std::errc::result_out_of_range && text.find("e-") != std::string_view::npos)
    out = 0;
  else if (fault != std::errc())
    return false;
  return std::isfinite(out);
}

RowBuilder::RowBuilder(const Schema& schema, Parsed& out)
    : schema_(schema), out_(out), seen_(schema.size()), memos_(schema.size()) {
  out_.batch.columns.resize(schema.size());
  out_.labels.resize(schema.size());
}

void RowBuilder::reserve(std::size_t guess) {
  capacity_ = std::max(guess, out_.expected);
  for (std::size_t c = 0; c < schema_.size(); ++c)
    out_.batch.columns[c].resize(schema_[c].kind, capacity_);
}

void RowBuilder::begin(std::uint64_t line) {
  ++row_;
  line_ = line;
  is_bad_ = false;
  if (out_.batch.rows == capacity_) reserve(std::max<std::size_t>(1024, capacity_ * 2));
}

void RowBuilder::fault(std::string reason, std::string why) {
  if (is_bad_) return;
  is_bad_ = true;
  out_.bad.add(reason, {"", line_, std::move(why)});
}

void RowBuilder::not_a_number(std::size_t column, std::string_view text) {
  const std::string& name = schema_[column].name;
  fault(name + " is not a number", fmt::format("{} is '{}', not a number", name, shown(text)));
}

bool RowBuilder::read_number(std::size_t column, std::string_view text, double& out) {
  constexpr std::size_t kShort = 8;  // as fast to read as to compare
  if (text.size() <= kShort) return parse_number(text, out);
  if (memos_[column].find(text, out)) return true;
  if (!parse_number(text, out)) return false;
  memos_[column].keep(text, out);
  return true;
}

void RowBuilder::store(std::size_t column, double value, std::string_view written) {
  if (schema_[column].kind == Kind::share && value > 1 && value <= kMostProbability) value = 1;
  if (schema_[column].kind == Kind::share && !(value > 0 && value <= 1)) {
    const std::string& name = schema_[column].name;
    const char* why = value == 0 ? "is 0" : "is outside of (0, 1]";
    return fault(fmt::format("{} {}", name, why),
                 value == 0 ? fmt::format("{} is 0: what cannot happen was logged", name)
                            : fmt::format("{} is {}, outside of (0, 1]", name, shown(written)));
  }
  if (schema_[column].kind == Kind::share && value < kLeastShare) {
    const std::string& name = schema_[column].name;
    return fault(name + " is next to 0",
                 fmt::format("{} is {}: nothing happens with such a probability, and a weight of "
                             "one over it overflows",
                             name, shown(written)));
  }
  if (schema_[column].kind == Kind::probability && !(value >= 0 && value <= kMostProbability)) {
    const std::string& name = schema_[column].name;
    return fault(name + " is no probability",
                 fmt::format("{} is {}, not a probability", name, shown(written)));
  }
  out_.batch.columns[column].numbers[out_.batch.rows] = value;
  seen_[column] = row_;
}

void RowBuilder::label(std::size_t column, std::string_view text) {
  out_.batch.columns[column].codes[out_.batch.rows] = out_.labels[column].code(text);
  seen_[column] = row_;
}

void RowBuilder::time(std::size_t column, std::string_view text) {
  std::int64_t& micros = out_.batch.columns[column].integers[out_.batch.rows];
  if (!parse_time(text, day_, micros)) {
    const std::string& name = schema_[column].name;
    return fault(
        name + " is not a time",
        fmt::format("{} is '{}', not a time such as 2026-11-20T10:01:00Z", name, shown(text)));
  }
  seen_[column] = row_;
}

namespace {

// CSV of programs that have truth values.
bool parse_truth(std::string_view text, double& out) {
  if (text != "true" && text != "True" && text != "false" && text != "False") return false;
  out = text[0] == 't' || text[0] == 'T' ? 1 : 0;
  return true;
}

}  // namespace

void RowBuilder::text(std::size_t column, std::string_view text) {
  if (text.empty()) return;
  double value = 0;
  switch (schema_[column].kind) {
    case Kind::number:
    case Kind::share:
    case Kind::probability:
      if (read_number(column, text, value) || parse_truth(text, value) ||
          parse_number(trim(text), value))
        return store(column, value, text);
      return not_a_number(column, text);
    case Kind::value:
      if (parse_number(text, value)) return number(column, value, text);
      out_.batch.columns[column].numbers[out_.batch.rows] =
          std::numeric_limits<double>::quiet_NaN();
      return label(column, text);
    case Kind::label:
      return label(column, text);
    case Kind::time:
      return time(column, text);
    case Kind::key:
      out_.batch.columns[column].integers[out_.batch.rows] =
          static_cast<std::int64_t>(hash_of(text));
      seen_[column] = row_;
      return;
    case Kind::line:
      return;
  }
}

void RowBuilder::number(std::size_t column, double value, std::string_view written) {
  switch (schema_[column].kind) {
    case Kind::number:
    case Kind::share:
    case Kind::probability:
      return store(column, value, written);
    case Kind::value:
      out_.batch.columns[column].numbers[out_.batch.rows] = value;
      out_.batch.columns[column].codes[out_.batch.rows] = kNoLabel;
      seen_[column] = row_;
      return;
    default:
      return text(column, written);
  }
}

// What a row has that lacks the column.
void RowBuilder::fill(std::size_t column) {
  const WantedColumn& wanted = schema_[column];
  if (wanted.required) return fault("no " + wanted.name, "there is no " + wanted.name);
  Column& to = out_.batch.columns[column];
  const std::size_t row = out_.batch.rows;
  if (!to.numbers.empty())
    to.numbers[row] =
        wanted.kind == Kind::value ? std::numeric_limits<double>::quiet_NaN() : wanted.otherwise;
  if (!to.codes.empty()) to.codes[row] = kNoLabel;
  if (!to.integers.empty())
    to.integers[row] = wanted.kind == Kind::line ? static_cast<std::int64_t>(line_) : 0;
}

void RowBuilder::end() {
  for (std::size_t c = 0; c < schema_.size() && !is_bad_; ++c) {
    if (!has(c)) fill(c);
  }
  if (!is_bad_) ++out_.batch.rows;
}

}  // namespace autopilot::events
