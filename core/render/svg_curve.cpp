#include "core/render/svg_curve.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/render/html.h"
#include "core/render/ticks.h"

namespace autopilot::render {
namespace {

// A small picture, so that what is written in it stays legible where it is shrunk.
constexpr double kWide = 640, kHigh = 340, kTop = 42, kBottom = 62, kRight = 26;
constexpr double kLetter = 10.5, kGap = 10;

struct Axis {
  double low = 0, high = 1, step = 1;

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void settle(int marks, bool to_ticks) {
    if (!(high > low)) high = low + std::max(1.0, std::abs(low) / 10);
    step = tick_step(high - low, marks);
    if (!to_ticks) return;
    low = std::floor(low / step) * step;
    high = std::ceil(high / step) * step;
  }
  double share(double value) const { return (value - low) / (high - low); }
  std::vector<double> ticks() const {
    std::vector<double> out;
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k)
      out.push_back(k * step);
    return out;
  }
};

class CurvePicture {
 public:
  explicit CurvePicture(const Chart& chart) : chart_(chart) {
    x_ = {chart.places.front(), chart.places.back(), 1};
    y_ = {values().front(), values().front(), 1};
    for (const double value : values()) y_.include(value);
    for (const Mark& mark : chart.marks) {
      x_.include(mark.place);
      y_.include(mark.value);
    }
    x_.settle(5, false);
    y_.settle(6, true);
    std::size_t letters = 0;
    for (const double v : y_.ticks()) letters = std::max(letters, tick_text(v, y_.step).size());
    left_ = kLetter * static_cast<double>(letters) + 2 * kGap;
  }

  std::string draw() {
    out_ = fmt::format(
        "<svg class=\"chart curve\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" "
        "aria-label=\"{}\">\n",
        kWide, kHigh, html_escaped(words()));
    axes();
    std::string path;
    for (std::size_t i = 0; i < values().size(); ++i)
      path +=
          fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x(chart_.places[i]), y(values()[i]));
    out_ += fmt::format("<path class=\"line\" d=\"{}\"/>\n", path);
    for (const Mark& m : chart_.marks) mark(m);
    return std::move(out_) + "</svg>\n";
  }

 private:
  const std::vector<double>& values() const { return chart_.series[0].values; }
  double x(double place) const { return left_ + x_.share(place) * (kWide - left_ - kRight); }
  double y(double value) const { return kTop + (1 - y_.share(value)) * (kHigh - kTop - kBottom); }

  std::string words() const {
    std::string out =
        fmt::format("{} by {}, from {} to {}", chart_.up, chart_.across, chart_.first, chart_.last);
    for (const Mark& m : chart_.marks) out += "; " + m.name;
    return out;
  }
  void text(double at_x, double at_y, const char* anchor, std::string_view words,
            std::string_view kind) {
    out_ +=
        fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                    kind, at_x, at_y, anchor, html_escaped(words));
  }

  void axes() {
    const double bottom = kHigh - kBottom, right = kWide - kRight;
    for (const double v : y_.ticks()) {
      out_ +=
          fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", left_, y(v), right);
      text(left_ - kGap, y(v) + 5, "end", tick_text(v, y_.step), "tick");
    }
    for (const double v : x_.ticks()) {
      out_ += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}v6\"/>\n", x(v), bottom);
      const bool is_last = x(v) > right - 2 * kGap;
      text(is_last ? right + kGap : x(v), bottom + 24, is_last ? "end" : "middle",
           tick_text(v, x_.step), "tick");
    }
    text(kGap, 20, "start", chart_.up, "title");
    text((left_ + right) / 2, kHigh - 8, "middle", chart_.across, "title");
  }

  // The first above the curve, to its left; others below it, to its right; where there is no room,
  // to the other side.
  void mark(const Mark& m) {
    const double at_x = x(m.place), at_y = y(m.value);
    const bool first = &m == chart_.marks.data();
    const double width = kLetter * static_cast<double>(m.name.size());
    const bool to_left = first ? at_x - width > left_ : at_x + width > kWide - kGap;
    const char* tone = m.tone == Tone::good ? "good" : "plain";
    out_ += fmt::format(
        "<path class=\"here {}\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n"
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/>\n",
        tone, at_x, at_y, kHigh - kBottom, tone, at_x, at_y);
    text(to_left ? at_x - kGap : at_x + kGap, first ? at_y - kGap : at_y + 2.2 * kGap,
         to_left ? "end" : "start", m.name, "mark");
  }

  const Chart& chart_;
  Axis x_, y_;
  double left_ = 0;
  std::string out_;
};

}  // namespace

std::string tick_text(double value, double step) {
  const int places = std::max(0, static_cast<int>(-std::floor(std::log10(step))));
  const double shown = std::abs(value) < step / 1000 ? 0 : value;
  std::string out = fmt::format("{:.{}f}", std::abs(shown), std::min(places, 12));
  const std::size_t whole = std::min(out.find('.'), out.size());
  for (std::size_t at = whole; at > 3; at -= 3) out.insert(at - 3, ",");
  return (shown < 0 ? "-" : "") + out;
}

std::string svg_curve(const Chart& chart) { return CurvePicture(chart).draw(); }

}  // namespace autopilot::render
