#include "core/base/cron.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

namespace autopilot {
namespace {

struct CronField {
  std::string_view name;
  int low;
  int high;
  const std::string_view* words;  // of the values from `low`, or null
  int word_count;
};

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<CronField, 5> kFields{{{"minute", 0, 59, nullptr, 0},
                                            {"hour", 0, 23, nullptr, 0},
                                            {"day", 1, 31, nullptr, 0},
                                            {"month", 1, 12, kMonths, 12},
                                            {"weekday", 0, 7, kWeekdays, 7}}};

struct Nickname {
  std::string_view name;
  std::string_view fields;
};
constexpr Nickname kNicknames[] = {{"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
                                   {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
                                   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                                   {"@hourly", "0 * * * *"}};

struct CronFault {
  std::string message;
};

bool same_word(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

std::optional<int> parse_digits(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text[0] == '-' || fault != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

int parse_value(std::string_view text, const CronField& field) {
  for (int i = 0; i < field.word_count; ++i) {
    if (same_word(text, field.words[i])) return field.low + i;
  }
  const auto value = parse_digits(text);
  if (!value.has_value()) throw CronFault{fmt::format("\"{}\" is no {}", text, field.name)};
  if (*value < field.low || *value > field.high) {
    throw CronFault{
        fmt::format("{} {} is not between {} and {}", field.name, text, field.low, field.high)};
  }
  return *value;
}

// "*" "*/5" "3" "1-5" "1-9/2" "mon-fri"; a step needs a range, as Vixie has it.
std::uint64_t parse_item(std::string_view item, const CronField& field) {
  int step = 1;
  const std::size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto value = parse_digits(item.substr(slash + 1));
    if (!value.has_value() || *value < 1) {
      throw CronFault{fmt::format("the step of \"{}\" is no number above 0", item)};
    }
    step = *value;
    item = item.substr(0, slash);
  }
  int low = field.low, high = field.high;
  const std::size_t dash = item.find('-');
  if (dash != std::string_view::npos) {
    low = parse_value(item.substr(0, dash), field);
    high = parse_value(item.substr(dash + 1), field);
    if (low > high)
      throw CronFault{fmt::format("the range {} of the {} field runs backwards", item, field.name)};
  } else if (item != "*") {
    low = high = parse_value(item, field);
    if (slash != std::string_view::npos) {
      throw CronFault{fmt::format("a step needs a range: write {}-{}/{}", low, field.high, step)};
    }
  } else if (field.high == 7) {
    high = 6;  // 7 is Sunday again
  }
  std::uint64_t mask = 0;
  for (int i = low; i <= high; i += step) mask |= std::uint64_t{1} << (field.high == 7 ? i % 7 : i);
  return mask;
}

std::uint64_t parse_field(std::string_view text, const CronField& field) {
  std::uint64_t mask = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    mask |= parse_item(text.substr(0, comma), field);
    if (comma == std::string_view::npos) return mask;
    text.remove_prefix(comma + 1);
  }
}

struct CronWord {
  std::size_t begin;
  std::size_t end;
};

std::vector<CronWord> words_of(std::string_view text) {
  std::vector<CronWord> words;
  for (std::size_t at = text.find_first_not_of(" \t"); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back({at, end});
    at = text.find_first_not_of(" \t", end);
  }
  return words;
}

CronResult refuse(std::string message, std::size_t begin, std::size_t end) {
  return {std::nullopt, std::move(message), begin, end};
}

}  // namespace

CronResult parse_cron(std::string_view text) {
  const std::vector<CronWord> words = words_of(text);
  if (!words.empty() && text[words[0].begin] == '@') {
    const std::string_view name = text.substr(words[0].begin, words[0].end - words[0].begin);
    for (const Nickname& nickname : kNicknames) {
      if (words.size() == 1 && nickname.name == name) return parse_cron(nickname.fields);
    }
    return refuse(fmt::format("{} is not known", name), words[0].begin, words[0].end);
  }
  if (words.size() != kFields.size()) {
    return refuse(fmt::format("{} fields instead of 5", words.size()), 0, text.size());
  }
  std::array<std::uint64_t, 5> masks{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    try {
      masks[i] =
          parse_field(text.substr(words[i].begin, words[i].end - words[i].begin), kFields[i]);
    } catch (const CronFault& fault) {
      return refuse(fault.message, words[i].begin, words[i].end);
    }
  }
  Cron cron;
  cron.minutes = masks[0];
  cron.hours = static_cast<std::uint32_t>(masks[1]);
  cron.days = static_cast<std::uint32_t>(masks[2]);
  cron.months = static_cast<std::uint16_t>(masks[3]);
  cron.weekdays = static_cast<std::uint8_t>(masks[4]);
  cron.either_day = text[words[2].begin] != '*' && text[words[4].begin] != '*';
  cron.is_fixed_time = text[words[0].begin] != '*' && text[words[1].begin] != '*';
  return {cron, {}, 0, 0};
}

bool matches(const Cron& cron, int minute, int hour, int day, int month, int weekday) {
  const auto bit = [](std::uint64_t mask, int n) { return (mask >> n & 1) != 0; };
  const bool day_fits = bit(cron.days, day), weekday_fits = bit(cron.weekdays, weekday);
  return bit(cron.minutes, minute) && bit(cron.hours, hour) && bit(cron.months, month) &&
         (cron.either_day ? day_fits || weekday_fits : day_fits && weekday_fits);
}

}  // namespace autopilot
