#pragma once
// Writes a revision: other contents for some documents. What apply, rollbacks and whatever else
// changes what is in force have in common; who may do it and why is theirs.

#include <string>
#include <vector>

#include "core/policy/model.h"
#include "core/state/store.h"

namespace autopilot::state {

struct Replacement {
  std::string kind;
  std::string id;
  const policy::Document* after = nullptr;  // borrowed; null: the document is gone
  std::string desired;  // content hash that git wants while `after` holds; empty: `after` is it
};

// Makes the next revision and returns it. `draft` says what, when, who, why and how many; the rest
// is filled in. Overlays of a document that becomes what git wants end. The audit entry is the
// caller's. REQUIRES a write transaction.
Revision revise(Store& store, Revision draft, const std::vector<Replacement>& replacements);

}  // namespace autopilot::state
