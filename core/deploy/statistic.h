#pragma once
// Numbers of a latency distribution by their names: p50, p95, p99.9, mean, max.

#include <optional>
#include <string>
#include <string_view>

#include "core/deploy/histogram.h"

namespace autopilot::deploy {

struct Statistic {
  enum class Kind { quantile, mean, most, least };
  Kind kind = Kind::quantile;
  double quantile = 0;
};

inline constexpr char kStatistics[] = "p50, p95, p99.9, mean, min or max";

std::optional<Statistic> parse_statistic(std::string_view text);
double milliseconds(Duration d);  // in whole µs, for reports
Duration statistic_of(const Histogram& histogram, const Statistic& statistic);

// Which statuses of HTTP are meant: "5xx", "404", "500-504", or several with commas.
class StatusSet {
 public:
  static std::optional<StatusSet> parse(std::string_view text);
  bool contains(int status) const {
    return status >= 0 && status < 1000 && in_[static_cast<std::size_t>(status)];
  }

 private:
  bool add(std::string_view part);
  bool in_[1000] = {};
};

}  // namespace autopilot::deploy
