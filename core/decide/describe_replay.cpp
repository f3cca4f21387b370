// `autopilot replay`: what came out the same, and what did not.
#include <fmt/format.h>

#include "core/base/json.h"
#include "core/decide/line_texts.h"
#include "core/decide/summary.h"

namespace autopilot::decide {

using render::Line;
using render::Tone;

render::Report describe(const ReplaySummary& summary) {
  render::Report report{"autopilot.replay/v1", {}, {}};
  List examples;
  for (const ReplayDifference& d : summary.examples) {
    examples.push_back(Map{{"id", d.id},
                           {"recorded", parse_json(d.recorded).value},
                           {"replayed", parse_json(d.replayed).value}});
    std::size_t at = 0;
    while (at < d.recorded.size() && at < d.replayed.size() && d.recorded[at] == d.replayed[at])
      ++at;
    const std::size_t from = at < 30 ? 0 : at - 30;
    report.text.push_back(render::Lines{
        {Line({{d.id, Tone::bad}, {fmt::format(" differs from byte {} on", at + 1), Tone::plain}}),
         Line("  recorded …" + d.recorded.substr(from, 90)),
         Line("  replayed …" + d.replayed.substr(from, 90))}});
  }
  report.data = Map{{"checked", summary.checked},
                    {"equal", summary.checked - summary.differing},
                    {"differing", summary.differing},
                    {"examples", std::move(examples)}};
  const bool good = summary.differing == 0;
  report.text.push_back(
      render::Lines{{Line({{fmt::format("{} of {} decisions replay to the same bytes",
                                        summary.checked - summary.differing, summary.checked),
                            good ? Tone::good : Tone::bad}})}});
  return report;
}

}  // namespace autopilot::decide
