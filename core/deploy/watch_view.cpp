#include "core/deploy/watch_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/deploy/frame.h"
#include "core/deploy/sparkline.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostBars = 60, kFewestBars = 8;
constexpr std::size_t kBesideBars = 22;  // columns of the table that are neither name nor bars
constexpr std::size_t kEvents = 8;
constexpr std::string_view kKeys = "p promote  a abort  q quit";

std::vector<std::string> lines_of(const render::Block& block, const render::TextStyle& style) {
  std::string text = render::report_text({"", {}, {block}}, style);
  if (text.ends_with('\n')) text.pop_back();
  return text.empty() ? std::vector<std::string>{} : split(text, '\n');
}

// The line of the present step: as many lines as the steps before it take.
std::size_t line_of_stage(const render::Tree& tree, const Rollout& r,
                          const render::TextStyle& style) {
  if (r.phase != Phase::forward) return 0;
  render::Tree before = tree;
  before.children.resize(std::min(tree.children.size(), static_cast<std::size_t>(r.stage)));
  return lines_of(before, style).size();
}

render::Table metrics_table(const Watched& seen, std::size_t columns) {
  std::size_t name = 6;  // its heading
  for (const MetricModel& m : seen.strategy.model.metrics)
    name = std::max(name, display_width(m.name));
  const std::size_t room = columns > name + kBesideBars ? columns - name - kBesideBars : 0;
  return sparklines(seen.strategy.model, seen.samples, std::clamp(room, kFewestBars, kMostBars));
}

render::Lines last_events(const std::vector<JournalEvent>& events) {
  render::Lines out;
  for (std::size_t i = events.size() > kEvents ? events.size() - kEvents : 0; i < events.size();
       ++i)
    out.lines.emplace_back(
        fmt::format("{}  {}", format_rfc3339({events[i].at.seconds, 0}), events[i].text));
  return out;
}

}  // namespace

Duration watched_time(const Strategy& strategy) {
  return {strategy.model.interval.nanos * static_cast<std::int64_t>(kMostBars)};
}

std::vector<std::string> watch_frame(const Watched& seen, const render::TextStyle& plain,
                                     Screen::Size size) {
  render::TextStyle style = plain;
  style.width = size.columns;
  StatusFacts facts = seen.facts;
  facts.events.clear();  // they have a place of their own
  const render::Report report = describe_status(seen.rollout, seen.strategy, facts);
  const auto& tree = std::get<render::Tree>(report.text.at(1));
  std::vector<Section> sections{
      {lines_of(report.text.at(0), style), 1, 0},
      {lines_of(tree, style), 4, line_of_stage(tree, seen.rollout, style)},
      {lines_of(metrics_table(seen, size.columns), style), 3, 1},
      {lines_of(last_events(seen.facts.events), style), 1, kEvents}};
  for (Section& s : sections) {
    if (!s.lines.empty()) s.focus = std::min(s.focus, s.lines.size() - 1);
  }
  std::vector<std::string> keys;
  if (!seen.message.empty()) keys.push_back(seen.message);
  keys.emplace_back(kKeys);
  const std::size_t bottom = keys.size() + 1;  // an empty line above
  const std::size_t tight = size.rows > keys.size() ? size.rows - keys.size() : 0;
  Frame frame = fitted(sections, size.rows > bottom ? size.rows - bottom : 0);
  if (frame.hidden == 0) frame.lines.emplace_back();
  if (frame.hidden > 0) frame = fitted(sections, tight);
  if (frame.hidden > 0) keys.back() += fmt::format("  {} hidden", frame.hidden);
  if (size.rows < keys.size()) keys.erase(keys.begin());
  frame.lines.insert(frame.lines.end(), keys.begin(), keys.end());
  for (std::string& line : frame.lines) line = clipped(line, size.columns);
  // What clears the rest of the screen would take a last character in the last column with it.
  if (size.columns > 1) frame.lines.back() = clipped(frame.lines.back(), size.columns - 1);
  return std::move(frame.lines);
}

std::string drawn(const std::vector<std::string>& lines) {
  std::string out = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i)
    out += (i > 0 ? "\r\n\x1b[2K" : "\x1b[2K") + lines[i];
  return out + "\x1b[J";
}

}  // namespace autopilot::deploy
