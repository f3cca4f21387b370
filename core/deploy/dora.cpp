#include "core/deploy/dora.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

using render::Line;

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1) return fmt::format("{:.0f}ms", *seconds * 1e3);
  return format_duration(Duration::seconds(static_cast<std::int64_t>(*seconds)));
}

struct Dora {
  std::int64_t deployments = 0;  // that came to an end
  std::int64_t failed = 0;       // that were taken back, or that a return or a hotfix followed
  std::int64_t unseen = 0;       // that were taken back before anybody was served
  std::int64_t rework = 0;
  std::vector<double> lead, recovery;
};

bool is_rework(const Rollout& r) {
  const Value* type = r.spec.get("type");
  return r.is_direct || (type != nullptr && *type == Value("hotfix"));
}

double seconds_between(Instant from, Instant to) {
  return static_cast<double>((to - from).nanos) / 1e9;
}

void count_taken_back(const Rollout& r, Dora& out) {
  ++out.failed;
  if (r.exposure <= 0) {
    ++out.unseen;
  } else if (r.rollback_since) {
    out.recovery.push_back(seconds_between(*r.rollback_since, r.zero_since.value_or(*r.finished)));
  }
}

// `next` is the rollout that followed; null: none did. A return or a hotfix says that this one
// needed it.
void count_promoted(const Rollout& r, const Rollout* next, const DoraSettings& settings,
                    Dora& out) {
  const auto commit = settings.committed.find(r.version);
  if (commit != settings.committed.end())
    out.lead.push_back(seconds_between(commit->second, *r.finished));
  if (next == nullptr || !is_rework(*next) || next->phase != Phase::promoted) return;
  ++out.failed;
  out.recovery.push_back(seconds_between(*r.finished, next->finished.value_or(next->created)));
}

// `rollouts` of one environment, newest first.
void count(const std::vector<const Rollout*>& rollouts, const DoraSettings& settings, Dora& out) {
  for (std::size_t i = rollouts.size(); i-- > 0;) {
    const Rollout& r = *rollouts[i];
    if (!r.finished || *r.finished <= settings.from || *r.finished > settings.to) continue;
    ++out.deployments;
    if (is_rework(r)) ++out.rework;
    if (r.phase == Phase::rolled_back) {
      count_taken_back(r, out);
    } else {
      count_promoted(r, i == 0 ? nullptr : rollouts[i - 1], settings, out);
    }
  }
}

Dora count_all(const std::vector<Rollout>& rollouts, const DoraSettings& settings) {
  std::map<std::string, std::vector<const Rollout*>> by_environment;
  for (const Rollout& r : rollouts) by_environment[r.environment].push_back(&r);
  Dora out;
  for (const auto& [name, of_one] : by_environment) {
    const std::vector<std::string>& wanted = settings.environments;
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end())
      count(of_one, settings, out);
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

// "to production ", where environments were named.
std::string place_text(const std::vector<std::string>& environments) {
  return environments.empty() ? "" : fmt::format("to {} ", join(environments, " and "));
}

}  // namespace

std::vector<std::string> last_environments(const policy::Document& document) {
  const Value* all = document.content.get("spec")->get("environments");
  if (all == nullptr || !all->is_map()) return {};
  std::set<std::string> required;
  for (const auto& [name, environment] : all->as_map()) {
    const Value* wanted = environment.get("requires");
    if (wanted != nullptr && wanted->is_string()) required.insert(wanted->as_string());
  }
  std::vector<std::string> out;
  for (const auto& [name, environment] : all->as_map()) {
    if (!required.contains(name)) out.push_back(name);
  }
  return out;
}

render::Report describe_dora(const std::vector<Rollout>& rollouts, const DoraSettings& settings) {
  const Dora d = count_all(rollouts, settings);
  const std::int64_t seen = d.deployments - d.unseen, seen_failed = d.failed - d.unseen;
  List environments;
  for (const std::string& name : settings.environments) environments.emplace_back(name);
  const double days = static_cast<double>((settings.to - settings.from).nanos) / 86400e9;
  const double per_week = days > 0 ? static_cast<double>(d.deployments) / days * 7 : 0;
  const std::optional<double> lead = median(d.lead), recovery = median(d.recovery);
  render::Report report{"autopilot.deploy-dora/v1",
                        Map{{"from", format_rfc3339(settings.from)},
                            {"to", format_rfc3339(settings.to)},
                            {"environments", std::move(environments)},
                            {"deployments", d.deployments},
                            {"deployments_per_week", per_week},
                            {"change_lead_time_seconds", number_or_null(lead)},
                            {"change_lead_time_known", static_cast<std::int64_t>(d.lead.size())},
                            {"failed_deployment_recovery_seconds", number_or_null(recovery)},
                            {"change_fail_rate", ratio(d.failed, d.deployments)},
                            {"change_fail_rate_exposed", ratio(seen_failed, seen)},
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
  row("  of those that reached users", percent(seen_failed, seen),
      "the same, without those that were taken back before anybody was served");
  row("deployment rework rate", percent(d.rework, d.deployments),
      "deployments that are unplanned, the result of an incident in production");
  report.text.emplace_back(std::move(table));
  report.text.emplace_back(render::Paragraph{fmt::format(
      "{} deployment{} {}from {} to {}. Definitions: dora.dev/guides/dora-metrics.", d.deployments,
      d.deployments == 1 ? "" : "s", place_text(settings.environments),
      format_rfc3339({settings.from.seconds, 0}), format_rfc3339({settings.to.seconds, 0}))});
  return report;
}

}  // namespace autopilot::deploy
