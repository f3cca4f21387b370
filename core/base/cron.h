#pragma once
// Vixie cron expressions: five fields (minute hour day month weekday) or @hourly and its kin. Pure:
// knows no clock and no time zone; the caller gives local fields.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autopilot {

// Bit n of a mask is set when the value n matches. Sunday is 0.
struct Cron {
  std::uint64_t minutes = 0;  // 0-59
  std::uint32_t hours = 0;    // 0-23
  std::uint32_t days = 0;     // 1-31
  std::uint16_t months = 0;   // 1-12
  std::uint8_t weekdays = 0;  // 0-6
  // Vixie's rule: when neither day field starts with *, a day matches that fits either of them.
  bool either_day = false;
  // Neither minute nor hour starts with *: a time of day, which clock changes neither drop nor
  // double.
  bool is_fixed_time = false;
};

struct CronResult {
  std::optional<Cron> cron;
  std::string fault;      // when !cron: lower case, no final period
  std::size_t begin = 0;  // bytes of the text that the fault is about
  std::size_t end = 0;
};

CronResult parse_cron(std::string_view text);

// minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-6 with Sunday 0.
bool matches(const Cron& cron, int minute, int hour, int day, int month, int weekday);

}  // namespace autopilot
