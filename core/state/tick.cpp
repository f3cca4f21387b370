#include "core/state/tick.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/units.h"
#include "core/state/access.h"
#include "core/state/apply.h"
#include "core/state/lock.h"
#include "core/state/overlay_change.h"
#include "core/state/rollout.h"

namespace autopilot::state {
namespace {

std::string text_of(std::int64_t micros) { return format_rfc3339(Instant::from_micros(micros)); }

// "inside.blocked_share = 0.342, inside.total = 120"
std::string values_text(const Map& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    const std::string shown = value.is_null()      ? "none"
                              : value.is_integer() ? to_json(value)
                                                   : fmt::format("{:.4g}", value.as_double());
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, shown);
  }
  return text;
}

void check_role(Store& store, const std::string& actor) {
  const Access access = read_access(&store);
  const std::optional<policy::Role> role = access.role_of(actor);
  if (role && *role >= policy::Role::operator_) return;
  throw Error(ErrorKind::denied,
              fmt::format("{}; rollout tick takes operator", role_sentence(actor, role)),
              who_may(access, policy::Role::operator_));
}

// One tick inside its transaction.
class Ticker {
 public:
  Ticker(Store& store, const std::string& actor, Instant now)
      : store_(store), actor_(actor), now_(now) {}

  // True when something is to be kept.
  bool run(Watching& watching, Ticked& out) {
    bool changed = forget_others(watching);
    for (Watched& w : watching.policies()) {
      TickedPolicy ticked{w.policy.id, w.policy.rollout, w.watch->judge(now_), "", ""};
      changed |= ticked.verdict.fired ? take_back(w, ticked) : keep(w, ticked.verdict.position);
      out.policies.push_back(std::move(ticked));
    }
    return changed;
  }

 private:
  // Positions of rules that are not there any more.
  bool forget_others(Watching& watching) {
    std::vector<std::string> old;
    Statement rows = store_.database().prepare("SELECT id FROM watch");
    while (rows.step()) {
      const std::string_view id = rows.text(0);
      const bool known = std::any_of(watching.policies().begin(), watching.policies().end(),
                                     [&](const Watched& w) { return w.policy.id == id; });
      if (!known) old.emplace_back(id);
    }
    for (const std::string& id : old) forget(id);
    return !old.empty();
  }

  void forget(const std::string& id) {
    store_.database().prepare("DELETE FROM watch WHERE id = ?1").run(id);
  }

  bool keep(const Watched& w, const decide::WatchPosition& position) {
    Statement row = store_.database().prepare(
        "SELECT 1 FROM watch WHERE id = ?1 AND seq = ?2 AND judged >= ?3");
    row.bind(w.policy.id, w.since.seq, *position.judged);
    if (row.step()) return false;
    store_.database()
        .prepare(
            "INSERT INTO watch (id, seq, judged, held_since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
            "(id) DO UPDATE SET seq = excluded.seq, judged = excluded.judged, held_since = "
            "excluded.held_since")
        .run(w.policy.id, w.since.seq, *position.judged, position.held_since);
    return true;
  }

  bool take_back(const Watched& w, TickedPolicy& ticked) {
    const decide::RollbackRule& rule = *w.watch->rule();
    const decide::WatchVerdict& v = ticked.verdict;
    const Map values = rule.values(v.counts);
    const std::int64_t since = v.position.held_since.value_or(v.to);
    ticked.reason = fmt::format("{} held from {} to {}: {}", rule.model().when.source,
                                text_of(since), text_of(v.to), values_text(values));
    const policy::Document wanted = store_.desired_document("Policy", w.policy.id).value();
    std::vector<Overlay> overlays =
        overlays_of(read_overlays(store_.database()), wanted.kind, wanted.id);
    std::erase_if(overlays, [](const Overlay& o) { return o.field == kRolloutField; });
    overlays.push_back(rollout_overlay(wanted, 0, kAutoRollback, ticked.reason, actor_, now_));
    ticked.revision =
        put_overlays(store_, wanted, overlays,
                     {kAutoRollback,
                      fmt::format("{} Policy/{}: {}", kAutoRollback, w.policy.id, ticked.reason),
                      actor_, now_,
                      Map{{"from", format_share(w.policy.rollout)},
                          {"to", format_share(0)},
                          {"when", rule.model().when.source},
                          {"for", format_duration(rule.model().lasting)},
                          {"held_since", text_of(since)},
                          {"point", text_of(v.to)},
                          {"values", values}}})
            .hash;
    forget(w.policy.id);
    return true;
  }

  Store& store_;
  const std::string& actor_;
  Instant now_;
};

Ticked tick_now(Store& store, const std::string& actor, World& world) {
  check_role(store, actor);
  const auto watch = [&] {
    auto watching =
        std::make_unique<Watching>(store, Watching::Which::rules, "", world.clock.now());
    watching->read_on();
    return watching;
  };
  // The long part of the reading holds nobody up; what came meanwhile is read under the lock.
  std::unique_ptr<Watching> watching = watch();
  WriteTransaction transaction(store.database());
  Ticked ticked;
  ticked.note = pass_lock(store.database(), world, actor);
  bool changed = !ticked.note.empty();
  changed |= end_expired(store, world.clock.now());
  if (store.head().seq != watching->revision_seq()) {
    watching = watch();
  } else {
    watching->read_on();
  }
  changed |= Ticker(store, actor, world.clock.now()).run(*watching, ticked);
  if (changed) transaction.commit();
  return ticked;
}

}  // namespace

std::int64_t Ticked::rolled_back() const {
  return std::count_if(policies.begin(), policies.end(),
                       [](const TickedPolicy& p) { return p.verdict.fired.has_value(); });
}

Ticked tick(Store& store, const std::string& actor, World& world) {
  return recording_refusals(store, "rollout tick", actor, world,
                            [&] { return tick_now(store, actor, world); });
}

}  // namespace autopilot::state
