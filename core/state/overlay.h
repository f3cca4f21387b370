#pragma once
// What is in force other than git wants it: a policy that was rolled back or promoted by a person
// or by its own rule. An overlay is bound to the very content that git wanted when it was made:
// while git wants just that, it holds, and plans report it as drift; with the next apply that
// changes or deletes the document it ends. It may also end by itself at a given time.
//
// Each change of an overlay is a revision, as an apply is, so that every decision names the set
// that took it and replays from that alone. One that has expired is ended by whoever needs to know
// first, in the transaction of that: no decision taken after its time is taken under it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/base/value.h"
#include "core/policy/model.h"
#include "core/state/store.h"

namespace autopilot::state {

// What a revision, its audit entry and an overlay are called after.
inline constexpr const char* kRollback = "rollback";           // by a person
inline constexpr const char* kAutoRollback = "auto-rollback";  // by the policy's own rule
inline constexpr const char* kPromote = "promote";
inline constexpr const char* kResume = "resume";    // back to what git wants
inline constexpr const char* kDisable = "disable";  // a policy switched off by a person
inline constexpr const char* kEnable = "enable";    // on again before its time
inline constexpr const char* kExpire = "expire";    // likewise, because its time was over

// Whether an entry of that kind in the audit is about a revision.
bool makes_revision(std::string_view what);
// "rolled back", for sentences with "by" or "at"; "written" for an apply.
std::string_view done_text(std::string_view what);

// One field of one document's spec.
struct Overlay {
  std::string kind;
  std::string id;
  std::string field;    // "rollout"
  Value value;          // in force
  Value wanted;         // by git; null when the document leaves it to the default
  std::string desired;  // hash of the content that git wants
  std::string what = kPromote;
  std::string reason;  // may be empty
  std::string actor;
  Instant time;
  std::optional<Instant> expires;
  bool over = false;  // in a plan: its time is over, and whoever decides next ends it

  std::string name() const { return kind + "/" + id; }
  bool is_over(Instant now) const { return expires && *expires <= now; }
};

// Sorted by kind, id, field.
std::vector<Overlay> read_overlays(Database& database);
// Those of one document among `all`.
std::vector<Overlay> overlays_of(const std::vector<Overlay>& all, std::string_view kind,
                                 std::string_view id);

// What is in force: `desired` with the values of its overlays, its hash computed anew.
policy::Document with_overlays(policy::Document desired, const std::vector<Overlay>& overlays);

// "Policy/x: rolled back at T by ada: reason; in force with rollout 0% instead of 10%".
std::string drift_text(const Overlay& overlay);
// "ends the rollback of T by ada": what a change of its document does to it.
std::string ending_text(const Overlay& overlay);
Map to_data(const Overlay& overlay);

// What contradicts what in the overlays and the documents in force, one line each.
std::vector<std::string> overlay_faults(Store& store);

}  // namespace autopilot::state
