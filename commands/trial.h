#pragma once
// One run of `autopilot test` from the files to the report, once or again at every change.

#include <string>
#include <vector>

#include "cli/context.h"
#include "core/decide/compiled.h"

namespace autopilot::commands {

struct TrialOptions {
  std::vector<std::string> paths;  // of tests; empty: the project's
  std::string filter;              // glob; empty: all
  std::string lcov;                // file; empty: none
  bool fail_fast = false;
  bool coverage = false;
  double least_coverage = -1;  // share; negative: none asked for
};

// True when all passes. Faults in the documents are shown and count as a failure. Throws
// Error(invalid) when there is no case.
bool run_trial(cli::Context& context, const TrialOptions& options);

// Runs again and again, whenever a file that plays a part changes. Ends with the process, or when
// nobody reads what it writes.
[[noreturn]] void watch_trial(cli::Context& context, const TrialOptions& options);

// Runs a single document under the policies that took its decision: what is wrong with it, or "".
std::string fault_of_recorded(const decide::CompiledSet& set, const std::string& yaml);

}  // namespace autopilot::commands
