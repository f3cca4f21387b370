#include "core/deploy/sparkline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace autopilot::deploy {
namespace {

constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::optional<double> number_of(const Sample& s) {
  if (!s.no_data.empty()) return std::nullopt;
  if (s.value) return std::isfinite(*s.value) ? s.value : std::nullopt;
  if (s.total <= 0) return std::nullopt;
  return static_cast<double>(s.bad) / static_cast<double>(s.total);
}

std::string bars(const std::vector<std::optional<double>>& numbers, double least, double most) {
  std::string out;
  for (const std::optional<double>& n : numbers) {
    if (!n) {
      out += ' ';
      continue;
    }
    const double part = most > least ? (*n - least) / (most - least) : 0;
    out += kBars[static_cast<std::size_t>(std::lround(part * 7))];
  }
  return out;
}

}  // namespace

render::Table sparklines(const Deployment& model, const std::vector<Sample>& samples,
                         std::size_t width) {
  render::Table table{{"METRIC", "ARM", "LAST", ""}, {}, {false, false, true}};
  for (const MetricModel& metric : model.metrics) {
    std::vector<std::optional<double>> arms[2];
    double least = 0, most = 0;
    for (const Sample& s : samples) {
      if (s.metric != metric.name) continue;
      arms[s.arm == "canary" ? 0 : 1].push_back(number_of(s));
    }
    for (auto& arm : arms) {
      if (arm.size() > width) arm.erase(arm.begin(), arm.end() - static_cast<long>(width));
      for (const auto& n : arm) {
        if (n) least = std::min(least, *n), most = std::max(most, *n);
      }
    }
    for (int i = 0; i < 2; ++i) {
      if (arms[i].empty()) continue;
      const std::optional<double> last = arms[i].back();
      table.rows.push_back({render::Line(metric.name), render::Line(i == 0 ? "canary" : "stable"),
                            render::Line(last ? fmt::format("{:.4g}", *last) : "no data"),
                            render::Line(bars(arms[i], least, most))});
    }
  }
  return table;
}

}  // namespace autopilot::deploy
