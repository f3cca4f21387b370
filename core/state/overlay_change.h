#pragma once
// Puts overlays in force and ends them. Each call makes a revision with its audit entry. All
// REQUIRE a write transaction; who may ask was judged before.

#include <string>
#include <vector>

#include "core/state/overlay.h"
#include "core/state/store.h"

namespace autopilot::state {

struct OverlayChange {
  std::string what;     // kRollback, …
  std::string message;  // of the revision
  std::string actor;
  Instant time;
  Map details;  // for the audit, beside the usual
};

// From now on `desired` is in force with `overlays`, all that it has; none: as git wants it.
Revision put_overlays(Store& store, const policy::Document& desired,
                      const std::vector<Overlay>& overlays, const OverlayChange& change);

// Ends what has expired by `now`, one revision for each document. True when there was any.
bool end_expired(Store& store, Instant now);

// The documents as end_expired() would leave them; nothing is written.
std::vector<policy::Document> documents_at(Store& store, Instant now);

}  // namespace autopilot::state
