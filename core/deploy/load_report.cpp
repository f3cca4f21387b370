#include <fmt/format.h>

#include "core/base/units.h"
#include "core/deploy/load.h"

namespace autopilot::deploy {
namespace {

using render::Line;
using render::Tone;

constexpr std::pair<const char*, double> kQuantiles[] = {
    {"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};

std::string shown_time(Duration d) {
  const double ms = static_cast<double>(d.nanos) / 1e6;
  if (ms >= 10'000) return fmt::format("{:.2f} s", ms / 1000);
  return ms >= 100 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.2f} ms", ms);
}

Value latencies(const Histogram& h) {
  if (h.count() == 0) return {};
  Map out{{"count", Value(h.count())},
          {"min", milliseconds(h.least())},
          {"mean", milliseconds(h.mean())}};
  for (const auto& [name, q] : kQuantiles) {
    std::string key = name;
    if (const std::size_t dot = key.find('.'); dot != std::string::npos) key[dot] = '_';
    out.append(key, milliseconds(h.quantile(q)));
  }
  out.append("max", milliseconds(h.most()));
  return out;
}

std::vector<Line> latency_row(const char* name, const Histogram& h) {
  if (h.count() == 0) {
    std::vector<Line> empty(std::size(kQuantiles) + 3, "-");
    empty[0] = name;
    return empty;
  }
  std::vector<Line> row{name, shown_time(h.mean())};
  for (const auto& [label, q] : kQuantiles) row.push_back(shown_time(h.quantile(q)));
  row.push_back(shown_time(h.most()));
  return row;
}

struct Kind {
  const char* name;
  const char* words;
  std::int64_t count;
};
std::vector<Kind> error_kinds(const LoadResult& r) {
  return {{"timed_out", "no answer in time", r.timed_out},
          {"refused", "no connection", r.refused},
          {"closed", "closed before the answer was whole", r.closed},
          {"malformed", "no HTTP", r.malformed},
          {"local", "this machine was out of ports or descriptors", r.local},
          {"unsent", "no connection was free to send it", r.unsent}};
}

void add_errors(const LoadResult& r, render::Report& report) {
  Map statuses, errors;
  render::Lines lines;
  for (std::size_t status = 0; status < r.statuses.size(); ++status) {
    if (r.statuses[status] == 0) continue;
    statuses.append(std::to_string(status), Value(r.statuses[status]));
    lines.lines.push_back(Line({{fmt::format("{:>10}  status {}", r.statuses[status], status),
                                 status >= 400 ? Tone::bad : Tone::plain}}));
  }
  for (const Kind& kind : error_kinds(r)) {
    errors.append(kind.name, Value(kind.count));
    if (kind.count == 0) continue;
    lines.lines.push_back(Line({{fmt::format("{:>10}  {}", kind.count, kind.words), Tone::bad}}));
  }
  report.data.append("statuses", std::move(statuses));
  report.data.append("errors", std::move(errors));
  if (!lines.lines.empty()) report.text.push_back(std::move(lines));
}

void add_objectives(const LoadPlan& plan, const LoadResult& r, render::Report& report) {
  List objectives;
  render::Lines lines;
  for (const Objective& objective : plan.objectives) {
    const Judgement judged = judge(objective, r);
    objectives.push_back(
        Map{{"objective", objective.text}, {"figure", judged.figure}, {"met", judged.met}});
    lines.lines.push_back(
        Line({{judged.met ? "met     " : "not met ", judged.met ? Tone::good : Tone::bad},
              {fmt::format("{}: {}", objective.text, figure_text(objective, judged.figure)),
               Tone::plain}}));
  }
  report.data.append("objectives", std::move(objectives));
  if (!lines.lines.empty()) report.text.push_back(std::move(lines));
}

// A run that the generator or its connections held back says less than it seems to.
void add_lateness(const LoadPlan& plan, const LoadResult& r, render::Report& report) {
  if (r.late == 0) return;
  std::string text = fmt::format("{} requests were sent more than 1 ms late, at most {}", r.late,
                                 shown_time(r.latest));
  report.text.push_back(render::Paragraph{Line({{text + ". Latencies include it.", Tone::warn}})});
  if (r.most_connections < plan.connections) return;
  report.text.push_back(render::Paragraph{Line(
      fmt::format("At times all of --connections {} waited for answers, and requests for them.",
                  plan.connections))});
}

}  // namespace

std::string figure_text(const Objective& objective, double figure) {
  if (objective.of == Objective::Of::errors) return format_share(figure);
  if (objective.of == Objective::Of::throughput) return fmt::format("{:.1f}/s", figure);
  return shown_time(Duration{static_cast<std::int64_t>(figure * 1e9)});
}

render::Report describe_load(const LoadPlan& plan, const LoadResult& r) {
  render::Report report{"autopilot.load/v1",
                        {{"url", shown_url(plan.url)},
                         {"method", plan.method},
                         {"rate", plan.rate},
                         {"duration_s", static_cast<double>(r.took.nanos) / 1e9},
                         {"interrupted", r.interrupted},
                         {"due", Value(r.due)},
                         {"sent", Value(r.sent)},
                         {"answered", Value(r.answered)},
                         {"answered_in_time", Value(r.in_time)},
                         {"failed", Value(r.failed)},
                         {"error_share", r.error_share()},
                         {"throughput", r.throughput()},
                         {"bytes", Value(static_cast<std::int64_t>(r.bytes))},
                         {"connections", r.most_connections},
                         {"late", Value(r.late)},
                         {"latest_ms", milliseconds(r.latest)},
                         {"latency_ms", latencies(r.latency)},
                         {"service_ms", latencies(r.service)},
                         {"relative_error", Histogram::kRelativeError}},
                        {}};
  report.text.push_back(render::Lines{
      {Line(fmt::format("{} {}: {} requests in {:.2f} s{}", plan.method, shown_url(plan.url), r.due,
                        static_cast<double>(r.took.nanos) / 1e9,
                        r.interrupted ? ", interrupted" : "")),
       Line(fmt::format("{:.1f}/s asked, {:.1f}/s answered, {} failed ({}), {} connection{}",
                        plan.rate, r.throughput(), r.failed, format_share(r.error_share()),
                        r.most_connections, r.most_connections == 1 ? "" : "s"))}});
  render::Table table{{"", "mean"}, {}, {false}};
  for (const auto& [name, q] : kQuantiles) table.columns.emplace_back(name);
  table.columns.emplace_back("max");
  table.right.resize(table.columns.size(), true);
  table.rows = {latency_row("latency", r.latency), latency_row("service time", r.service)};
  report.text.push_back(std::move(table));
  add_errors(r, report);
  add_lateness(plan, r, report);
  add_objectives(plan, r, report);
  return report;
}

}  // namespace autopilot::deploy
