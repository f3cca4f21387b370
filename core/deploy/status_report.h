#pragma once
// What people and machines are told of a rollout: `deploy status`, and the end of `deploy run` and
// `deploy tick`.

#include <optional>

#include "core/deploy/journal.h"
#include "core/deploy/strategy.h"
#include "core/render/report.h"

namespace autopilot::deploy {

struct StatusFacts {
  std::optional<Holder> holder;
  std::vector<JournalEvent> events;
  Instant now;
  // The document as it is applied now, expanded for the rollout's environment; nothing: not known.
  std::optional<Value> applied = {};
};

// The fields of the document that are other now than when the rollout began; it keeps those of
// then, and the next one takes these. Sorted; empty for a rollout that is over.
std::vector<std::string> newer_fields(const Rollout& rollout, const StatusFacts& facts);

// One rollout with all that is known of it.
render::Report describe_status(const Rollout& rollout, const Strategy& strategy,
                               const StatusFacts& facts);
// The same as a value, for lists.
Map status_data(const Rollout& rollout, const Strategy& strategy, const StatusFacts& facts);
// "stepping at canary, 5%: for 1h20m of 2h"
std::string status_line(const Rollout& rollout, const Strategy& strategy);

}  // namespace autopilot::deploy
