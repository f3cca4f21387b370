#include "core/render/svg_intervals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/render/html.h"
#include "core/render/ticks.h"

namespace autopilot::render {
namespace {

constexpr double kPlotWidth = 960, kEdge = 24, kRowHeight = 26, kAxis = 30;
constexpr double kLeastName = 170, kMostName = 420, kLetter = 7.3, kNameEdge = 12;

bool begins_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }  // in UTF-8

double width_of_name(const std::string& name) {
  return kLetter * static_cast<double>(std::count_if(name.begin(), name.end(), begins_letter)) +
         2 * kNameEdge;
}

// What fits into the widest column of names, its end first: names of segments differ there.
std::string fitting(const std::string& name) {
  if (width_of_name(name) <= kMostName) return name;
  std::size_t from = name.size();
  for (auto left = static_cast<int>((kMostName - 2 * kNameEdge) / kLetter) - 1; left > 0; --left) {
    do --from;
    while (from > 0 && !begins_letter(name[from]));
  }
  return "…" + name.substr(from);
}

// From values to the picture.
class IntervalScale {
 public:
  explicit IntervalScale(const SvgIntervals& plot) : low_(plot.line), high_(plot.line) {
    for (const SvgInterval& row : plot.rows) {
      include(row.value);
      if (row.has_interval) include(row.low), include(row.high);
    }
    for (const SvgInterval& row : plot.rows) names_ = std::max(names_, width_of_name(row.name));
    names_ = std::min(names_, kMostName);
    const double margin = high_ > low_ ? (high_ - low_) * 0.04 : 1;
    low_ -= margin;
    high_ += margin;
  }
  double at(double value) const {
    return names_ + (kPlotWidth - names_ - kEdge) * (value - low_) / (high_ - low_);
  }
  double names() const { return names_; }  // their width
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  void include(double value) {
    if (!std::isfinite(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  double low_, high_, names_ = kLeastName;
};

void append_axis(std::string& out, const IntervalScale& scale, double bottom) {
  const double step = tick_step(scale.high() - scale.low(), 5);
  for (double v = std::ceil(scale.low() / step) * step; v <= scale.high(); v += step) {
    const double shown = std::abs(v) < step / 1000 ? 0 : v;
    out += fmt::format(
        R"svg(<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1:.1f}" stroke="var(--line)"/>)svg"
        R"svg(<text x="{0:.1f}" y="{2:.1f}" text-anchor="middle" fill="var(--dim)">{3:.4g}</text>)svg",
        scale.at(v), bottom, bottom + 18, shown);
  }
}

void append_row(std::string& out, const SvgInterval& row, const IntervalScale& scale, double y) {
  out +=
      fmt::format(R"svg(<text x="{}" y="{:.1f}" text-anchor="end" fill="var(--ink)">{}</text>)svg",
                  scale.names() - kNameEdge, y + 4, html_escaped(fitting(row.name)));
  if (row.has_interval && std::isfinite(row.low) && std::isfinite(row.high))
    out += fmt::format(R"svg(<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" )svg"
                       R"svg(stroke="var(--changed)" stroke-width="3" stroke-linecap="round"/>)svg",
                       scale.at(row.low), scale.at(row.high), y, y);
  out += fmt::format(
      R"svg(<circle cx="{:.1f}" cy="{:.1f}" r="4.5" fill="var(--changed)"><title>{}: {:.6g}</title></circle>)svg",
      scale.at(row.value), y, html_escaped(row.name), row.value);
}

}  // namespace

std::string svg_intervals(const SvgIntervals& plot) {
  SvgIntervals kept = plot;
  std::erase_if(kept.rows, [](const SvgInterval& row) { return !std::isfinite(row.value); });
  const IntervalScale scale(kept);
  const double bottom = kRowHeight * static_cast<double>(kept.rows.size()) + 8;
  std::string out =
      fmt::format(R"svg(<svg class="chart" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}" )svg"
                  R"svg(font-size="13">)svg",
                  kPlotWidth, bottom + kAxis, html_escaped(kept.title));
  append_axis(out, scale, bottom);
  out += fmt::format(
      R"svg(<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1:.1f}" stroke="var(--dim)" )svg"
      R"svg(stroke-dasharray="4 4"><title>{2}</title></line>)svg",
      scale.at(kept.line), bottom, html_escaped(kept.line_name));
  double y = kRowHeight / 2 + 4;
  for (const SvgInterval& row : kept.rows) {
    append_row(out, row, scale, y);
    y += kRowHeight;
  }
  return out + "</svg>";
}

}  // namespace autopilot::render
