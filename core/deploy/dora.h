#pragma once
// The five metrics of DORA (dora.dev/guides/dora-metrics, 2026), from recorded rollouts.

#include <map>
#include <string>
#include <vector>

#include "core/deploy/rollout.h"
#include "core/policy/model.h"
#include "core/render/report.h"

namespace autopilot::deploy {

struct DoraSettings {
  Instant from, to;  // rollouts that were over in (from, to]
  // When a version was committed, by version; absent where nobody said so.
  std::map<std::string, Instant> committed;
  // Those that count; empty where the document has none, and then all do. Each is a sequence of
  // its own: what follows in one mends nothing in another.
  std::vector<std::string> environments;
};

// The environments of a Deployment that users meet: those that no other one requires. Empty when it
// has none.
std::vector<std::string> last_environments(const policy::Document& document);

// Of one service, never blended. `rollouts`: newest first, as loaded.
render::Report describe_dora(const std::vector<Rollout>& rollouts, const DoraSettings& settings);

}  // namespace autopilot::deploy
