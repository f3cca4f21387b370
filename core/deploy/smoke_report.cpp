#include <fmt/format.h>

#include <algorithm>

#include "core/deploy/smoke.h"
#include "core/render/xml.h"

namespace autopilot::deploy {
namespace {

using render::Line;
using render::Tone;

std::size_t failed(const std::vector<SmokeResult>& results) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const auto& r) { return !r.passed(); }));
}

Value result_value(const SmokeResult& r) {
  List faults(r.faults.begin(), r.faults.end());
  Value status;
  if (r.status != 0) status = Value(r.status);
  return Map{{"name", r.check->name},
             {"method", r.check->request.method},
             {"url", shown_url(r.check->request.url)},
             {"passed", r.passed()},
             {"status", std::move(status)},
             {"latency_ms", milliseconds(r.took)},
             {"attempts", r.attempts},
             {"faults", std::move(faults)}};
}

std::vector<Line> row(const SmokeResult& r) {
  return {Line({{r.passed() ? "passed" : "failed", r.passed() ? Tone::good : Tone::bad}}),
          r.check->name, r.status == 0 ? std::string("-") : std::to_string(r.status),
          r.status == 0 ? std::string("-") : fmt::format("{:.1f} ms", milliseconds(r.took)),
          std::to_string(r.attempts)};
}

}  // namespace

render::Report describe_smoke(const SmokeFile& file, const std::vector<SmokeResult>& results) {
  List checks;
  render::Table table{
      {"", "check", "status", "latency", "tries"}, {}, {false, false, true, true, true}};
  std::vector<render::Block> faults;
  for (const SmokeResult& r : results) {
    checks.push_back(result_value(r));
    table.rows.push_back(row(r));
    if (r.passed()) continue;
    render::Tree tree{Line({{r.check->name, Tone::bad}}), {}};
    for (const std::string& fault : r.faults) tree.children.push_back({fault, {}});
    faults.push_back(std::move(tree));
  }
  const std::size_t bad = failed(results);
  const std::string count =
      fmt::format("{} check{}: ", results.size(), results.size() == 1 ? "" : "s");
  render::Report report{"autopilot.smoke/v1",
                        {{"file", file.file},
                         {"passed", bad == 0},
                         {"count", Value(results.size())},
                         {"failed", Value(bad)},
                         {"checks", std::move(checks)}},
                        {}};
  report.text.push_back(std::move(table));
  for (render::Block& block : faults) report.text.push_back(std::move(block));
  report.text.push_back(render::Lines{
      {bad == 0 ? Line({{count, Tone::plain}, {"all passed", Tone::good}})
                : Line({{count, Tone::plain}, {fmt::format("{} failed", bad), Tone::bad}})}});
  return report;
}

std::string smoke_junit(const SmokeFile& file, const std::vector<SmokeResult>& results,
                        const SourceMap& sources) {
  using render::xml_text;
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"autopilot deploy smoke\" tests=\"{0}\" failures=\"{1}\" errors=\"0\">\n"
      "  <testsuite name=\"{2}\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" skipped=\"0\">\n",
      results.size(), failed(results), xml_text(file.file));
  for (const SmokeResult& r : results) {
    const Span& span = r.check->span;
    out += fmt::format(
        "    <testcase classname=\"{0}\" name=\"{1}\" file=\"{0}\" line=\"{2}\" time=\"{3:.6f}\"",
        xml_text(file.file), xml_text(r.check->name),
        sources.position(span.source, span.begin).line, static_cast<double>(r.took.nanos) / 1e9);
    if (r.passed()) {
      out += "/>\n";
      continue;
    }
    std::string body;
    for (const std::string& fault : r.faults) body += fault + "\n";
    out += fmt::format(
        ">\n      <failure type=\"assertion\" message=\"{}\">{}</failure>\n    </testcase>\n",
        xml_text(r.faults[0]), xml_text(body));
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace autopilot::deploy
