#pragma once
// What would have been decided, had things been otherwise: all points of a grid tried on all cores,
// and, for one numeric parameter, the values between which outcomes change.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/decide/whatif_trials.h"

namespace autopilot::decide {

struct WhatIfSettings {
  double tolerance = 1e-6;      // of the frontier, relative
  bool from_unchanged = false;  // compare with what deciding again unchanged gives, not the record
};

// How decisions differ: from `before` to `after`, by the first rule that gave the stricter one.
struct Flip {
  std::uint32_t rule = 0;  // of RuleNames
  Result before = Result::allowed, after = Result::allowed;
  auto operator<=>(const Flip&) const = default;
};
struct FlipGroup {
  std::size_t count = 0;
  std::size_t example = 0;  // number of the first decision
  // When nothing is swept:
  std::string message;
  std::string action_before, action_after;  // JSON
};
using Flips = std::map<Flip, FlipGroup>;

struct PointOutcome {
  std::array<std::size_t, 4> counts{};  // by Result
  std::size_t differing = 0;
  Flips flips;
};

// From this point of the grid on, until the next run, the decision comes to that.
struct Run {
  std::uint32_t point = 0;
  Cell cell;
};

// Outcomes change between `low` and `high`.
struct Boundary {
  std::string low, high;
  bool fine = true;  // as close as the tolerance asks; otherwise the search was cut short
  Flips flips;       // from `low` to `high`
};

// Decisions that a change by *= or += left alone: the value there is no number.
struct Left {
  std::string path;
  std::size_t count = 0;
};

struct WhatIf {
  std::vector<Cell> before;  // by decision
  std::size_t unchanged_differing =
      0;  // decided again as it was, with another result than recorded
  std::vector<PointOutcome> points;
  std::vector<std::vector<Run>> runs;  // by decision
  std::vector<Boundary> frontier;      // rising
  bool has_frontier = false;           // one numeric parameter was swept
  std::vector<RuleName> rules;
  std::vector<std::string> unread;  // paths that no policy reads
  std::vector<Left> left_alone;
  Diagnostics faults;  // of a policy that would not be valid; then the rest says nothing
};

// Trials in one sweep at most: points times decisions.
inline constexpr std::size_t kMostTrials = 200'000'000;
inline constexpr std::size_t kMostDecisions = 250'000;  // their inputs are kept in memory

// Throws Error(usage) when the grid is too large for that many decisions.
WhatIf run_what_if(const WhatIfPlan& plan, const Rules& rules, const Chosen& chosen,
                   const WhatIfSettings& settings);

}  // namespace autopilot::decide
