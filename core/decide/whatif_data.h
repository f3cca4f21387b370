#pragma once
// What the reports of a what-if share: its data, and groups of decisions in the order of their
// rules.

#include "core/decide/whatif_report.h"

namespace autopilot::decide {

struct NamedFlip {
  RuleName rule;
  Flip flip;
  FlipGroup group;
};
std::vector<NamedFlip> sorted_flips(const Flips& flips, const WhatIf& found);

Map what_if_data(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found,
                 const WhatIfStory& story);

}  // namespace autopilot::decide
