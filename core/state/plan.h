#pragma once
// What `apply` would change, computed from the desired documents and the state and from nothing
// else. The plan file is canonical JSON of the changes alone (sorted; no times, no paths), so that
// its digest stands for their meaning: an approval of the digest survives rebases, reordering and
// comments.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"
#include "core/state/hints.h"
#include "core/state/overlay.h"
#include "core/state/store.h"

namespace autopilot::state {

inline constexpr const char* kPlanFormat = "autopilot.plan/v1";

struct Change {
  enum class Action { create, update, remove };
  Action action = Action::create;
  std::string kind;
  std::string id;
  std::optional<std::string> base;  // content hash that it replaces; absent for a create
  std::optional<policy::Document>
      before;  // that content; absent for a create and in a plan read from a file
  std::optional<policy::Document> after;  // absent for a remove
  std::vector<Hint> hints;                // advice, no part of the digest

  std::string name() const { return kind + "/" + id; }
};
std::string_view to_string(Change::Action action);  // "create" "update" "delete"

// How much one plan may touch without being asked twice.
struct BlastRadius {
  std::int64_t existing = 0;
  std::int64_t affected = 0;  // updated or deleted
  double max_share = 0.3;
  std::int64_t min_documents = 10;

  double share() const {
    return existing == 0 ? 0 : static_cast<double>(affected) / static_cast<double>(existing);
  }
  bool exceeded() const { return existing >= min_documents && share() > max_share; }
};

struct Plan {
  std::vector<Change> changes;    // sorted by kind, id
  std::vector<DocumentKey> kept;  // protected, so not deleted though no longer desired
  std::vector<Overlay> drift;     // in force other than desired, and staying so
  std::int64_t unchanged = 0;     // desired and the same already
  BlastRadius radius;
  std::string digest;   // hex SHA-256 of the canonical changes
  std::string request;  // body of the request for its approval (request.h), when its file has one

  bool empty() const { return changes.empty(); }
  std::int64_t count(Change::Action action) const;
};

struct PlanOptions {
  std::vector<std::string> targets;  // globs on "Kind/id" or "id"; empty: everything
  std::vector<std::string> excludes;
  double max_change_share = 0.3;
  std::int64_t min_documents = 10;
  std::optional<Instant> now = {};  // tells drift whose time is over
};

// `store` may be null: there is no state yet. Desired documents that are applied just so may lack
// their content. REQUIRES no two desired documents of the same kind and id. Throws Error(invalid)
// for a target that names nothing.
Plan make_plan(const std::vector<policy::Document>& desired, Store* store,
               const PlanOptions& options);

// What a change means, for the overlays that it ends too.
std::vector<Hint> hints_of(const Change& change, const std::vector<Overlay>& overlays);

// The plan file, with a final newline.
std::string plan_text(const Plan& plan);

// A plan file. `name` is what messages call it. Throws Error(invalid) when it is damaged, changed
// after it was made or of another format. `store` (may be null) gives the contents before and the
// blast radius.
Plan parse_plan(std::string_view text, std::string_view name, Store* store,
                const PlanOptions& options);

}  // namespace autopilot::state
