#include "core/render/chart_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace autopilot::render {
namespace {

constexpr const char* kBars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t kSteps = 8;
constexpr std::size_t kLeastBars = 8;

double greatest_of(const Chart& chart) {
  double greatest = 0;
  for (const Series& s : chart.series) {
    for (const double v : s.values) greatest = std::max(greatest, v);
  }
  return greatest;
}

double mean_of(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += values[i];
  return sum / static_cast<double>(end - begin);
}

// What is there at all shows as at least one step.
std::string bar(double value, double greatest, bool unicode) {
  if (greatest <= 0 || value <= 0) return unicode ? " " : "0";
  const double steps = unicode ? kSteps : 9;
  const auto height =
      static_cast<std::size_t>(std::clamp(std::round(value / greatest * steps), 1.0, steps));
  return unicode ? kBars[height] : std::to_string(height);
}

std::string bars_of(const Series& series, std::size_t bars, double greatest, bool unicode) {
  std::string out;
  const std::size_t places = series.values.size();
  for (std::size_t i = 0; i < bars; ++i) {
    const std::size_t begin = i * places / bars;
    const std::size_t end = std::max(begin + 1, (i + 1) * places / bars);
    out += bar(mean_of(series.values, begin, end), greatest, unicode);
  }
  return out;
}

std::string range_of(const Series& series) {
  const auto [least, most] = std::minmax_element(series.values.begin(), series.values.end());
  return *least == *most ? fmt::format("{}", *least) : fmt::format("{} to {}", *least, *most);
}

std::string padded_to(std::string text, std::size_t width) {
  const std::size_t has = display_width(text);
  return has < width ? text + std::string(width - has, ' ') : text;
}

// The names of the first and the last place below the ends of the bars.
std::string axis(const Chart& chart, std::size_t bars) {
  const std::size_t used = display_width(chart.first) + display_width(chart.last);
  const std::size_t gap = bars > used ? bars - used : 1;
  return chart.first + std::string(gap, ' ') + chart.last;
}

}  // namespace

std::vector<Line> chart_lines(const Chart& chart, const TextStyle& style) {
  if (chart.series.empty() || chart.series[0].values.empty()) return {};
  std::size_t names = display_width(chart.title), ranges = 0;
  for (const Series& s : chart.series) {
    names = std::max(names, display_width(s.name));
    ranges = std::max(ranges, range_of(s).size());
  }
  const std::size_t places = chart.series[0].values.size();
  const std::size_t around = names + 2 + 2 + ranges;
  const std::size_t room = style.width > around + kLeastBars ? style.width - around : kLeastBars;
  // Few places are drawn wider, so that there is something to see.
  const std::size_t bars =
      places >= room ? room
                     : places * std::max<std::size_t>(1, std::min<std::size_t>(room, 40) / places);
  const double greatest = greatest_of(chart);
  std::vector<Line> out;
  for (const Series& s : chart.series) {
    out.push_back(Line({{padded_to(s.name, names) + "  ", Tone::plain},
                        {bars_of(s, bars, greatest, style.unicode), s.tone},
                        {"  " + range_of(s), Tone::dim}}));
  }
  out.push_back(
      Line({{padded_to(chart.title, names) + "  ", Tone::dim}, {axis(chart, bars), Tone::dim}}));
  return out;
}

}  // namespace autopilot::render
