#include "core/deploy/access_log.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "core/deploy/json_path.h"

namespace autopilot::deploy {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* kTimes[] = {"msec", "time_iso8601", "time_local"};  // the finest first

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool digits(std::string_view text, std::size_t at, std::size_t count, int& value) {
  if (at + count > text.size()) return false;
  const char* from = text.data() + at;
  const auto [end, error] = std::from_chars(from, from + count, value);
  return error == std::errc() && end == from + count && value >= 0;
}

}  // namespace

std::optional<Instant> parse_time_local(std::string_view text) {
  if (text.size() != 26 || text[2] != '/' || text[6] != '/' || text[11] != ':') return {};
  Civil civil;
  int year = 0, hours = 0, minutes = 0;
  const bool sound = digits(text, 0, 2, civil.day) && digits(text, 7, 4, year) &&
                     digits(text, 12, 2, civil.hour) && digits(text, 15, 2, civil.minute) &&
                     digits(text, 18, 2, civil.second) && digits(text, 22, 2, hours) &&
                     digits(text, 24, 2, minutes);
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(3, 3));
  if (!sound || month == kMonths.end() || year < 1) return std::nullopt;
  civil.year = year;
  civil.month = static_cast<int>(month - kMonths.begin()) + 1;
  if (civil.day < 1 || civil.day > days_in_month(year, civil.month) || civil.hour > 23 ||
      civil.minute > 59 || civil.second > 60) {
    return std::nullopt;
  }
  const std::int64_t offset = (hours * 60 + minutes) * 60;
  return Instant{from_civil(civil) + (text[21] == '-' ? offset : -offset), 0};
}

AccessLogFormat::AccessLogFormat(const std::string& format) {
  const std::string text = format == "combined" ? kCombined : format == "timed" ? kTimed : format;
  std::string* literal = &before_;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      *literal += text[at++];
      continue;
    }
    if (!names_.empty() && literal->empty()) {
      throw Error(ErrorKind::invalid,
                  fmt::format("${} stands beside another variable in log_format", names_.back()),
                  "something must separate them");
    }
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    std::size_t end = at + (braced ? 2 : 1);
    const std::size_t begin = end;
    while (end < text.size() && is_name(text[end])) ++end;
    names_.push_back(text.substr(begin, end - begin));
    after_.emplace_back();
    literal = &after_.back();
    at = end + (braced ? 1 : 0);
  }
  for (const char* name : kTimes) {
    if (time_ < 0) time_ = index_of(name);
  }
  if (time_ >= 0 && has("status")) return;
  throw Error(ErrorKind::invalid,
              fmt::format("log_format {} lacks {}", format, time_ < 0 ? "a time" : "$status"),
              "it takes $status, and one of $msec, $time_iso8601 and $time_local");
}

int AccessLogFormat::index_of(std::string_view variable) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == variable) return static_cast<int>(i);
  }
  return -1;
}

bool AccessLogFormat::split(std::string_view line, std::vector<std::string_view>& values) const {
  values.clear();
  if (!line.starts_with(before_)) return false;
  line.remove_prefix(before_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const bool last = i + 1 == names_.size();
    // A client cannot forge a separator that has a quote: nginx writes quotes as \x22.
    std::size_t end = last ? line.size() : line.find(after_[i]);
    if (last && !after_[i].empty()) {
      if (!line.ends_with(after_[i])) return false;
      end = line.size() - after_[i].size();
    }
    if (end == std::string_view::npos) return false;
    values.push_back(line.substr(0, end));
    line.remove_prefix(std::min(line.size(), end + after_[i].size()));
  }
  return true;
}

std::optional<Instant> AccessLogFormat::time_of(const std::vector<std::string_view>& values) const {
  const auto index = static_cast<std::size_t>(time_);
  const std::string_view text = values[index];
  if (names_[index] == "time_local") return parse_time_local(text);
  if (names_[index] == "time_iso8601") return parse_rfc3339(text);
  const std::optional<double> seconds = parse_number(text);
  if (!seconds || !(std::abs(*seconds) < 1e12)) return std::nullopt;
  return Instant::from_micros(std::llround(*seconds * 1e6));
}

}  // namespace autopilot::deploy
