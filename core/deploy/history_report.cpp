#include "core/deploy/history_report.h"

#include <fmt/format.h>

#include "core/base/units.h"

namespace autopilot::deploy {
namespace {

using render::Line;
using render::Tone;

std::string rounded(Duration d) {
  const Duration whole = Duration::seconds(d.nanos / 1'000'000'000);
  return whole.nanos <= 0 ? "0s" : format_duration(whole);
}

Duration length_of(const Rollout& r) { return r.finished ? *r.finished - r.created : Duration{}; }

std::string exposure_text(const Rollout& r) {
  const std::string copies =
      r.copied == 0 ? "" : fmt::format("{} copies, {} bad", r.copied, r.copied_bad);
  if (r.served == 0) return copies.empty() ? "-" : copies;
  return fmt::format("{} requests, {} bad{}{}", r.served, r.served_bad, copies.empty() ? "" : "; ",
                     copies);
}

Map data_of(const Rollout& r) {
  List verdicts;
  for (const auto& [name, a] : r.analyses)
    verdicts.push_back(Map{{"analysis", name}, {"verdict", a.verdict}, {"why", a.why}});
  return Map{
      {"rollout", r.id},
      {"deployment", r.deployment},
      {"environment", r.environment},
      {"version", r.version},
      {"previous", r.previous},
      {"state", r.state()},
      {"actor", r.actor},
      {"reason", r.reason},
      {"created", format_rfc3339(r.created)},
      {"finished", r.finished ? Value(format_rfc3339(*r.finished)) : Value()},
      {"seconds", static_cast<double>(length_of(r).nanos) / 1e9},
      {"cause", r.cause},
      {"exposure", Map{{"seconds", r.exposure}, {"requests", r.served}, {"bad", r.served_bad}}},
      {"copies", Map{{"requests", r.copied}, {"bad", r.copied_bad}}},
      {"verdicts", std::move(verdicts)}};
}

}  // namespace

render::Report describe_history(const std::vector<Rollout>& rollouts) {
  render::Report report{"autopilot.deploy-history/v1", {}, {}};
  List data;
  render::Table table{{"ROLLOUT", "VERSION", "STATE", "BY", "BEGAN", "TOOK", "EXPOSURE", "CAUSE"},
                      {},
                      {false, false, false, false, false, true}};
  for (const Rollout& r : rollouts) {
    data.push_back(data_of(r));
    table.rows.push_back({Line(r.id), Line(r.version), Line(r.state()), Line(r.actor),
                          Line(format_rfc3339({r.created.seconds, 0})),
                          Line(r.finished ? rounded(length_of(r)) : ""), Line(exposure_text(r)),
                          Line(r.cause)});
  }
  report.data = Map{{"rollouts", std::move(data)}};
  if (table.rows.empty()) {
    report.text.emplace_back(render::Lines{{"Nothing was deployed yet."}});
  } else {
    report.text.emplace_back(std::move(table));
  }
  return report;
}

}  // namespace autopilot::deploy
