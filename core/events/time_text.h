#pragma once
// Times as logs write them: RFC 3339 with a T or a space, a day alone, or a number of seconds,
// milliseconds, microseconds or nanoseconds since 1970. Without a zone it is UTC.

#include <cstdint>
#include <string>
#include <string_view>

namespace autopilot::events {

// The last day that was read, which is often that of the next row, too.
struct KnownDay {
  std::string text;
  std::int64_t seconds = 0;
};

bool parse_time(std::string_view text, KnownDay& day, std::int64_t& micros);
bool parse_time(std::string_view text, std::int64_t& micros);
// Of a number, by its size: no event happened before 1973.
bool epoch_micros(double value, std::int64_t& micros);

}  // namespace autopilot::events
