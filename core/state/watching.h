#pragma once
// The policies whose rollout is watched, with all that the state knows of it, and the decisions
// taken since each came into force as it is. Reads and writes nothing else.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decide/archive.h"
#include "core/decide/rollout_watch.h"
#include "core/state/overlay.h"
#include "core/state/store.h"

namespace autopilot::state {

struct Watched {
  policy::Policy policy;           // in force
  double wanted = 1;               // the share that git wants
  Revision since;                  // put it in force as it is
  std::optional<Overlay> overlay;  // of its rollout
  std::int64_t first_seq = 0;      // decisions from here on were taken under it
  bool can_fire = false;           // it has a rule, and there is something to take back
  std::unique_ptr<decide::RolloutWatch> watch;
};

class Watching {
 public:
  // Those whose rule can fire; or for people to look at, all with a rule or an overlay or a share
  // below 100%; or the one that is named. Throws Error(invalid) when that one is not there.
  enum class Which { rules, all };
  Watching(Store& store, Which which, const std::string& only, Instant now);

  // Takes in what was decided since the last call.
  void read_on();

  std::vector<Watched>& policies() { return policies_; }
  // Of the documents that this was made from.
  std::int64_t revision_seq() const { return seq_; }

 private:
  void add(Store& store, const policy::Document& document, const policy::Project& project,
           Instant now);
  void take(std::string_view line, std::int64_t seq);

  std::int64_t seq_ = 0;
  std::vector<Overlay> overlays_;
  std::vector<Watched> policies_;
  decide::Archive archive_;
  decide::Range range_;
  decide::RecordReader reader_;
  decide::Record record_;
};

// The error that names what there is instead.
[[noreturn]] void unknown_policy(Store& store, const std::string& id);

}  // namespace autopilot::state
