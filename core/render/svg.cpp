#include "core/render/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/render/html.h"

namespace autopilot::render {
namespace {

// Two decimals are finer than any screen.
std::string coordinate(double value) {
  std::string out = fmt::format("{:.2f}", value);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::good:
    case Tone::added:
      return "good";
    case Tone::bad:
    case Tone::removed:
      return "bad";
    case Tone::warn:
      return "warn";
    case Tone::changed:
      return "changed";
    default:
      return "plain";
  }
}

std::vector<std::vector<double>> stacked(const Chart& chart, double most) {
  std::vector<std::vector<double>> rows(1);
  rows[0].assign(chart.series.empty() ? 0 : chart.series[0].values.size(), 0);
  for (const Series& s : chart.series) {
    std::vector<double> row = rows.back();
    for (std::size_t i = 0; i < row.size(); ++i) row[i] += most > 0 ? s.values[i] / most : 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

double height_of(const Chart& chart) {
  double most = 0;
  const std::size_t places = chart.series.empty() ? 0 : chart.series[0].values.size();
  for (std::size_t i = 0; i < places; ++i) {
    double sum = 0;
    for (const Series& s : chart.series) sum += s.values[i];
    most = std::max(most, sum);
  }
  return most;
}

std::string label(double x, double y, const char* anchor, const char* name, std::string_view text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" data-label=\"{}\">{}</text>\n",
                     coordinate(x), coordinate(y), anchor, name, html_escaped(text));
}

}  // namespace

std::string svg_band(const std::vector<double>& below, const std::vector<double>& above,
                     const SvgFrame& frame) {
  if (below.empty()) return {};
  const double width = frame.width - frame.left - frame.right;
  const double height = frame.height - frame.top - frame.bottom;
  const double column = width / static_cast<double>(below.size());
  const auto x = [&](std::size_t i) {
    return coordinate(frame.left + static_cast<double>(i) * column);
  };
  const auto y = [&](double share) { return coordinate(frame.top + (1 - share) * height); };
  std::string out = "M" + x(0) + " " + y(below[0]);
  for (std::size_t i = 0; i < above.size(); ++i) out += "V" + y(above[i]) + "H" + x(i + 1);
  for (std::size_t i = below.size(); i-- > 0;) out += "V" + y(below[i]) + "H" + x(i);
  return out + "Z";
}

std::string svg_stack(const Chart& chart, const SvgFrame& frame) {
  const double most = height_of(chart);
  const double right = frame.width - frame.right, bottom = frame.height - frame.bottom;
  std::string names;
  for (const Series& s : chart.series) names += (names.empty() ? "" : ", ") + s.name;
  std::string out = fmt::format(
      "<svg class=\"chart\"{} viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" data-x=\"{}\" "
      "data-y=\"{}\" data-width=\"{}\" data-height=\"{}\" data-most=\"{}\">\n",
      frame.id.empty() ? "" : " id=\"" + html_escaped(frame.id) + "\"", coordinate(frame.width),
      coordinate(frame.height),
      html_escaped(
          fmt::format("{} by {}, from {} to {}", names, chart.title, chart.first, chart.last)),
      coordinate(frame.left), coordinate(frame.top), coordinate(right - frame.left),
      coordinate(bottom - frame.top), coordinate(most));
  const std::vector<std::vector<double>> rows = stacked(chart, most);
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    out += fmt::format("<path data-series=\"{}\" class=\"{}\" d=\"{}\"/>\n", s,
                       tone_class(chart.series[s].tone), svg_band(rows[s], rows[s + 1], frame));
  }
  out += fmt::format("<path class=\"axis\" fill=\"none\" d=\"M{0} {1}V{2}H{3}\"/>\n",
                     coordinate(frame.left), coordinate(frame.top), coordinate(bottom),
                     coordinate(right));
  if (!frame.marker.empty()) {
    out += fmt::format(
        "<rect id=\"{}\" class=\"here\" x=\"{}\" y=\"{}\" width=\"2\" height=\"{}\"/>\n",
        html_escaped(frame.marker), coordinate(frame.left), coordinate(frame.top),
        coordinate(bottom - frame.top));
  }
  out += label(frame.left - 6, frame.top + 10, "end", "most", double_text(most));
  out += label(frame.left - 6, bottom, "end", "least", "0");
  out += label(frame.left, frame.height - 8, "start", "first", chart.first);
  out += label((frame.left + right) / 2, frame.height - 8, "middle", "title", chart.title);
  out += label(right, frame.height - 8, "end", "last", chart.last);
  return out + "</svg>\n";
}

std::string svg_key(const Chart& chart) {
  std::string out = "<ul class=\"key\">";
  for (const Series& s : chart.series) {
    out += fmt::format("<li><i class=\"{}\"></i>{}</li>", tone_class(s.tone), html_escaped(s.name));
  }
  return out + "</ul>\n";
}

}  // namespace autopilot::render
