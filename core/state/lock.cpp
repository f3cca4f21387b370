#include "core/state/lock.h"

#include <fmt/format.h>

#include "core/base/audit.h"
#include "core/base/error.h"

namespace autopilot::state {
namespace {

constexpr std::string_view kName = "state";

std::string end_of(const Lease& lease) { return format_rfc3339(lease.expires); }

void remove_lock(Database& database) {
  database.prepare("DELETE FROM lock WHERE name = ?1").run(kName);
}

void write_lock(Database& database, const Lease& lease) {
  remove_lock(database);
  database
      .prepare(
          "INSERT INTO lock (name, holder, pid, host, boot_id, started, heartbeat, expires, "
          "reason) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .run(kName, lease.holder, lease.pid, lease.host, lease.boot_id, lease.started.micros(),
           lease.heartbeat.micros(), lease.expires.micros(), lease.reason);
}

std::string take_over(Database& database, World& world, const Lease& lease, std::string_view why,
                      std::string_view actor) {
  Map body = to_map(lease);
  body.append("why", why);
  remove_lock(database);
  append_audit(database, "lock-over", body, actor, world.clock.now());
  return fmt::format("the lock of {} was over: {}", lease.holder, why);
}

Lease make_lease(World& world, const LockRequest& request, const std::optional<Lease>& renewed) {
  const Instant now = world.clock.now();
  Lease lease;
  lease.holder = request.holder;
  lease.pid = request.pid;
  lease.host = world.environment.host();
  lease.boot_id = world.environment.boot_id();
  lease.started = renewed ? renewed->started : now;
  lease.heartbeat = now;
  lease.expires = now + request.lasting;
  lease.reason = request.reason;
  return lease;
}

}  // namespace

std::optional<Lease> read_lock(Database& database) {
  Statement row = database.prepare(
      "SELECT holder, pid, host, boot_id, started, heartbeat, expires, reason FROM lock WHERE name "
      "= ?1");
  row.bind(kName);
  if (!row.step()) return std::nullopt;
  Lease lease;
  lease.holder = row.text(0);
  lease.pid = row.integer(1);
  lease.host = row.text(2);
  lease.boot_id = row.text(3);
  lease.started = Instant::from_micros(row.integer(4));
  lease.heartbeat = Instant::from_micros(row.integer(5));
  lease.expires = Instant::from_micros(row.integer(6));
  lease.reason = row.text(7);
  return lease;
}

std::string why_over(const Lease& lease, World& world) {
  if (world.clock.now() >= lease.expires) return "it expired at " + end_of(lease);
  if (lease.pid == 0 || lease.host != world.environment.host()) return "";
  if (lease.boot_id != world.environment.boot_id())
    return fmt::format("{} was restarted since", lease.host);
  if (!world.environment.process_alive(lease.pid))
    return fmt::format("its process {} is gone", lease.pid);
  return "";
}

std::string take_lock(Database& database, World& world, const LockRequest& request) {
  WriteTransaction transaction(database);
  const std::string note = pass_lock(database, world, request.holder);
  const Lease lease = make_lease(world, request, read_lock(database));
  write_lock(database, lease);
  append_audit(database, "lock", to_map(lease), request.holder, world.clock.now());
  transaction.commit();
  return note;
}

bool release_lock(Database& database, World& world, std::string_view actor, bool force) {
  WriteTransaction transaction(database);
  const std::optional<Lease> lease = read_lock(database);
  if (!lease) return false;
  if (lease->holder != actor && !force && why_over(*lease, world).empty())
    throw locked_error(*lease);
  Map body = to_map(*lease);
  body.append("forced", lease->holder != actor);
  remove_lock(database);
  append_audit(database, "unlock", body, actor, world.clock.now());
  transaction.commit();
  return true;
}

std::string pass_lock(Database& database, World& world, std::string_view actor) {
  const std::optional<Lease> lease = read_lock(database);
  if (!lease) return "";
  const std::string why = why_over(*lease, world);
  if (!why.empty()) return take_over(database, world, *lease, why, actor);
  if (lease->holder != actor) throw locked_error(*lease);
  return "";
}

Error locked_error(const Lease& lease) {
  std::string who = lease.holder;
  if (lease.pid != 0) who += fmt::format(" (process {} on {})", lease.pid, lease.host);
  if (lease.pid == 0) who += fmt::format(" (from {})", lease.host);
  std::string message = fmt::format("the state is locked by {} since {} until {}", who,
                                    format_rfc3339(lease.started), end_of(lease));
  if (!lease.reason.empty()) message += ": " + lease.reason;
  return Error(ErrorKind::locked, message,
               "wait, or break the lock with `autopilot state unlock --force` when you know that "
               "it is not in use");
}

Map to_map(const Lease& lease) {
  Map map;
  map.append("holder", lease.holder);
  map.append("pid", lease.pid == 0 ? Value() : Value(lease.pid));
  map.append("host", lease.host);
  map.append("boot_id", lease.boot_id);
  map.append("started", format_rfc3339(lease.started));
  map.append("heartbeat", format_rfc3339(lease.heartbeat));
  map.append("expires", format_rfc3339(lease.expires));
  map.append("reason", lease.reason);
  return map;
}

}  // namespace autopilot::state
