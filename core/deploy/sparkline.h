#pragma once
// The last samples of a rollout as rows of bars: one for each metric and arm, on the scale of the
// metric. Pure.

#include <vector>

#include "core/deploy/metrics.h"
#include "core/deploy/model.h"
#include "core/render/report.h"

namespace autopilot::deploy {

// `width` bars at most for each; a sample without numbers is a gap.
render::Table sparklines(const Deployment& model, const std::vector<Sample>& samples,
                         std::size_t width);

}  // namespace autopilot::deploy
