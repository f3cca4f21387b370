// JUnit XML as CI servers read it: a suite for each PolicyTest, coverage as properties.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/units.h"
#include "core/render/xml.h"
#include "core/trial/report.h"

namespace autopilot::trial {
namespace {

using render::xml_text;

std::size_t failures_in(const TestResult& result) {
  return static_cast<std::size_t>(std::count_if(result.cases.begin(), result.cases.end(),
                                                [](const CaseResult& c) { return !c.passed(); }));
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_text(value));
}

std::string properties(const Coverage& coverage) {
  const CoverageTotal t = coverage.total();
  return "    <properties>\n" + property("coverage.branches", fmt::format("{:.4f}", t.share())) +
         property("coverage.branches_taken", fmt::format("{}", t.branches_taken)) +
         property("coverage.branches_total", fmt::format("{}", t.branches)) +
         property("coverage.rules_evaluated", fmt::format("{}", t.rules_evaluated)) +
         property("coverage.rules_total", fmt::format("{}", t.rules)) + "    </properties>\n";
}

// What differs, each with its place, and what the rules saw.
std::string body_of(const CaseResult& result, const SourceMap& sources) {
  std::string out;
  for (const Mismatch& m : result.mismatches)
    out += fmt::format("{}: expected {}\n", place(sources, m.span), mismatch_text(m));
  for (const decide::PolicyTrace* policy : telling_traces(result)) {
    for (const decide::TraceStep& step : policy->steps) {
      out += fmt::format("{} {}/{} {}: {}{}{} {}\n", decide::to_string(step.status), policy->id,
                         step.name, step.kind, step.text, step.detail.empty() ? "" : "; ",
                         step.detail, step.values == "{}" ? "" : step.values);
    }
  }
  return out;
}

void append_case(std::string& out, const TestResult& test, const CaseResult& result,
                 const SourceMap& sources) {
  const Span& span = result.test_case->span;
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
                     xml_text(test.test->id), xml_text(result.test_case->name),
                     xml_text(test.test->file), sources.position(span.source, span.begin).line);
  if (result.passed()) {
    out += "/>\n";
    return;
  }
  std::string first = mismatch_text(result.mismatches[0]);
  if (result.mismatches.size() > 1)
    first += fmt::format(" (and {} more)", result.mismatches.size() - 1);
  out += fmt::format(
      ">\n      <failure type=\"expectation\" message=\"{}\">{}</failure>\n"
      "    </testcase>\n",
      xml_text("expected " + first), xml_text(body_of(result, sources)));
}

// The coverage that was asked for is a test like the others.
std::string coverage_suite(const Findings& findings) {
  const bool passed = findings.covered_enough();
  std::string out = fmt::format(
      "  <testsuite name=\"coverage\" tests=\"1\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n"
      "    <testcase classname=\"coverage\" name=\"at least {}\"",
      passed ? 0 : 1, format_share(findings.least_coverage));
  if (passed) return out + "/>\n  </testsuite>\n";
  return out + fmt::format(
                   ">\n      <failure type=\"coverage\" message=\"{0}\">{0}</failure>\n"
                   "    </testcase>\n  </testsuite>\n",
                   xml_text(coverage_text(findings.coverage->total())));
}

}  // namespace

std::string junit(const Findings& findings) {
  const Summary& s = findings.summary;
  const bool asked = findings.coverage != nullptr && findings.least_coverage >= 0;
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites name=\"autopilot test\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
      s.cases + (asked ? 1 : 0), s.failed + (findings.covered_enough() ? 0 : 1));
  for (const TestResult& result : findings.results) {
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n",
        xml_text(result.test->id), result.cases.size(), failures_in(result));
    if (findings.coverage != nullptr) out += properties(*findings.coverage);
    for (const CaseResult& one : result.cases) append_case(out, result, one, findings.sources);
    out += "  </testsuite>\n";
  }
  if (asked) out += coverage_suite(findings);
  return out + "</testsuites>\n";
}

}  // namespace autopilot::trial
