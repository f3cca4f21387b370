#include "core/deploy/statistic.h"

#include <charconv>

#include "core/base/text.h"
#include "core/deploy/json_path.h"

namespace autopilot::deploy {
namespace {

std::optional<int> status_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 100 && value < 1000 ? std::optional(value) : std::nullopt;
}

}  // namespace

double milliseconds(Duration d) { return static_cast<double>(d.nanos / 1000) / 1000; }

std::optional<Statistic> parse_statistic(std::string_view text) {
  if (text == "mean") return Statistic{Statistic::Kind::mean, 0};
  if (text == "max") return Statistic{Statistic::Kind::most, 0};
  if (text == "min") return Statistic{Statistic::Kind::least, 0};
  if (!text.starts_with('p') || text.size() < 2 || text[1] < '0' || text[1] > '9') return {};
  const std::optional<double> percent = parse_number(text.substr(1));
  if (!percent || *percent > 100) return std::nullopt;
  return Statistic{Statistic::Kind::quantile, *percent / 100};
}

Duration statistic_of(const Histogram& histogram, const Statistic& statistic) {
  switch (statistic.kind) {
    case Statistic::Kind::mean:
      return histogram.mean();
    case Statistic::Kind::most:
      return histogram.most();
    case Statistic::Kind::least:
      return histogram.least();
    case Statistic::Kind::quantile:
      break;
  }
  return histogram.quantile(statistic.quantile);
}

bool StatusSet::add(std::string_view part) {
  if (part.size() == 3 && part.ends_with("xx") && part[0] >= '1' && part[0] <= '9') {
    const auto first = static_cast<std::size_t>(part[0] - '0') * 100;
    for (std::size_t i = first; i < first + 100; ++i) in_[i] = true;
    return true;
  }
  const std::size_t dash = part.find('-');
  const auto first = status_of(part.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : status_of(part.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (int i = *first; i <= *last; ++i) in_[static_cast<std::size_t>(i)] = true;
  return true;
}

std::optional<StatusSet> StatusSet::parse(std::string_view text) {
  StatusSet set;
  for (const std::string& part : split(text, ',')) {
    if (!set.add(trim(part))) return std::nullopt;
  }
  return set;
}

}  // namespace autopilot::deploy
