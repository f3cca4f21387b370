#include "core/base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace autopilot {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kMinSeconds = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kMaxSeconds = 253402300799;  // 9999-12-31T23:59:59Z

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
std::int64_t days_from_civil(std::int64_t y, int m, int d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

Instant normalised(std::int64_t seconds, std::int64_t nanos) {
  seconds += nanos / kNanosPerSecond;
  nanos %= kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  }
  return {seconds, static_cast<std::int32_t>(nanos)};
}

// Reads exactly `width` digits at `at`, which it moves on.
bool digits(std::string_view text, std::size_t& at, int width, int& out) {
  out = 0;
  for (int i = 0; i < width; ++i, ++at) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return false;
    out = out * 10 + (text[at] - '0');
  }
  return true;
}

bool literal(std::string_view text, std::size_t& at, char c) {
  if (at >= text.size() || text[at] != c) return false;
  ++at;
  return true;
}

bool fraction(std::string_view text, std::size_t& at, std::int32_t& nanos) {
  nanos = 0;
  if (at >= text.size() || text[at] != '.') return true;
  const std::size_t start = ++at;
  std::int32_t scale = 100'000'000;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    nanos += (text[at] - '0') * scale;
    scale /= 10;
  }
  return at > start && at - start <= 9;
}

bool offset(std::string_view text, std::size_t& at, std::int64_t& seconds) {
  seconds = 0;
  if (literal(text, at, 'Z') || literal(text, at, 'z')) return true;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return false;
  const int sign = text[at++] == '+' ? 1 : -1;
  int hours = 0, minutes = 0;
  if (!digits(text, at, 2, hours) || at >= text.size() || text[at++] != ':') return false;
  if (!digits(text, at, 2, minutes) || hours > 23 || minutes > 59) return false;
  seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

bool valid(const Civil& c) {
  return c.year >= 1 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
         c.day <= days_in_month(c.year, c.month) && c.hour <= 23 && c.minute <= 59 &&
         c.second <= 59;
}

// `count` decimal digits of a number from 0 on.
void put_digits(char* to, int count, std::int64_t number) {
  for (char* at = to + count; at > to; number /= 10) *--at = static_cast<char>('0' + number % 10);
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array<Unit, 7> kUnits{{{"d", 86400 * kNanosPerSecond},
                                      {"h", 3600 * kNanosPerSecond},
                                      {"m", 60 * kNanosPerSecond},
                                      {"s", kNanosPerSecond},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

}  // namespace

Instant Instant::from_micros(std::int64_t micros) {
  return normalised(micros / 1'000'000, micros % 1'000'000 * 1000);
}

Instant operator+(Instant t, Duration d) {
  return normalised(t.seconds + d.nanos / kNanosPerSecond, t.nanos + d.nanos % kNanosPerSecond);
}
Instant operator-(Instant t, Duration d) {
  return normalised(t.seconds - d.nanos / kNanosPerSecond, t.nanos - d.nanos % kNanosPerSecond);
}

Duration operator-(Instant a, Instant b) {
  const std::int64_t seconds = a.seconds - b.seconds;  // years 1 to 9999: far from overflow
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(seconds, kNanosPerSecond, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{a.nanos} - b.nanos, &nanos)) {
    const auto limit = std::numeric_limits<std::int64_t>::max();
    return {seconds < 0 ? -limit : limit};
  }
  return {nanos};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Howard Hinnant, civil_from_days.
Civil to_civil(std::int64_t unix_seconds) {
  std::int64_t days = unix_seconds / 86400;
  std::int64_t rest = unix_seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  Civil c;
  c.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  c.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  c.year = yoe + era * 400 + (c.month <= 2);
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  return c;
}

std::int64_t from_civil(const Civil& c) {
  return days_from_civil(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  int year = 0;
  Civil c;
  if (!digits(text, at, 4, year) || !literal(text, at, '-') || !digits(text, at, 2, c.month) ||
      !literal(text, at, '-') || !digits(text, at, 2, c.day) || at >= text.size() ||
      (text[at] != 'T' && text[at] != 't' && text[at] != ' ')) {
    return std::nullopt;
  }
  ++at;
  c.year = year;
  std::int32_t nanos = 0;
  std::int64_t zone = 0;
  if (!digits(text, at, 2, c.hour) || !literal(text, at, ':') || !digits(text, at, 2, c.minute) ||
      !literal(text, at, ':') || !digits(text, at, 2, c.second) || !fraction(text, at, nanos) ||
      !offset(text, at, zone) || at != text.size() || !valid(c)) {
    return std::nullopt;
  }
  const std::int64_t seconds = from_civil(c) - zone;
  if (seconds < kMinSeconds || seconds > kMaxSeconds) return std::nullopt;
  return Instant{seconds, nanos};
}

// Every decision carries its time: digits are put in place one by one, ten times faster than a
// format string.
char* write_rfc3339(char* to, Instant t) {
  const Civil c = to_civil(t.seconds);
  std::memcpy(to, "0000-00-00T00:00:00.000000000", 29);
  put_digits(to, 4, c.year);
  put_digits(to + 5, 2, c.month);
  put_digits(to + 8, 2, c.day);
  put_digits(to + 11, 2, c.hour);
  put_digits(to + 14, 2, c.minute);
  put_digits(to + 17, 2, c.second);
  put_digits(to + 20, 9, t.nanos);
  to += t.nanos == 0 ? 19 : t.nanos % 1'000'000 == 0 ? 23 : t.nanos % 1'000 == 0 ? 26 : 29;
  *to = 'Z';
  return to + 1;
}

std::string format_rfc3339(Instant t) {
  std::array<char, 30> text;
  return std::string(text.data(), write_rfc3339(text.data(), t));
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::int64_t previous = std::numeric_limits<std::int64_t>::max();
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || text[0] == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const Unit* unit = nullptr;
    for (const Unit& u : kUnits) {
      if (u.name == text.substr(0, letters)) unit = &u;
    }
    if (unit == nullptr || unit->nanos >= previous) return std::nullopt;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(number, unit->nanos, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
    previous = unit->nanos;
    text.remove_prefix(letters);
  }
  return Duration{total};
}

std::string format_duration(Duration d) {
  if (d.nanos == 0) return "0s";
  std::string out = d.nanos < 0 ? "-" : "";
  auto rest =
      d.nanos < 0 ? 0 - static_cast<std::uint64_t>(d.nanos) : static_cast<std::uint64_t>(d.nanos);
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.nanos);
    if (rest < size) continue;
    out += fmt::format_int(rest / size).c_str();
    out += unit.name;
    rest %= size;
  }
  return out;
}

}  // namespace autopilot
