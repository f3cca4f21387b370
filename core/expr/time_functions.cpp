#include "core/expr/time_functions.h"

#include <array>
#include <limits>

#include "core/base/time.h"
#include "core/base/timezone.h"
#include "core/expr/fault.h"
#include "core/expr/functions.h"

namespace autopilot::expr {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

Val moved(Scratch& scratch, std::int64_t seconds, std::int64_t nanos) {
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  } else if (nanos >= kSecond) {
    nanos -= kSecond;
    ++seconds;
  }
  if (!is_valid_time(seconds)) return fail_overflow(scratch, "timestamp");
  return Val::of_timestamp(seconds, static_cast<std::uint32_t>(nanos));
}

// --- the calendar's parts

using Part = std::int64_t (*)(const LocalTime&);

std::int64_t full_year(const LocalTime& t) { return t.civil.year; }
std::int64_t month(const LocalTime& t) { return t.civil.month - 1; }
std::int64_t day_of_year(const LocalTime& t) { return t.yearday; }
std::int64_t day_of_month(const LocalTime& t) { return t.civil.day - 1; }
std::int64_t date(const LocalTime& t) { return t.civil.day; }
std::int64_t day_of_week(const LocalTime& t) { return t.weekday; }
std::int64_t hours(const LocalTime& t) { return t.civil.hour; }
std::int64_t minutes(const LocalTime& t) { return t.civil.minute; }
std::int64_t seconds(const LocalTime& t) { return t.civil.second; }

Instant instant_of(const Val& timestamp) {
  return {timestamp.integer, static_cast<std::int32_t>(timestamp.size)};
}

template <Part part>
Val in_utc(Scratch&, Arguments a) {
  return Val::of_int(part(TimeZone().to_civil(instant_of(a[0]))));
}

template <Part part>
Val in_zone(Scratch& scratch, Arguments a) {
  const TimeZone* zone = scratch.zone(a[1].text());
  if (zone == nullptr) return fail(scratch, "unknown time zone: ", a[1]);
  return Val::of_int(part(zone->to_civil(instant_of(a[0]))));
}

Val milliseconds_of(Scratch&, Arguments a) { return Val::of_int(a[0].size / 1'000'000); }
Val milliseconds_in_zone(Scratch& scratch, Arguments a) {
  if (scratch.zone(a[1].text()) == nullptr) return fail(scratch, "unknown time zone: ", a[1]);
  return milliseconds_of(scratch, a);
}

Val duration_hours(Scratch&, Arguments a) { return Val::of_int(a[0].integer / (3600 * kSecond)); }
Val duration_minutes(Scratch&, Arguments a) { return Val::of_int(a[0].integer / (60 * kSecond)); }
Val duration_seconds(Scratch&, Arguments a) { return Val::of_int(a[0].integer / kSecond); }
// The milliseconds beyond whole seconds, as cel-spec's cases have it; some implementations give the
// total.
Val duration_milliseconds(Scratch&, Arguments a) {
  return Val::of_int(a[0].integer % kSecond / 1'000'000);
}

constexpr Tag T = Tag::timestamp, D = Tag::duration, S = Tag::string;
constexpr Style M = Style::member;

constexpr Builtin kTime[] = {
    {"getFullYear", M, 1, {T}, in_utc<full_year>},
    {"getFullYear", M, 2, {T, S}, in_zone<full_year>},
    {"getMonth", M, 1, {T}, in_utc<month>},
    {"getMonth", M, 2, {T, S}, in_zone<month>},
    {"getDayOfYear", M, 1, {T}, in_utc<day_of_year>},
    {"getDayOfYear", M, 2, {T, S}, in_zone<day_of_year>},
    {"getDayOfMonth", M, 1, {T}, in_utc<day_of_month>},
    {"getDayOfMonth", M, 2, {T, S}, in_zone<day_of_month>},
    {"getDate", M, 1, {T}, in_utc<date>},
    {"getDate", M, 2, {T, S}, in_zone<date>},
    {"getDayOfWeek", M, 1, {T}, in_utc<day_of_week>},
    {"getDayOfWeek", M, 2, {T, S}, in_zone<day_of_week>},
    {"getHours", M, 1, {T}, in_utc<hours>},
    {"getHours", M, 2, {T, S}, in_zone<hours>},
    {"getMinutes", M, 1, {T}, in_utc<minutes>},
    {"getMinutes", M, 2, {T, S}, in_zone<minutes>},
    {"getSeconds", M, 1, {T}, in_utc<seconds>},
    {"getSeconds", M, 2, {T, S}, in_zone<seconds>},
    {"getMilliseconds", M, 1, {T}, milliseconds_of},
    {"getMilliseconds", M, 2, {T, S}, milliseconds_in_zone},
    {"getHours", M, 1, {D}, duration_hours},
    {"getMinutes", M, 1, {D}, duration_minutes},
    {"getSeconds", M, 1, {D}, duration_seconds},
    {"getMilliseconds", M, 1, {D}, duration_milliseconds},
};

// --- duration text

__extension__ using Wide = unsigned __int128;

struct GoUnit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array<GoUnit, 8> kGoUnits{{{"ns", 1},
                                          {"us", 1'000},
                                          {"\xc2\xb5s", 1'000},  // µ, micro sign
                                          {"\xce\xbcs", 1'000},  // μ, Greek letter
                                          {"ms", 1'000'000},
                                          {"s", kSecond},
                                          {"m", 60 * kSecond},
                                          {"h", 3600 * kSecond}}};

bool is_digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// A decimal number and its unit, taken off the front of `text`; adds its nanoseconds to `total`.
bool take_part(std::string_view& text, std::uint64_t& total) {
  std::size_t at = 0;
  Wide whole = 0, fraction = 0, scale = 1;
  for (; is_digit_at(text, at); ++at) {
    whole = whole * 10 + static_cast<unsigned>(text[at] - '0');
    if (whole > std::numeric_limits<std::uint64_t>::max()) return false;
  }
  std::size_t digits = at;
  if (at < text.size() && text[at] == '.') {
    for (++at; is_digit_at(text, at); ++at, ++digits) {
      if (scale >= 1'000'000'000'000'000'000) continue;  // beyond a nanosecond of any unit
      fraction = fraction * 10 + static_cast<unsigned>(text[at] - '0');
      scale *= 10;
    }
  }
  if (digits == 0) return false;
  text.remove_prefix(at);
  std::size_t letters = 0;
  while (letters < text.size() && text[letters] != '.' && !is_digit_at(text, letters)) ++letters;
  for (const GoUnit& unit : kGoUnits) {
    if (text.substr(0, letters) != unit.name) continue;
    text.remove_prefix(letters);
    const auto size = static_cast<std::uint64_t>(unit.nanos);
    const Wide sum = total + whole * size + fraction * size / scale;
    total = static_cast<std::uint64_t>(sum);
    return sum <= std::uint64_t{1} << 63;
  }
  return false;
}

}  // namespace

bool is_valid_time(std::int64_t unix_seconds) {
  return unix_seconds >= kFirstSecond && unix_seconds <= kLastSecond;
}

Val time_after(Scratch& scratch, const Val& timestamp, std::int64_t nanos) {
  return moved(scratch, timestamp.integer + nanos / kSecond,
               std::int64_t{timestamp.size} + nanos % kSecond);
}

Val time_before(Scratch& scratch, const Val& timestamp, std::int64_t nanos) {
  return moved(scratch, timestamp.integer - nanos / kSecond,
               std::int64_t{timestamp.size} - nanos % kSecond);
}

Val time_between(Scratch& scratch, const Val& end, const Val& start) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(end.integer - start.integer, kSecond, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{end.size} - std::int64_t{start.size}, &nanos)) {
    return fail_overflow(scratch, "duration");
  }
  return Val::of_duration(nanos);
}

std::optional<std::int64_t> parse_go_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    if (!take_part(text, total)) return std::nullopt;
  }
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (total > limit) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - total : total);
}

std::span<const Builtin> time_functions() { return kTime; }

}  // namespace autopilot::expr
