#pragma once
// A state with some hundred entries in its audit, of every kind, and the means to tamper with it.

#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "core/state/audit_tree.h"
#include "core/state/lock.h"
#include "core/state/overlay_change.h"
#include "core/state/rollout.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {

class LongHistory : public StateTest {
 protected:
  Database& database() { return store->database(); }

  void fast() { database().execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF"); }

  // Eight entries a round, more or less: applies of every sort, decisions, refusals, locks,
  // rollbacks with and without an end, promotions, resumptions and what ends by itself.
  void live(int rounds) {
    fast();
    for (int i = 0; i < rounds; ++i) {
      put({policy("p", R"({"rollout":"10%","guards":[{"name":"stop","deny":"true"}]})"),
           policy("q", fmt::format(R"({{"description":"take {} é"}})", i)),
           policy("r" + std::to_string(i % 3), "{}", i % 2 == 0)});
      state::record_refusal(*store, "apply", "eve may not", "eve", fakes.clock.time);
      decide(2 + i % 3);
      state::take_lock(database(), fakes.world,
                       {.holder = "ada", .lasting = Duration::seconds(60), .reason = "night"});
      state::release_lock(database(), fakes.world, "ada", false);
      change_rollout(i);
      decide(1);
    }
  }

  void decide(int count) {
    fakes.clock.tick(Duration::seconds(1));
    std::vector<std::string> lines(static_cast<std::size_t>(count),
                                   R"({"id":"a","type":"route.pause","algorithm":"bandit"})");
    Process(path, fakes.world).decide(lines);
  }

  void change_rollout(int round) {
    state::RolloutRequest request{"p", "ada", "because", std::nullopt};
    if (round % 4 == 0) state::roll_back(*store, request, fakes.world);
    if (round % 4 == 1) state::promote(*store, request, 0.5, fakes.world);
    if (round % 4 == 2) {
      request.lasting = Duration::seconds(30);
      state::roll_back(*store, request, fakes.world);
      fakes.clock.tick(Duration::seconds(60));
      WriteTransaction transaction(database());
      state::end_expired(*store, fakes.clock.time);
      transaction.commit();
    }
    if (round % 4 == 3) {
      state::promote(*store, request, 0.5, fakes.world);
      state::resume(*store, request, fakes.world);
    }
  }

  // What somebody does who may write the file and knows how the chain is made.
  void hash_anew() {
    WriteTransaction transaction(database());
    Statement update = database().prepare("UPDATE audit SET hash = ?1 WHERE seq = ?2");
    std::vector<AuditEntry> entries = state::recent_audit(*store, INT64_MAX);
    Digest previous = audit_origin();
    for (auto e = entries.rbegin(); e != entries.rend(); ++e) {
      previous = audit_hash(previous, *e);
      update.run(Blob{{reinterpret_cast<const char*>(previous.data()), previous.size()}}, e->seq);
    }
    transaction.commit();
  }

  state::Checkpoint checkpoint(bool exact = false) {
    return state::make_checkpoint(*store, fakes.clock.time, exact);
  }

  // What is wrong; seq 0 when nothing is.
  state::AuditFault fault(const state::Checkpoint* at = nullptr) {
    return state::verify_audit(*store, at).fault.value_or(state::AuditFault{});
  }
};

}  // namespace autopilot::testing
