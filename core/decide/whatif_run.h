#pragma once
// The parts of run_what_if() (core/decide/whatif.h) that its files share.

#include "core/decide/whatif.h"

namespace autopilot::decide {

// Notes what has no effect. Throws Error(usage) for names that occur nowhere.
void check_names(const WhatIfPlan& plan, const TrialsSetting& setting, WhatIf& out);

// Who differs from `before`, and by which rule.
void add_flips(const std::vector<Cell>& before, const std::vector<Cell>& after, Flips& flips);

// Work for all cores: calls `work(worker, item)` for each item once; items go to the workers in
// rising order. Rethrows what a worker threw.
using Work = std::function<void(std::size_t worker, std::size_t item)>;
std::size_t workers_for(std::size_t items);
void share_out(std::size_t items, std::size_t workers, const Work& work);

// The frontier of the one numeric parameter, and the rules met on the way added to the setting's
// names.
std::vector<Boundary> find_frontier(const WhatIfPlan& plan, const TrialsSetting& setting,
                                    const WhatIf& found, double tolerance);

}  // namespace autopilot::decide
