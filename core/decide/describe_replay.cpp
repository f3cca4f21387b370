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

render::Report describe(const Comparison& comparison, std::string_view against) {
  render::Report report{"autopilot.replay_against/v1", {}, {}};
  List groups;
  render::Table table{{"policy", "rule", "before", "after", "decisions", "for example"},
                      {},
                      {false, false, false, false, true}};
  render::Lines notes;
  for (const auto& [key, group] : comparison.groups()) {
    groups.push_back(Map{{"policy", key.policy},
                         {"rule", key.rule},
                         {"before", to_string(key.before)},
                         {"after", to_string(key.after)},
                         {"count", group.count},
                         {"example", group.example},
                         {"message", group.message},
                         {"action_before", parse_json(group.action_before).value},
                         {"action_after", parse_json(group.action_after).value}});
    table.rows.push_back(
        {Line(key.policy.empty() ? "-" : key.policy), Line(key.rule.empty() ? "-" : key.rule),
         Line({{std::string(to_string(key.before)), tone_of(to_string(key.before))}}),
         Line({{std::string(to_string(key.after)), tone_of(to_string(key.after))}}),
         Line(fmt::format("{}", group.count)), Line(group.example)});
    if (!group.message.empty())
      notes.lines.push_back(
          Line({{group.example + "  ", Tone::dim}, {group.message, Tone::plain}}));
  }
  report.data = Map{{"against", against},
                    {"checked", comparison.checked()},
                    {"differing", comparison.differing()},
                    {"groups", std::move(groups)}};
  if (!table.rows.empty()) report.text.push_back(std::move(table));
  if (!notes.lines.empty()) report.text.push_back(std::move(notes));
  report.text.push_back(
      render::Lines{{Line(fmt::format("{} of {} decisions would differ under {}",
                                      comparison.differing(), comparison.checked(), against))}});
  return report;
}

}  // namespace autopilot::decide
