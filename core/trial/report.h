#pragma once
// What `autopilot test` tells people and CI servers: which cases failed and why, and what the tests
// cover.

#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/render/report.h"
#include "core/trial/coverage.h"
#include "core/trial/run.h"

namespace autopilot::trial {

struct Summary {
  std::size_t tests = 0;  // documents
  std::size_t cases = 0;  // that were run
  std::size_t failed = 0;
  std::size_t left_out = 0;  // by --fail-fast
};
Summary summary_of(const std::vector<TestResult>& results);

// What is to be told.
struct Findings {
  const std::vector<TestResult>& results;
  const SourceMap& sources;
  Summary summary;
  const Coverage* coverage = nullptr;  // null: not asked for
  double least_coverage = -1;          // share that was asked for; negative: none
  bool covered_enough() const;
  bool passed() const { return summary.failed == 0 && covered_enough(); }
};

render::Report describe(const Findings& findings);
std::string junit(const Findings& findings);
std::string lcov(const Coverage& coverage, const SourceMap& sources);

// Parts of the report.
Map coverage_values(const Coverage& coverage, const SourceMap& sources);
std::vector<render::Block> coverage_blocks(const Coverage& coverage, const SourceMap& sources);
std::string coverage_text(const CoverageTotal& total);
// "result: expected blocked, got modified"
std::string mismatch_text(const Mismatch& mismatch);
// The traces of a failed case that say something about why.
std::vector<const decide::PolicyTrace*> telling_traces(const CaseResult& result);

}  // namespace autopilot::trial
