#include "core/base/timezone.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

namespace autopilot {
namespace {

using Point = cctz::time_point<cctz::seconds>;

Point point_of(std::int64_t unix_seconds) { return Point(cctz::seconds(unix_seconds)); }
std::int64_t seconds_of(const Point& point) { return point.time_since_epoch().count(); }

bool two_digits(std::string_view& text, int limit, int& out) {
  if (text.size() < 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
    return false;
  out = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return out <= limit;
}

// "+02:00", "-0330", "05:30": seconds east of UTC.
std::optional<int> parse_offset(std::string_view text) {
  int sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  int hours = 0, minutes = 0;
  if (!two_digits(text, 23, hours)) return std::nullopt;
  if (!text.empty() && text[0] == ':') text.remove_prefix(1);
  if (!two_digits(text, 59, minutes) || !text.empty()) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

// cctz would look for a file of that name anywhere: only names as the tables have them are let
// through.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] == '/' ||
      name.find("..") != std::string_view::npos)
    return false;
  for (const char c : name) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '/' && c != '_' && c != '-' && c != '+') return false;
  }
  return name != "localtime" && !name.starts_with("libc:");
}

}  // namespace

struct TimeZone::Zone {
  std::string name;
  cctz::time_zone zone;
};

TimeZone::TimeZone() = default;
TimeZone::TimeZone(std::shared_ptr<const Zone> zone) : zone_(std::move(zone)) {}

std::optional<TimeZone> TimeZone::load(std::string_view name) {
  if (name == "UTC" || name == "Z") return TimeZone();
  if (const auto offset = parse_offset(name)) {
    return TimeZone(std::make_shared<Zone>(
        Zone{std::string(name), cctz::fixed_time_zone(cctz::seconds(*offset))}));
  }
  Zone zone{std::string(name), {}};
  if (!is_zone_name(name) || !cctz::load_time_zone(zone.name, &zone.zone)) return std::nullopt;
  return TimeZone(std::make_shared<Zone>(std::move(zone)));
}

const std::string& TimeZone::name() const {
  static const std::string kUtc = "UTC";
  return zone_ ? zone_->name : kUtc;
}

LocalTime TimeZone::to_civil(Instant t) const {
  const auto found = (zone_ ? zone_->zone : cctz::utc_time_zone()).lookup(point_of(t.seconds));
  const cctz::civil_second& cs = found.cs;
  LocalTime local;
  local.civil = {cs.year(), cs.month(), cs.day(), cs.hour(), cs.minute(), cs.second()};
  local.weekday = (static_cast<int>(cctz::get_weekday(cctz::civil_day(cs))) + 1) %
                  7;  // cctz counts from Monday
  local.yearday = cctz::get_yearday(cctz::civil_day(cs)) - 1;
  local.offset_seconds = found.offset;
  return local;
}

TimeZone::Lookup TimeZone::from_civil(const Civil& c) const {
  const cctz::civil_second local(c.year, c.month, c.day, c.hour, c.minute, c.second);
  const auto found = (zone_ ? zone_->zone : cctz::utc_time_zone()).lookup(local);
  Lookup result;
  switch (found.kind) {
    case cctz::time_zone::civil_lookup::UNIQUE:
      result.unix_seconds = seconds_of(found.pre);
      break;
    case cctz::time_zone::civil_lookup::SKIPPED:
      result.exists = false;
      result.unix_seconds = seconds_of(found.trans);
      break;
    case cctz::time_zone::civil_lookup::REPEATED:
      result.unix_seconds = seconds_of(found.pre);
      result.repeats = true;
      result.second = seconds_of(found.post);
      break;
  }
  return result;
}

}  // namespace autopilot
