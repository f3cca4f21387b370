#pragma once
// Instants and durations in nanoseconds, RFC 3339 text, "5m" text. Never reads a clock (World
// does).

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autopilot {

// A length of time. Range ±292 years.
struct Duration {
  std::int64_t nanos = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;

  static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
};

// A moment: seconds since 1970-01-01T00:00:00Z (may be negative) and nanos in [0, 1e9). Years 0001
// to 9999.
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;

  std::int64_t micros() const { return seconds * 1'000'000 + nanos / 1000; }
  static Instant from_micros(std::int64_t micros);
};

Instant operator+(Instant t, Duration d);
Instant operator-(Instant t, Duration d);
Duration operator-(Instant a, Instant b);  // saturates at the range of Duration

// Civil time in UTC (proleptic Gregorian).
struct Civil {
  std::int64_t year = 1970;
  int month = 1;  // 1-12
  int day = 1;    // 1-31
  int hour = 0, minute = 0, second = 0;
};
Civil to_civil(std::int64_t unix_seconds);
std::int64_t from_civil(const Civil& civil);  // REQUIRES valid fields
int days_in_month(std::int64_t year, int month);

// "2026-11-20T10:01:00Z", "…00.25+01:00". Null when malformed or out of range. Leap seconds are
// refused.
std::optional<Instant> parse_rfc3339(std::string_view text);
char* write_rfc3339(char* to, Instant t);  // as format_rfc3339, at `to`: 30 bytes; returns the end
std::string format_rfc3339(Instant t);     // UTC, fraction of 0, 3, 6 or 9 digits

// "30s" "5m" "2h" "7d" "1h30m" "250ms". One or more number+unit, units descending; null when
// malformed or overflowing.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration d);  // the shortest such text: 3600 s → "1h"

}  // namespace autopilot
