#pragma once
// The beginning of a rollout: which document, environment, versions and slots, and whether it may
// begin at all.

#include <string>

#include "core/deploy/journal.h"
#include "core/deploy/process.h"
#include "core/policy/model.h"
#include "core/state/store.h"

namespace autopilot::deploy {

struct StartRequest {
  std::string deployment, environment, version;
  std::string from;  // what the first slot runs, when no rollout ever said; empty: look
  std::string actor, identity, reason;  // identity: see state::Who
  policy::Role role = policy::Role::viewer;
  bool is_emergency = false;
  bool is_direct = false;  // back to a version that was promoted before
};

// The applied Deployment; Error(invalid) with what was meant when it is not there.
policy::Document find_deployment(state::Store& store, const std::string& id);
// Where a deployment goes: checks the environment against the document. An empty one is the only
// one there is. Throws Error(usage) when there are several.
Place place_of(const policy::Document& document, const std::string& environment);
Value expanded_spec(const policy::Document& document, const Place& place);

// Throws Error: invalid (another version is needed, frozen, not promoted where it must be first),
// denied (an emergency takes a role).
Rollout new_rollout(state::Store& store, Journal& journal, World& world, Process& process,
                    const StartRequest& request);

// `own` with the parts of `applied` that say where and how: slots, hosts, processes, health,
// traffic and deadlines. For a rollout whose own copy was wrong about these; its steps, rules and
// metrics stay. Throws Error(invalid) when the slots have other names.
Value with_places_of(const Value& own, const Value& applied);

}  // namespace autopilot::deploy
