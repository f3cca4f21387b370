#pragma once
// What a pass of an algorithm did, and what its shadow would have done beside it.

#include "core/loop/loop.h"
#include "core/render/report.h"

namespace autopilot::loop {

render::Report describe(const LoopResult& result, const Algorithm& algorithm, Mode mode);

// The steps of a shadow, each beside the live shares of that time. Newest first, both.
render::Report describe_shadow(const std::string& algorithm, const std::vector<Step>& shadow,
                               const std::vector<Step>& live);

}  // namespace autopilot::loop
