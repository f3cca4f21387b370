// The page of `backtest --html`: the report with its plots.
#include <fmt/format.h>

#include <algorithm>

#include "core/evaluate/report.h"
#include "core/render/html.h"
#include "core/render/svg_intervals.h"

namespace autopilot::evaluate {
namespace {

constexpr std::string_view kFigureStyle = R"(
figure{margin:1.5rem 0;overflow-x:auto}figcaption{color:var(--dim);font-size:.9rem;margin-bottom:.4rem}
svg.chart{width:100%;height:auto;min-width:42rem}
main{max-width:80rem}td{overflow-wrap:normal}
)";

std::string figure(const std::string& caption, const render::SvgIntervals& plot) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n",
                     render::html_escaped(caption), render::svg_intervals(plot));
}

render::SvgInterval mark(const std::string& name, double value, const Stated& stated, bool forced) {
  render::SvgInterval out{name, value};
  out.has_interval = stated.is_sound() || (forced && stated.interval);
  if (out.has_interval) out.low = stated.interval->low, out.high = stated.interval->high;
  return out;
}

std::string estimates_figure(const Backtest& b, const BacktestStory& story) {
  render::SvgIntervals plot{"estimates and their intervals", b.baseline, b.logged, {}};
  for (const Estimated& e : b.estimates) {
    if (e.uplift) plot.line = e.uplift->baseline;
    plot.rows.push_back(mark(name_of(e.estimator), e.value, e.bootstrap, story.is_forced));
  }
  return figure(
      fmt::format("What {} earns a row, by estimator; the broken line is {}", b.target, b.baseline),
      plot);
}

std::string segments_figure(const Backtest& b, const BacktestStory& story) {
  if (b.segments.empty()) return {};
  render::SvgIntervals plot{"differences by segment", "no difference", 0, {}};
  for (const Segment& s : b.segments) {
    if (s.is_refused && !story.is_forced) continue;
    const double half = (s.interval.high - s.interval.low) / 2;
    const double scale = s.error > 0 ? s.difference_error / s.error : 1;
    plot.rows.push_back(
        {s.name, s.difference, true, s.difference - half * scale, s.difference + half * scale});
  }
  return figure(
      fmt::format("Difference from {} by segment, by {}", b.baseline, name_of(b.segment_estimator)),
      plot);
}

// For who does not know estimators: the one that segments go by.
std::string lead(const Backtest& b, const BacktestStory& story) {
  if (is_refused(b, story))
    return fmt::format("This log cannot tell what {} would have earned.", b.target);
  const auto found = std::find_if(b.estimates.begin(), b.estimates.end(), [&](const Estimated& e) {
    return name_of(e.estimator) == name_of(b.segment_estimator);
  });
  if (found == b.estimates.end()) return {};
  std::string out =
      fmt::format("{} would have earned about {} a row", b.target, number_text(found->value));
  if (found->bootstrap.is_sound())
    out += fmt::format(" ({:.4g}% interval: {} to {})", 100 * (1 - story.alpha),
                       number_text(found->bootstrap.interval->low),
                       number_text(found->bootstrap.interval->high));
  const double baseline = found->uplift ? found->uplift->baseline : b.logged;
  out += fmt::format("; {} earned {}.", b.baseline, number_text(baseline));
  if (b.trust == Trust::yes) return out + " The log bears that out.";
  return out + (b.trust == Trust::doubt ? " There are doubts, named at the end."
                                        : " The log cannot be trusted with that.");
}

}  // namespace

std::string backtest_page(const Answer& answer, const BacktestStory& story) {
  const Backtest& b = answer.backtest;
  render::HtmlPage page;
  page.title = "backtest of " + b.target;
  page.style = kFigureStyle;
  const render::Report report = describe(answer, story);
  page.body = "<h1>" + render::html_escaped(page.title) + "</h1>\n<p class=\"lead\">" +
              render::html_escaped(lead(b, story)) + "</p>\n";
  if (!is_refused(b, story)) page.body += estimates_figure(b, story) + segments_figure(b, story);
  page.body += render::html_blocks(report.text);
  page.data = Value(report.data);
  return render::html_page(page);
}

}  // namespace autopilot::evaluate
