#pragma once
// What became of rollouts: a table for people, and the five DORA metrics.

#include <vector>

#include "core/deploy/journal.h"
#include "core/render/report.h"

namespace autopilot::deploy {

// `rollouts`: newest first, as loaded.
render::Report describe_history(const std::vector<Rollout>& rollouts);

struct DoraSettings {
  Instant from, to;  // rollouts that were over in (from, to]
  // When a version was committed, by version; absent where nobody said so.
  std::map<std::string, Instant> committed;
};

// The five metrics of DORA (dora.dev/guides/dora-metrics, 2026): of one service, never blended.
render::Report describe_dora(const std::vector<Rollout>& rollouts, const DoraSettings& settings);

}  // namespace autopilot::deploy
