#pragma once
// Which share of the traffic goes to which slot. Providers (nginx, haproxy, exec, kubernetes)
// change it without losing a request and tell by observation whether it holds: an exit code of
// theirs proves nothing. Every call is idempotent and may be repeated by another process after a
// crash.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/routing.h"
#include "core/deploy/slot.h"

namespace autopilot::deploy {

inline constexpr int kWhole = 10000;  // basis points

// `canary_bp` of 10,000 go to the slot `canary`, the rest to `stable`. 10,000, and 0 with no match
// and no copies, are final: the other slot gets nothing at all.
struct Split {
  std::string canary, stable;
  int canary_bp = 0;
  Match match = {};              // go to the canary whatever the share
  int mirror_bp = 0;             // requests to stable of which the canary gets copies
  std::vector<Match> past = {};  // of other steps: seen to choose nobody
  bool stable_serves = true;     // false: nothing runs there, as nothing was deployed before
};

struct SplitCheck {
  bool holds = false;
  std::string why;  // what was seen, in words for people: of both answers
  Value observed;   // numbers for the journal: probes by slot, weights read back
};

class Traffic {
 public:
  virtual ~Traffic() = default;

  // Prepares all shares that the steps need, in both directions; what is in force stays in force.
  // Returns what was done, for the journal: {"changed": bool, …}.
  virtual Value install(const std::vector<Routing>& steps) = 0;
  // Throws Error(outside) when the proxy refuses or cannot be asked, Error(invalid) for a share, a
  // match or copies that the provider cannot give.
  virtual void set(const Split& split) = 0;
  // By observation of the proxy. A proxy that cannot be asked is a check that does not hold, not an
  // exception.
  virtual SplitCheck verify(const Split& split) = 0;
  // Basis points by slot as the proxy has them now; empty when that cannot be told.
  virtual std::map<std::string, int> shares() = 0;
  // Requests, streams and sockets that the slot still serves; absent when that cannot be told.
  virtual std::optional<std::int64_t> open_connections(const std::string& slot) = 0;
  // Otherwise only those given to install(), 0 and 10,000. With the match of the step.
  virtual bool takes_any_weight() const = 0;
};

// Throws Error(invalid) when the split wants more than shares.
void refuse_match_and_mirror(const Split& split, std::string_view provider);

// `spec` is the `traffic:` of a Deployment, already checked. REQUIRES that `world` outlives it.
std::unique_ptr<Traffic> make_traffic(const Value& spec, const Site& site, World& world);

}  // namespace autopilot::deploy
