#pragma once
// What `autopilot whatif` tells: a report for people and programs, and a page with sliders.

#include <string>

#include "core/decide/whatif.h"
#include "core/render/report.h"

namespace autopilot::decide {

struct WhatIfStory {
  std::string policies;  // what decided: "the applied policies", or a folder
  std::string base;      // what is compared with: "recorded", "unchanged", "as they are"
  double tolerance = 0;
};

render::Report describe(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found,
                        const WhatIfStory& story);

// One HTML document that evaluates nothing: the report's data, sliders over its grid.
std::string what_if_page(const render::Report& report);

}  // namespace autopilot::decide
