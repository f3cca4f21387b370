#pragma once
// What a step keeps, as JSON: one entry for each arm, which each stage adds to.
//
//   {"arms": [{"arm", "before", "trials", "mean", …, "wanted", "result", "decision", "why",
//              "decided", "after"}], "actions": ["{…}"], …}

#include <string>
#include <vector>

#include "core/loop/actuator.h"
#include "core/loop/optimiser.h"

namespace autopilot::loop {

// A field of the arms in basis points; those that lack it have none.
ArmShares shares_of(const Map& body, std::string_view field);
void set_shares(Map& body, std::string_view field, const ArmShares& shares);

// The entries of the arms, by name.
Value* arm_entry(Map& body, const std::string& arm);

void put_optimised(Map& body, const OptimisedSegment& optimised);

// What the policies answered: decision lines, one for each action.
void put_decisions(Map& body, std::string_view lines);

}  // namespace autopilot::loop
