#pragma once
// Published results of off-policy evaluation (testdata/obd/README.md): a folder with reference.json
// and the logs that it was computed from.

#include <string>

namespace autopilot {

struct OpeScore {
  int held = 0, run = 0;
};

// Prints what fails, and which logs of the reference are not in the folder.
OpeScore run_ope_cases(const std::string& folder);

}  // namespace autopilot
