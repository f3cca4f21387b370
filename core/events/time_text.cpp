#include "core/events/time_text.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/time.h"
#include "core/events/row_builder.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kDayText = 10;  // "2026-11-20"

bool is_digit_text(char c) { return c >= '0' && c <= '9'; }

int two_digits(const char* at) { return (at[0] - '0') * 10 + (at[1] - '0'); }

// "10:01:00.25" in microseconds; the zone begins at `end`.
bool clock_micros(std::string_view text, std::int64_t& micros, std::size_t& end) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
  for (const std::size_t i : {0u, 1u, 3u, 4u, 6u, 7u}) {
    if (!is_digit_text(text[i])) return false;
  }
  const int hour = two_digits(text.data()), minute = two_digits(text.data() + 3);
  const int second = two_digits(text.data() + 6);
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros = ((hour * 60LL + minute) * 60 + second) * 1'000'000;
  end = 8;
  if (end == text.size() || text[end] != '.') return true;
  std::int64_t unit = 100'000;
  for (++end; end < text.size() && is_digit_text(text[end]); ++end, unit /= 10)
    micros += unit * (text[end] - '0');
  return true;
}

// Seconds east of Greenwich: "+01:00", "+0100" or "+01".
bool zone_seconds(std::string_view zone, std::int64_t& seconds) {
  seconds = 0;
  if (zone.empty() || zone == "Z" || zone == "z" || zone == "+00:00" || zone == " UTC") return true;
  if (zone.front() != '+' && zone.front() != '-') return false;
  std::string digits;
  for (std::size_t i = 1; i < zone.size(); ++i) {
    if (zone[i] == ':' && i == 3 && zone.size() == 6) continue;
    if (!is_digit_text(zone[i])) return false;
    digits += zone[i];
  }
  if (digits.size() != 2 && digits.size() != 4) return false;
  const int minutes = digits.size() == 4 ? two_digits(digits.data() + 2) : 0;
  if (minutes > 59) return false;
  seconds = (two_digits(digits.data()) * 60LL + minutes) * 60;
  if (zone.front() == '-') seconds = -seconds;
  return true;
}

bool day_of(std::string_view text, KnownDay& day) {
  if (text == day.text) return true;
  const auto instant = parse_rfc3339(fmt::format("{}T00:00:00Z", text));
  if (!instant) return false;
  day = {std::string(text), instant->seconds};
  return true;
}

}  // namespace

bool epoch_micros(double value, std::int64_t& micros) {
  if (!(value >= 0) || value > 4e18) return false;
  const double scale = value < 1e11 ? 1e6 : value < 1e14 ? 1e3 : value < 1e17 ? 1 : 1e-3;
  micros = std::llround(value * scale);
  return true;
}

bool parse_time(std::string_view text, KnownDay& day, std::int64_t& micros) {
  double number = 0;
  const bool is_dated = text.size() >= kDayText && text[4] == '-' && text[7] == '-';
  if (!is_dated) return parse_number(text, number) && epoch_micros(number, micros);
  if (!day_of(text.substr(0, kDayText), day)) return false;
  if (text.size() == kDayText) {
    micros = day.seconds * 1'000'000;
    return true;
  }
  if (text[kDayText] != 'T' && text[kDayText] != ' ') return false;
  const std::string_view clock = text.substr(kDayText + 1);
  std::size_t end = 0;
  std::int64_t east = 0;
  if (!clock_micros(clock, micros, end) || !zone_seconds(clock.substr(end), east)) return false;
  micros += (day.seconds - east) * 1'000'000;
  return true;
}

bool parse_time(std::string_view text, std::int64_t& micros) {
  KnownDay day;
  return parse_time(text, day, micros);
}

}  // namespace autopilot::events
