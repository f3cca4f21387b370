#include "core/deploy/journal.h"

#include <fmt/format.h>

#include "core/base/audit.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/model.h"

namespace autopilot::deploy {
namespace {

std::string random_hex(World& world) { return fmt::format("{:016x}", world.random.next()); }

// Why a lease binds nobody any more; empty: it does.
std::string why_over(const Holder& h, World& world) {
  const Duration silent = world.clock.now() - h.heartbeat;
  if (h.host != world.environment.host())
    return silent > kLeaseLasts ? "it was not heard of for a minute" : "";
  if (h.boot_id != world.environment.boot_id()) return "the machine was restarted";
  if (!world.environment.process_alive(h.pid)) return fmt::format("its process {} is gone", h.pid);
  if (world.environment.process_start(h.pid) != h.process_start)
    return fmt::format("another process is {} now", h.pid);
  return "";
}

std::optional<Holder> read_lease(Database& database, const Place& place) {
  Statement row = database.prepare(
      "SELECT actor, pid, host, boot_id, process_start, token, started, heartbeat FROM "
      "deploy_lease "
      "WHERE place = ?1");
  row.bind(place.text());
  if (!row.step()) return std::nullopt;
  Holder h;
  h.actor = row.text(0);
  h.pid = row.integer(1);
  h.host = row.text(2);
  h.boot_id = row.text(3);
  h.process_start = row.text(4);
  h.token = row.text(5);
  h.started = Instant::from_micros(row.integer(6));
  h.heartbeat = Instant::from_micros(row.integer(7));
  return h;
}

std::optional<std::int64_t> micros(const std::optional<Instant>& t) {
  return t ? std::optional(t->micros()) : std::nullopt;
}

}  // namespace

// A rollout of days writes pages that nobody reads again; what is kept of them does not grow.
constexpr const char* kFewPages = "PRAGMA cache_size=-512";

Journal::Journal(Database& database, World& world) : database_(database), world_(world) {
  database_.execute(kFewPages);
}

// ---- lease

void Journal::take_lease(const Place& place, const std::string& actor) {
  WriteTransaction transaction(database_);
  if (const auto h = read_lease(database_, place); h && why_over(*h, world_).empty()) {
    throw Error(ErrorKind::locked,
                fmt::format("{} is held by {} (process {} on {}) since {}", place.text(), h->actor,
                            h->pid, h->host, format_rfc3339({h->started.seconds, 0})),
                "ask it with deploy promote, pause, resume or abort; it acts within a second");
  }
  place_ = place;
  token_ = random_hex(world_);
  const Instant now = world_.clock.now();
  const std::int64_t pid = world_.environment.process_id();
  database_.prepare("DELETE FROM deploy_lease WHERE place = ?1").run(place.text());
  database_
      .prepare(
          "INSERT INTO deploy_lease (place, actor, pid, host, boot_id, process_start, token, "
          "started, heartbeat) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .run(place.text(), actor, pid, world_.environment.host(), world_.environment.boot_id(),
           world_.environment.process_start(pid), token_, now.micros(), now.micros());
  transaction.commit();
}

void Journal::keep_lease(Duration deed) {
  WriteTransaction transaction(database_);
  check_lease();
  database_.prepare("UPDATE deploy_lease SET heartbeat = ?3 WHERE place = ?1 AND token = ?2")
      .run(place_->text(), token_, (world_.clock.now() + deed).micros());
  transaction.commit();
}

void Journal::release_lease() {
  if (!place_) return;
  WriteTransaction transaction(database_);
  database_.prepare("DELETE FROM deploy_lease WHERE place = ?1 AND token = ?2")
      .run(place_->text(), token_);
  transaction.commit();
  place_.reset();
}

std::optional<Holder> Journal::holder(const Place& place) {
  std::optional<Holder> h = read_lease(database_, place);
  if (h && !why_over(*h, world_).empty()) h.reset();
  return h;
}

void Journal::check_lease() {
  if (!place_) throw Error(ErrorKind::bug, "a rollout is written without its lease");
  database_.prepare("UPDATE deploy_lease SET heartbeat = ?3 WHERE place = ?1 AND token = ?2")
      .run(place_->text(), token_, world_.clock.now().micros());
  if (database_.changes() > 0) return;
  throw Error(ErrorKind::locked, fmt::format("{} was taken over by somebody else", place_->text()),
              "this process was silent for too long; look with deploy status");
}

// ---- rollouts

void Journal::create(const Rollout& rollout, const std::vector<Event>& events) {
  WriteTransaction transaction(database_);
  check_lease();
  if (const auto other = unfinished({rollout.deployment, rollout.environment}))
    throw Error(ErrorKind::locked, fmt::format("the rollout {} is not over", *other),
                "deploy status shows it; deploy abort ends it");
  database_
      .prepare(
          "INSERT INTO deploy_rollout (id, deployment, environment, version, previous, created, "
          "finished, outcome, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, '', '')")
      .run(rollout.id, rollout.deployment, rollout.environment, rollout.version, rollout.previous,
           rollout.created.micros());
  write_rollout(rollout);
  write_events(rollout.id, events);
  append_audit(database_, "deploy-start",
               Map{{"rollout", rollout.id},
                   {"deployment", rollout.deployment},
                   {"environment", rollout.environment},
                   {"version", rollout.version},
                   {"reason", rollout.reason}},
               rollout.actor, world_.clock.now());
  transaction.commit();
}

void Journal::write_rollout(const Rollout& r) {
  database_
      .prepare("UPDATE deploy_rollout SET body = ?2, finished = ?3, outcome = ?4 WHERE id = ?1")
      .run(r.id, to_json(to_value(r)), micros(r.finished),
           r.is_over() ? std::string(to_string(r.phase)) : std::string());
}

void Journal::replace_spec(const std::string& rollout, const Value& spec, const std::string& actor,
                           const std::string& reason) {
  WriteTransaction transaction(database_);
  check_lease();
  Rollout r = load(rollout);
  r.spec = spec;
  r.retry_at.reset();  // what failed is tried anew at once
  write_rollout(r);
  const Instant now = world_.clock.now();
  write_events(rollout, {{fmt::format("{}/document/{}", rollout, now.micros()), "document",
                          fmt::format("goes by the applied document, said {}", actor), Map{}}});
  append_audit(database_, "deploy-document",
               Map{{"rollout", rollout}, {"reason", reason}, {"spec", spec}}, actor, now);
  transaction.commit();
}

void Journal::write_events(const std::string& rollout, const std::vector<Event>& events) {
  for (const Event& e : events) {
    database_
        .prepare(
            "INSERT INTO deploy_event (key, rollout, time, kind, text, data) VALUES (?1, ?2, ?3, "
            "?4, ?5, ?6) ON CONFLICT (key) DO NOTHING")
        .run(e.key, rollout, world_.clock.now().micros(), e.kind, e.text, to_json(Value(e.data)));
  }
}

void Journal::record(const Stepped& stepped, const Observation& seen) {
  const Rollout& r = stepped.rollout;
  const std::int64_t now = world_.clock.now().micros();
  WriteTransaction transaction(database_);
  check_lease();
  for (const EffectResult& result : seen.results) {
    database_
        .prepare(
            "UPDATE deploy_effect SET confirmed = ?3, ok = ?4, result = ?5 WHERE rollout = ?1 AND "
            "id = ?2 AND confirmed IS NULL")
        .run(r.id, result.id, now, static_cast<std::int64_t>(result.ok),
             to_json(Map{{"why", result.why}, {"data", result.data}}));
  }
  for (const Effect& e : stepped.effects) {
    database_
        .prepare(
            "INSERT INTO deploy_effect (rollout, id, kind, args, intended) VALUES (?1, ?2, ?3, ?4, "
            "?5)")
        .run(r.id, e.id, e.kind, to_json(Value(e.args)), now);
  }
  for (const Sample& s : seen.samples) {
    database_
        .prepare(
            "INSERT INTO deploy_sample (rollout, metric, arm, until, since, bad, total, value, "
            "no_data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING")
        .run(r.id, s.metric, s.arm, s.to.micros(), s.from.micros(), s.bad, s.total, s.value,
             s.no_data);
  }
  for (const Answer& a : stepped.answers) {
    database_.prepare("UPDATE deploy_request SET done = ?2, ok = ?3, answer = ?4 WHERE id = ?1")
        .run(a.request, now, static_cast<std::int64_t>(a.ok), a.text);
  }
  write_events(r.id, stepped.events);
  write_rollout(r);
  if (r.is_over())
    append_audit(database_, "deploy-end",
                 Map{{"rollout", r.id},
                     {"version", r.version},
                     {"outcome", to_string(r.phase)},
                     {"cause", r.cause}},
                 r.actor, world_.clock.now());
  transaction.commit();
}

bool Journal::is_known(const std::string& id) {
  Statement row = database_.prepare("SELECT 1 FROM deploy_rollout WHERE id = ?1");
  row.bind(id);
  return row.step();
}

Rollout Journal::load(const std::string& id) {
  Statement row = database_.prepare("SELECT body FROM deploy_rollout WHERE id = ?1");
  row.bind(id);
  if (!row.step()) throw Error(ErrorKind::invalid, fmt::format("there is no rollout {}", id));
  Rollout r = rollout_from(parse_json_or_throw(row.text(0), "the rollout " + id));
  row.reset();
  const Duration kept = deployment_from(r.deployment, r.spec).longest_window();
  r.windows = Windows(kept);
  if (!r.last_row) return r;
  for (const Sample& s : samples(id, *r.last_row - kept)) {
    if (s.to <= *r.last_row) r.windows.add(s);
  }
  return r;
}

std::optional<std::string> Journal::unfinished(const Place& place) {
  Statement row = database_.prepare(
      "SELECT id FROM deploy_rollout WHERE deployment = ?1 AND environment = ?2 AND finished IS "
      "NULL ORDER BY created DESC");
  row.bind(place.deployment, place.environment);
  if (!row.step()) return std::nullopt;
  return std::string(row.text(0));
}

std::vector<std::string> Journal::open_rollouts() {
  std::vector<std::string> out;
  Statement row = database_.prepare(
      "SELECT id FROM deploy_rollout WHERE finished IS NULL ORDER BY deployment, environment");
  while (row.step()) out.emplace_back(row.text(0));
  return out;
}

std::vector<Recorded> Journal::history(const std::string& deployment) {
  std::vector<Recorded> out;
  Statement row = database_.prepare(
      "SELECT id, deployment, environment, version, previous, outcome, created, finished FROM "
      "deploy_rollout WHERE ?1 = '' OR deployment = ?1 ORDER BY created DESC, id DESC");
  row.bind(deployment);
  while (row.step()) {
    Recorded r;
    r.id = row.text(0);
    r.deployment = row.text(1);
    r.environment = row.text(2);
    r.version = row.text(3);
    r.previous = row.text(4);
    r.outcome = row.text(5);
    r.created = Instant::from_micros(row.integer(6));
    if (!row.is_null(7)) r.finished = Instant::from_micros(row.integer(7));
    out.push_back(std::move(r));
  }
  return out;
}

std::optional<Journal::Current> Journal::current(const Place& place) {
  Statement row = database_.prepare(
      "SELECT body FROM deploy_rollout WHERE deployment = ?1 AND environment = ?2 AND outcome = "
      "'promoted' ORDER BY finished DESC, created DESC LIMIT 1");
  row.bind(place.deployment, place.environment);
  if (!row.step()) return std::nullopt;
  const Rollout r = rollout_from(parse_json_or_throw(row.text(0), "a rollout"));
  return Current{r.version, r.canary};
}

std::vector<std::string> Journal::promoted_versions(const Place& place) {
  std::vector<std::string> out;
  Statement row = database_.prepare(
      "SELECT version FROM deploy_rollout WHERE deployment = ?1 AND environment = ?2 AND outcome = "
      "'promoted' ORDER BY finished DESC");
  row.bind(place.deployment, place.environment);
  while (row.step()) out.emplace_back(row.text(0));
  return out;
}

// ---- requests, and what was seen

std::int64_t Journal::ask(const std::string& rollout, const Request& request) {
  WriteTransaction transaction(database_);
  database_
      .prepare(
          "INSERT INTO deploy_request (rollout, kind, actor, role, reason, args, time) VALUES (?1, "
          "?2, ?3, ?4, ?5, ?6, ?7)")
      .run(rollout, request.kind, request.actor, request.role, request.reason,
           to_json(Value(request.args)), world_.clock.now().micros());
  const std::int64_t id = database_.integer("SELECT max(id) FROM deploy_request");
  append_audit(database_, "deploy-request",
               Map{{"rollout", rollout}, {"kind", request.kind}, {"reason", request.reason}},
               request.actor, world_.clock.now());
  transaction.commit();
  return id;
}

std::vector<Request> Journal::requests(const std::string& rollout, std::int64_t after) {
  std::vector<Request> out;
  Statement row = database_.prepare(
      "SELECT id, kind, actor, role, reason, args, time FROM deploy_request WHERE rollout = ?1 AND "
      "id > ?2 AND done IS NULL ORDER BY id");
  row.bind(rollout, after);
  while (row.step()) {
    Request r;
    r.id = row.integer(0);
    r.kind = row.text(1);
    r.actor = row.text(2);
    r.role = row.text(3);
    r.reason = row.text(4);
    r.args = parse_json_or_throw(row.text(5), "a request").as_map();
    r.at = Instant::from_micros(row.integer(6));
    out.push_back(std::move(r));
  }
  return out;
}

std::optional<Answer> Journal::answer_to(std::int64_t request) {
  Statement row =
      database_.prepare("SELECT ok, answer FROM deploy_request WHERE id = ?1 AND done IS NOT NULL");
  row.bind(request);
  if (!row.step()) return std::nullopt;
  return Answer{request, row.integer(0) != 0, std::string(row.text(1))};
}

std::vector<JournalEvent> Journal::events(const std::string& rollout) {
  std::vector<JournalEvent> out;
  Statement row = database_.prepare(
      "SELECT key, rollout, kind, text, time FROM deploy_event WHERE ?1 = '' OR rollout = ?1 ORDER "
      "BY seq");
  row.bind(rollout);
  while (row.step()) {
    out.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3)), Instant::from_micros(row.integer(4))});
  }
  return out;
}

std::vector<JournalEffect> Journal::effects(const std::string& rollout) {
  std::vector<JournalEffect> out;
  Statement row = database_.prepare(
      "SELECT id, kind, args, intended, confirmed, ok, result FROM deploy_effect WHERE rollout = "
      "?1 ORDER BY id");
  row.bind(rollout);
  while (row.step()) {
    JournalEffect e;
    e.effect.id = row.integer(0);
    e.effect.kind = row.text(1);
    e.effect.args = parse_json_or_throw(row.text(2), "an effect").as_map();
    e.intended = Instant::from_micros(row.integer(3));
    if (!row.is_null(4)) {
      e.confirmed = Instant::from_micros(row.integer(4));
      e.ok = row.integer(5) != 0;
      e.why = parse_json_or_throw(row.text(6), "an effect").get("why")->as_string();
    }
    out.push_back(std::move(e));
  }
  return out;
}

std::vector<Sample> Journal::samples(const std::string& rollout, Instant after) {
  std::vector<Sample> out;
  Statement row = database_.prepare(
      "SELECT metric, arm, since, until, bad, total, value, no_data FROM deploy_sample WHERE "
      "rollout = ?1 AND until > ?2 ORDER BY until, metric, arm");
  row.bind(rollout, after.micros());
  while (row.step()) {
    Sample s;
    s.metric = row.text(0);
    s.arm = row.text(1);
    s.from = Instant::from_micros(row.integer(2));
    s.to = Instant::from_micros(row.integer(3));
    s.bad = row.integer(4);
    s.total = row.integer(5);
    if (!row.is_null(6)) s.value = row.real(6);
    s.no_data = row.text(7);
    out.push_back(std::move(s));
  }
  return out;
}

}  // namespace autopilot::deploy
