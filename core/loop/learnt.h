#pragma once
// What an algorithm has learnt by its runs, as rows: the warm start of another optimisation.

#include <string>
#include <vector>

#include "core/base/sqlite.h"
#include "core/loop/arm_rows.h"

namespace autopilot::loop {

// By the values of these keys, added up over what else it is told by; with the shares that its last
// step set for just such segments. Throws Error(invalid) when it has learnt nothing.
std::vector<ArmRow> learnt_rows(Database& database, const std::string& algorithm,
                                const std::vector<std::string>& keys);

}  // namespace autopilot::loop
