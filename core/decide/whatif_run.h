#pragma once
// The parts of run_what_if() (core/decide/whatif.h) that its files share.

#include "core/decide/whatif.h"

namespace autopilot::decide {

// Notes what has no effect. Throws Error(usage) for names that occur nowhere.
void check_names(const WhatIfPlan& plan, const TrialsSetting& setting, WhatIf& out);

// Who differs from `before`, and by which rule.
void add_flips(const std::vector<Cell>& before, const std::vector<Cell>& after, Flips& flips);

// The frontier of the one numeric parameter, and the rules met on the way added to the setting's
// names.
std::vector<Boundary> find_frontier(const WhatIfPlan& plan, const TrialsSetting& setting,
                                    const WhatIf& found, double tolerance);

}  // namespace autopilot::decide
