#pragma once
// The lock that a person or a job takes on the state for longer than one transaction. It is a
// lease: it ends by itself when its time is over, or when the process that it is bound to is gone.
// (The file lock of core/base/sqlite.h is another matter: it lasts for one transaction and needs
// nobody's care.)

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/base/value.h"
#include "core/base/world.h"

namespace autopilot::state {

inline constexpr Duration kLockDuration = Duration::seconds(3600);

struct Lease {
  std::string holder;    // an actor
  std::int64_t pid = 0;  // 0: bound to no process
  std::string host;
  std::string boot_id;
  Instant started;
  Instant heartbeat;
  Instant expires;
  std::string reason;  // may be empty
};

struct LockRequest {
  std::string holder;
  std::int64_t pid = 0;  // the lease ends with this process of this host; 0: only with its time
  Duration lasting = kLockDuration;
  std::string reason;
};

std::optional<Lease> read_lock(Database& database);

// Why a lease no longer holds ("expired at …", "its process 12 is gone"), or "".
std::string why_over(const Lease& lease, World& world);

// Takes the lock, or renews it for the same holder. Returns a note when it was taken over from a
// lease that was over. Audited. Throws Error(locked) when somebody else holds it.
std::string take_lock(Database& database, World& world, const LockRequest& request);

// Gives it back; false when there was none. Audited. Throws Error(locked) for somebody else's lock
// unless `force`.
bool release_lock(Database& database, World& world, std::string_view actor, bool force);

// Throws Error(locked) when somebody else than `actor` holds the lock. A lease that is over is
// removed and audited, with a note in return. REQUIRES a write transaction.
std::string pass_lock(Database& database, World& world, std::string_view actor);

// The "locked" error, which names the holder and how to break the lock.
Error locked_error(const Lease& lease);

Map to_map(const Lease& lease);

}  // namespace autopilot::state
