#include "core/trial/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/json.h"
#include "core/base/units.h"
#include "core/decide/summary.h"

namespace autopilot::trial {
namespace {

using render::Line;
using render::Tone;
using render::Tree;

constexpr std::size_t kMostPolicies = 8;  // shown under one failed case

std::string counted(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

Tree mismatch_tree(const Mismatch& mismatch, const SourceMap& sources) {
  return {Line({{"expected", Tone::bad},
                {"  " + mismatch_text(mismatch), Tone::plain},
                {"  " + place(sources, mismatch.span), Tone::dim}}),
          {}};
}

Tree failure_tree(const policy::PolicyTest& test, const CaseResult& result,
                  const SourceMap& sources) {
  Tree root{Line({{"FAIL", Tone::bad},
                  {fmt::format("  {}: {}", test.id, result.test_case->name), Tone::strong},
                  {"  " + place(sources, result.test_case->span), Tone::dim}}),
            {}};
  for (const Mismatch& m : result.mismatches) root.children.push_back(mismatch_tree(m, sources));
  if (result.decision.is_null()) return root;
  if (!result.decision.get("reasons")->as_list().empty())
    root.children.push_back(decide::reasons_tree(result.decision));
  const auto traces = telling_traces(result);
  for (std::size_t i = 0; i < traces.size() && i < kMostPolicies; ++i)
    root.children.push_back(decide::policy_tree(*traces[i], result.decision));
  if (traces.size() > kMostPolicies) {
    root.children.push_back(
        {Line(fmt::format("… and {}", counted(traces.size() - kMostPolicies, "policy more"))), {}});
  }
  return root;
}

Value mismatch_value(const Mismatch& m, const SourceMap& sources) {
  return Map{{"what", m.what},
             {"expected", m.expected},
             {"actual", m.actual},
             {"place", place(sources, m.span)}};
}

Value step_value(const decide::TraceStep& step) {
  return Map{
      {"kind", step.kind}, {"name", step.name},     {"status", decide::to_string(step.status)},
      {"text", step.text}, {"detail", step.detail}, {"values", parse_json(step.values).value}};
}

Value case_value(const CaseResult& result, const SourceMap& sources) {
  Map out{{"name", result.test_case->name},
          {"passed", result.passed()},
          {"place", place(sources, result.test_case->span)}};
  if (result.passed()) return out;
  List failures, policies;
  for (const Mismatch& m : result.mismatches) failures.push_back(mismatch_value(m, sources));
  for (const decide::PolicyTrace* trace : telling_traces(result)) {
    List steps;
    for (const decide::TraceStep& step : trace->steps) steps.push_back(step_value(step));
    policies.push_back(Map{{"id", trace->id},
                           {"applied", trace->applied},
                           {"why", trace->why},
                           {"steps", std::move(steps)}});
  }
  out.append("failures", std::move(failures));
  out.append("decision", result.decision);
  out.append("policies", std::move(policies));
  return out;
}

List test_values(const Findings& findings) {
  List out;
  for (const TestResult& result : findings.results) {
    List cases;
    for (const CaseResult& one : result.cases) cases.push_back(case_value(one, findings.sources));
    out.push_back(
        Map{{"id", result.test->id}, {"file", result.test->file}, {"cases", std::move(cases)}});
  }
  return out;
}

Line count_line(const Summary& s) {
  std::vector<render::Run> runs{
      {fmt::format("{} in {}: ", counted(s.cases, "case"), counted(s.tests, "test")), Tone::plain}};
  if (s.failed == 0) {
    runs.push_back({"all passed", Tone::good});
  } else {
    runs.push_back({fmt::format("{} passed, ", s.cases - s.failed), Tone::plain});
    runs.push_back({fmt::format("{} failed", s.failed), Tone::bad});
  }
  if (s.left_out > 0)
    runs.push_back({fmt::format("; {} not run", counted(s.left_out, "case")), Tone::dim});
  return runs;
}

}  // namespace

std::string mismatch_text(const Mismatch& m) {
  return fmt::format("{}: {}, got {}", m.what, m.expected, m.actual);
}

// Policies that gave a reason, or that the expectations name; without any, those that applied.
std::vector<const decide::PolicyTrace*> telling_traces(const CaseResult& result) {
  std::set<std::string, std::less<>> named;
  const auto name = [&](const Value* id) {
    if (id != nullptr && id->is_string()) named.insert(id->as_string());
  };
  if (!result.decision.is_null()) {
    for (const Value& reason : result.decision.get("reasons")->as_list()) {
      if (reason.get("monitor") == nullptr) name(reason.get("policy"));
    }
  }
  for (const char* list : {"reasons", "no_reasons"}) {
    const YamlNode* reasons = result.test_case->expect.find(list);
    if (reasons == nullptr) continue;
    for (const YamlNode& reason : reasons->items) {
      if (const YamlNode* id = reason.find("policy")) named.insert(id->text);
    }
  }
  if (const YamlNode* monitor = result.test_case->expect.find("monitor")) {
    for (const YamlEntry& entry : monitor->entries) named.insert(entry.key);
  }
  std::vector<const decide::PolicyTrace*> out, applied;
  for (const decide::PolicyTrace& trace : result.trace.policies) {
    if (named.contains(trace.id)) out.push_back(&trace);
    if (trace.applied && !trace.steps.empty()) applied.push_back(&trace);
  }
  return out.empty() ? applied : out;
}

Summary summary_of(const std::vector<TestResult>& results) {
  Summary out;
  for (const TestResult& result : results) {
    ++out.tests;
    out.cases += result.cases.size();
    out.failed += static_cast<std::size_t>(std::count_if(
        result.cases.begin(), result.cases.end(), [](const CaseResult& c) { return !c.passed(); }));
  }
  return out;
}

bool Findings::covered_enough() const {
  return coverage == nullptr || coverage->total().share() >= least_coverage;
}

render::Report describe(const Findings& findings) {
  const Summary& s = findings.summary;
  render::Report report{"autopilot.test/v1",
                        {{"passed", findings.passed()},
                         {"cases", Value(s.cases)},
                         {"failed", Value(s.failed)},
                         {"not_run", Value(s.left_out)},
                         {"tests", test_values(findings)}},
                        {}};
  for (const TestResult& result : findings.results) {
    for (const CaseResult& one : result.cases) {
      if (!one.passed()) report.text.push_back(failure_tree(*result.test, one, findings.sources));
    }
  }
  if (findings.coverage != nullptr) {
    report.data.append("coverage", coverage_values(*findings.coverage, findings.sources));
    for (render::Block& block : coverage_blocks(*findings.coverage, findings.sources))
      report.text.push_back(std::move(block));
  }
  render::Lines end{{count_line(s)}};
  if (findings.coverage != nullptr)
    end.lines.push_back(Line(coverage_text(findings.coverage->total())));
  if (!findings.covered_enough()) {
    end.lines.push_back(
        Line({{"coverage is below " + format_share(findings.least_coverage), Tone::bad}}));
  }
  report.text.push_back(std::move(end));
  return report;
}

}  // namespace autopilot::trial
