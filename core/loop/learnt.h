#pragma once
// What an algorithm has learnt by its runs, as rows: the warm start of another optimisation.

#include <string>
#include <vector>

#include "core/base/sqlite.h"
#include "core/loop/arm_rows.h"

namespace autopilot::loop {

// With the shares that its last step set. Throws Error(invalid) when it has learnt nothing.
std::vector<ArmRow> learnt_rows(Database& database, const std::string& algorithm);

}  // namespace autopilot::loop
