#include "core/deploy/history_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

// ---- DORA

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1) return fmt::format("{:.0f}ms", *seconds * 1e3);
  return rounded(Duration{static_cast<std::int64_t>(*seconds * 1e9)});
}

struct Dora {
  std::int64_t deployments = 0;  // that came to an end and reached anybody, or were promoted
  std::int64_t failed = 0;       // that were taken back, or that a return or a hotfix followed
  std::int64_t failed_exposed = 0;
  std::int64_t rework = 0;
  std::vector<double> lead, recovery;
};

bool is_rework(const Rollout& r) {
  const Value* type = r.spec.get("type");
  return r.is_direct || (type != nullptr && *type == Value("hotfix"));
}

// `rollouts` newest first.
Dora count(const std::vector<Rollout>& rollouts, const DoraSettings& settings) {
  Dora out;
  for (std::size_t i = rollouts.size(); i-- > 0;) {
    const Rollout& r = rollouts[i];
    if (!r.finished || *r.finished <= settings.from || *r.finished > settings.to) continue;
    ++out.deployments;
    if (is_rework(r)) ++out.rework;
    if (r.phase == Phase::rolled_back) {
      ++out.failed;
      if (r.exposure > 0) ++out.failed_exposed;
      if (r.rollback_since && r.exposure > 0)
        out.recovery.push_back(
            static_cast<double>((r.zero_since.value_or(*r.finished) - *r.rollback_since).nanos) /
            1e9);
      continue;
    }
    const auto commit = settings.committed.find(r.version);
    if (commit != settings.committed.end())
      out.lead.push_back(static_cast<double>((*r.finished - commit->second).nanos) / 1e9);
    // The next one that is a return or a hotfix says that this one needed it.
    if (i > 0 && is_rework(rollouts[i - 1]) && rollouts[i - 1].phase == Phase::promoted) {
      ++out.failed;
      ++out.failed_exposed;
      out.recovery.push_back(
          static_cast<double>(
              (rollouts[i - 1].finished.value_or(rollouts[i - 1].created) - *r.finished).nanos) /
          1e9);
    }
  }
  return out;
}

Value ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? Value() : Value(static_cast<double>(part) / static_cast<double>(whole));
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f}%",
                                  100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

Value number_or_null(std::optional<double> number) { return number ? Value(*number) : Value(); }

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

render::Report describe_dora(const std::vector<Rollout>& rollouts, const DoraSettings& settings) {
  const Dora d = count(rollouts, settings);
  const double days = static_cast<double>((settings.to - settings.from).nanos) / 86400e9;
  const double per_week = days > 0 ? static_cast<double>(d.deployments) / days * 7 : 0;
  const std::optional<double> lead = median(d.lead), recovery = median(d.recovery);
  render::Report report{"autopilot.deploy-dora/v1",
                        Map{{"from", format_rfc3339(settings.from)},
                            {"to", format_rfc3339(settings.to)},
                            {"deployments", d.deployments},
                            {"deployments_per_week", per_week},
                            {"change_lead_time_seconds", number_or_null(lead)},
                            {"change_lead_time_known", static_cast<std::int64_t>(d.lead.size())},
                            {"failed_deployment_recovery_seconds", number_or_null(recovery)},
                            {"change_fail_rate", ratio(d.failed, d.deployments)},
                            {"change_fail_rate_exposed", ratio(d.failed_exposed, d.deployments)},
                            {"deployment_rework_rate", ratio(d.rework, d.deployments)},
                            {"source", "https://dora.dev/guides/dora-metrics/"}},
                        {}};
  render::Table table{{"METRIC", "", "DEFINITION"}, {}, {false, true}};
  const auto row = [&](const char* name, std::string value, const char* definition) {
    table.rows.push_back({Line(name), Line(std::move(value)), Line(definition)});
  };
  row("change lead time", seconds_text(lead),
      "median, from committed to version control to deployed in production");
  row("deployment frequency", fmt::format("{:.1f} a week", per_week), "deployments over a period");
  row("failed deployment recovery time", seconds_text(recovery),
      "median, to recover from a deployment that fails and requires immediate intervention");
  row("change fail rate", percent(d.failed, d.deployments),
      "deployments that require immediate intervention: a rollback or a hotfix");
  row("  of those that reached users", percent(d.failed_exposed, d.deployments),
      "the same, canaries that nobody had seen left out");
  row("deployment rework rate", percent(d.rework, d.deployments),
      "deployments that are unplanned, the result of an incident in production");
  report.text.emplace_back(std::move(table));
  report.text.emplace_back(render::Lines{{fmt::format(
      "{} deployments from {} to {}. Definitions: dora.dev/guides/dora-metrics.", d.deployments,
      format_rfc3339({settings.from.seconds, 0}), format_rfc3339({settings.to.seconds, 0}))}});
  return report;
}

}  // namespace autopilot::deploy
