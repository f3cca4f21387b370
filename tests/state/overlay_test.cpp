// What is in force other than git wants it: plans, applies, exports, decisions and expiry around a
// policy that was rolled back or promoted by hand.
#include "core/state/overlay.h"

#include "core/policy/loader.h"
#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "core/state/check.h"
#include "core/state/export.h"
#include "core/state/lock.h"
#include "core/state/migrations.h"
#include "core/state/overlay_change.h"
#include "core/state/plan_lines.h"
#include "core/state/replay_run.h"
#include "core/state/rollout.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using namespace state;

constexpr const char* kTenth =
    R"({"rollout": "10%", "guards": [{"name": "stop", "deny": "true"}]})";
constexpr const char* kAll = R"({"guards": [{"name": "stop", "deny": "true"}]})";
const std::string kAction = R"({"id":"a1","type":"route.pause","algorithm":"bandit"})";

class OverlayTest : public StateTest {
 protected:
  RolloutRequest request(const std::string& reason = "", const std::string& actor = "ada") {
    return {"p", actor, reason, std::nullopt};
  }
  RolloutChange back(const std::string& reason = "") {
    return roll_back(*store, request(reason), fakes.world);
  }
  double share_in_force() {
    return policy::policy_from(store->document("Policy", "p").value()).rollout;
  }
  std::string hints(const Plan& p) {
    std::string all;
    for (const Change& c : p.changes) {
      for (const Hint& h : c.hints) all += c.name() + ": " + h.message + "\n";
    }
    return all;
  }
  void expect_sound() {
    for (const CheckResult& r : check_state(*store, false)) {
      EXPECT_TRUE(r.findings.empty())
          << r.name << ": " << (r.findings.empty() ? "" : r.findings[0]);
    }
    EXPECT_FALSE(verify_audit(*store).fault);
  }
};

TEST_F(OverlayTest, a_rollback_is_a_revision_that_applies_to_nobody) {
  put({policy("p", kAll), policy("q")});
  const std::string before = store->head().hash;
  const RolloutChange done = back("too strict");
  EXPECT_TRUE(done.changed);
  EXPECT_EQ(done.before, 1);
  EXPECT_EQ(done.after, 0);
  const Revision head = store->head();
  EXPECT_EQ(head.hash, done.revision.hash);
  EXPECT_NE(head.hash, before);
  EXPECT_EQ(head.parent, before);
  EXPECT_EQ(head.what, "rollback");
  EXPECT_EQ(head.message, "rollback Policy/p: too strict");
  EXPECT_EQ(share_in_force(), 0);
  expect_sound();
}

TEST_F(OverlayTest, decisions_name_the_revision_in_force_and_replay_across_a_rollback) {
  put({policy("p", kAll)});
  Process one(path, fakes.world);
  const Said blocked = one.decide(kAction);
  back();
  const Said allowed = one.decide(kAction);
  resume(*store, request(), fakes.world);
  const Said again = one.decide(kAction);
  EXPECT_EQ(blocked.results() + allowed.results() + again.results(), "blockedallowedblocked");
  EXPECT_EQ(blocked.text_of(0, "revision"), again.text_of(0, "revision"));
  EXPECT_NE(blocked.text_of(0, "revision"), allowed.text_of(0, "revision"));
  const decide::ReplaySummary replayed = replay_range(*store, {});
  EXPECT_EQ(replayed.checked, 3);
  EXPECT_EQ(replayed.differing, 0);
  expect_sound();
}

TEST_F(OverlayTest, plan_reports_drift_and_apply_keeps_it_while_git_wants_the_same) {
  const std::vector<policy::Document> files{policy("p", kTenth), policy("q")};
  put(files);
  back("too strict");
  const Plan same = plan(files);
  EXPECT_TRUE(same.empty());
  ASSERT_EQ(same.drift.size(), 1u);
  EXPECT_EQ(
      drift_text(same.drift[0]),
      "Policy/p: rolled back at 2026-01-01T00:00:01Z by ada: too strict; in force with rollout "
      "0% instead of 10%");
  EXPECT_EQ(remarks(same).size(), 1u);
  apply(same);
  EXPECT_EQ(share_in_force(), 0);
  // A change of another document does not touch it either.
  put({policy("p", kTenth), policy("q", R"({"priority": 5})")});
  EXPECT_EQ(share_in_force(), 0);
  expect_sound();
}

TEST_F(OverlayTest, it_ends_when_git_changes_the_document_and_the_plan_says_so) {
  put({policy("p", kTenth)});
  back();
  const Plan changed = plan({policy("p", R"({"rollout": "20%"})")});
  ASSERT_EQ(changed.changes.size(), 1u);
  EXPECT_EQ(changed.changes[0].before->content.get("spec")->get("rollout")->as_string(), "0%");
  EXPECT_NE(hints(changed).find("ends the rollback of 2026-01-01T00:00:01Z by ada"),
            std::string::npos)
      << hints(changed);
  EXPECT_TRUE(changed.drift.empty());
  apply(changed);
  EXPECT_EQ(share_in_force(), 0.2);
  EXPECT_TRUE(read_overlays(store->database()).empty());
  EXPECT_TRUE(plan({policy("p", R"({"rollout": "20%"})")}).empty());
  expect_sound();
}

TEST_F(OverlayTest, it_ends_when_git_deletes_the_document) {
  put({policy("p", kTenth), policy("q")});
  back();
  const Plan gone = plan({policy("q")});
  EXPECT_NE(hints(gone).find("ends the rollback"), std::string::npos);
  apply(gone);
  EXPECT_TRUE(read_overlays(store->database()).empty());
  expect_sound();
}

TEST_F(OverlayTest, it_ends_when_git_comes_to_want_what_is_in_force) {
  put({policy("p", kTenth)});
  back();
  policy::Document zero = *store->document("Policy", "p");
  zero.content = Value();  // as the cache of sources leaves it
  const Plan adopting = plan({zero});
  ASSERT_EQ(adopting.count(Change::Action::update), 1);
  EXPECT_NE(hints(adopting).find("ends the rollback"), std::string::npos);
  const Plan read = parse_plan(plan_text(adopting), "x.plan", store.get(), {});
  EXPECT_EQ(hints(read), hints(adopting));
  apply(read);
  EXPECT_EQ(share_in_force(), 0);
  EXPECT_TRUE(plan({zero}).drift.empty());
  EXPECT_TRUE(plan({zero}).empty());
  expect_sound();
}

TEST_F(OverlayTest, a_protected_document_whose_file_is_gone_keeps_it) {
  put({policy("p", kTenth, true), policy("q")});
  back();
  const Plan kept = plan({policy("q")});
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(kept.drift.size(), 1u);
}

TEST_F(OverlayTest, a_plan_from_before_it_is_stale_and_says_who_did_what) {
  put({policy("p", kTenth)});
  const Plan old = plan({policy("p", R"({"rollout": "20%"})")});
  back();
  const Error error = error_of([&] { apply(old); });
  EXPECT_EQ(error.kind(), ErrorKind::stale);
  EXPECT_NE(std::string(error.what()).find("rolled back by ada"), std::string::npos)
      << error.what();
}

TEST_F(OverlayTest, what_is_exported_plans_to_no_changes) {
  put({policy("p", kTenth), policy("q")});
  back();
  const Plan again = plan(store->desired_documents(store->head()));
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(again.drift.size(), 1u);
  const auto files = export_files(store->desired_documents(store->head()));
  EXPECT_NE(files[0].text.find("10%"), std::string::npos) << files[0].text;
  // Of a revision that is past, too.
  put({policy("p", R"({"rollout": "20%"})"), policy("q")});
  const auto old = export_files(store->desired_documents(store->find_revision("HEAD~1")));
  EXPECT_NE(old[0].text.find("10%"), std::string::npos) << old[0].text;
}

TEST_F(OverlayTest, doing_it_again_changes_nothing) {
  put({policy("p", kTenth)});
  back();
  const std::int64_t seq = store->head().seq;
  EXPECT_FALSE(back().changed);
  EXPECT_TRUE(resume(*store, request(), fakes.world).changed);
  EXPECT_FALSE(resume(*store, request(), fakes.world).changed);
  EXPECT_TRUE(promote(*store, request(), 0.5, fakes.world).changed);
  EXPECT_FALSE(promote(*store, request(), 0.5, fakes.world).changed);
  EXPECT_EQ(store->head().seq, seq + 2);
  expect_sound();
}

TEST_F(OverlayTest, a_promotion_raises_and_nothing_else) {
  put({policy("p", kTenth)});
  EXPECT_EQ(promote(*store, request(), 0.5, fakes.world).after, 0.5);
  EXPECT_EQ(error_of([&] { promote(*store, request(), 0.2, fakes.world); }).kind(),
            ErrorKind::invalid);
  EXPECT_EQ(promote(*store, request(), 1, fakes.world).after, 1);
  back();
  // Back to the share of the document: nothing differs any more.
  EXPECT_FALSE(promote(*store, request(), 0.1, fakes.world).overlay);
  EXPECT_EQ(store->head().what, "promote");
  EXPECT_TRUE(plan({policy("p", kTenth)}).drift.empty());
  expect_sound();
}

TEST_F(OverlayTest, an_unknown_policy_gets_a_suggestion) {
  put({policy("traffic"), document("Access", "main", R"({"default":"admin"})")});
  const Error error = error_of([&] { roll_back(*store, {"trafic", "ada", "", {}}, fakes.world); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_EQ(error.hint(), "did you mean traffic?");
}

TEST_F(OverlayTest, it_takes_the_authority_of_the_policy_and_a_refusal_is_audited) {
  put({policy("p", R"({"authority": "admin"})"), policy("low", R"({"authority": "viewer"})"),
       document("Access", "main",
                R"({"roles":{"admin":["ada"],"operator":["bob"],"viewer":["eve"]}})")});
  const auto kind = [&](const std::string& actor, const std::string& id) {
    return error_of([&] { roll_back(*store, {id, actor, "", {}}, fakes.world); }).kind();
  };
  EXPECT_EQ(kind("bob", "p"), ErrorKind::denied);
  EXPECT_EQ(kind("eve", "low"), ErrorKind::denied) << "at least operator";
  EXPECT_EQ(kind("nobody", "p"), ErrorKind::denied);
  EXPECT_EQ(recent_audit(*store, 1)[0].kind, "refused");
  EXPECT_EQ(kind("bob", "low"), ErrorKind::bug) << "nothing was thrown";
  EXPECT_EQ(kind("ada", "p"), ErrorKind::bug);
  expect_sound();
}

TEST_F(OverlayTest, somebody_elses_lock_keeps_it_out) {
  put({policy("p", kTenth)});
  take_lock(store->database(), fakes.world, {"bob", 0, kLockDuration, ""});
  EXPECT_EQ(error_of([&] { back(); }).kind(), ErrorKind::locked);
  EXPECT_EQ(share_in_force(), 0.1);
}

TEST_F(OverlayTest, it_ends_by_itself_with_the_first_decision_after_its_time) {
  put({policy("p", kAll)});
  const std::string usual = store->head().hash;
  RolloutRequest hour = request();
  hour.lasting = Duration::seconds(3600);
  roll_back(*store, hour, fakes.world);
  Process one(path, fakes.world), dry(path, fakes.world, [] {
    decide::RecorderSettings settings = settings_of();
    settings.dry_run = true;
    return settings;
  }());
  EXPECT_EQ(one.decide(kAction).results(), "allowed");
  fakes.clock.tick(Duration::milliseconds(3600 * 1000 - 1));
  EXPECT_EQ(one.decide(kAction).results(), "allowed");
  EXPECT_EQ(dry.decide(kAction).results(), "allowed");
  fakes.clock.tick(Duration::milliseconds(1));
  const Said tried = dry.decide(kAction);  // writes nothing, and says what will be
  EXPECT_EQ(tried.results(), "blocked");
  EXPECT_EQ(tried.text_of(0, "revision"), usual);
  EXPECT_EQ(store->head().what, "rollback");
  const Said after = one.decide(kAction);
  EXPECT_EQ(after.results(), "blocked");
  EXPECT_EQ(after.text_of(0, "revision"), usual);
  EXPECT_EQ(store->head().what, "expire");
  EXPECT_TRUE(read_overlays(store->database()).empty());
  EXPECT_EQ(replay_range(*store, {}).differing, 0);
  expect_sound();
}

TEST_F(OverlayTest, several_overlays_of_one_document_begin_and_end_apart) {
  put({policy("p", kAll)});
  const policy::Document wanted = *store->document("Policy", "p");
  Overlay off = rollout_overlay(wanted, 0, kRollback, "", "ada", fakes.clock.time);
  off.field = "enabled";
  off.value = false;
  off.expires = fakes.clock.time + Duration::seconds(60);
  {
    WriteTransaction transaction(store->database());
    put_overlays(*store, wanted, {off}, {kRollback, "off", "ada", fakes.clock.time, {}});
    transaction.commit();
  }
  back();
  EXPECT_EQ(read_overlays(store->database()).size(), 2u);
  EXPECT_FALSE(store->document("Policy", "p")->content.get("spec")->get("enabled")->as_bool());
  EXPECT_EQ(store->desired_document("Policy", "p")->hash, wanted.hash);
  expect_sound();
  fakes.clock.tick(Duration::seconds(60));
  Process(path, fakes.world).decide(kAction);
  EXPECT_EQ(store->document("Policy", "p")->content.get("spec")->get("enabled"), nullptr);
  EXPECT_EQ(share_in_force(), 0);
  EXPECT_EQ(plan({policy("p", kAll)}).drift.size(), 1u);
  expect_sound();
}

TEST_F(OverlayTest, rollbacks_are_counted) {
  put({policy("p", kTenth), policy("q", kTenth)});
  back();
  resume(*store, request(), fakes.world);
  back();
  roll_back(*store, {"q", "ada", "", {}}, fakes.world);
  EXPECT_EQ(count_rollbacks(*store).by_hand, 3);
  EXPECT_EQ(count_rollbacks(*store, "p").total(), 2);
  EXPECT_EQ(count_rollbacks(*store).by_rule, 0);
}

TEST_F(OverlayTest, check_finds_what_contradicts_an_overlay) {
  for (const char* sql :
       {"UPDATE overlay SET value = '\"5%\"'", "DELETE FROM overlay",
        "UPDATE overlay SET desired_hash = (SELECT content_hash FROM document WHERE id = 'q')",
        "UPDATE revision_document SET desired_hash = NULL", "UPDATE overlay SET id = 'nowhere'"}) {
    const Scratch folder;
    store = Store::open_or_create(folder.path("state.db"));
    put({policy("p", kTenth), policy("q")});
    back();
    expect_sound();
    store->database().execute(sql);
    bool found = false;
    for (const CheckResult& r : check_state(*store, false))
      found |= r.name == "overlays" && !r.findings.empty();
    EXPECT_TRUE(found) << sql;
  }
}

// A file that version 1 left, made by its own schema.
TEST(OverlayMigration, a_state_of_version_1_is_upgraded_and_goes_on) {
  const Scratch scratch;
  const std::string path = scratch.path("state.db");
  FakeWorld fakes;
  const policy::Document p = policy("p", kTenth);
  Database::create(path, [&](Database& d) { migrate(d, migrations().first(1)); });
  {
    Database old(path);
    WriteTransaction transaction(old);
    const std::string hash = revision_hash({{"Policy", "p", p.hash, false}});
    old.prepare("INSERT INTO content VALUES (?1, ?2)").run(p.hash, to_canonical_json(p.content));
    old.prepare("INSERT INTO revision VALUES (1, ?1, ?2, 5000000, 'ada', 'old', 1, 0, 0)")
        .run(hash, empty_revision_hash());
    old.prepare("INSERT INTO revision_document VALUES ('Policy', 'p', 1, ?1)").run(p.hash);
    old.prepare("INSERT INTO document VALUES ('Policy', 'p', ?1, 0)").run(p.hash);
    append_audit(old, "apply",
                 Map{{"revision", hash},
                     {"seq", 1},
                     {"parent", empty_revision_hash()},
                     {"created", 1},
                     {"updated", 0},
                     {"deleted", 0},
                     {"message", "old"}},
                 "ada", Instant::from_micros(5'000'000));
    transaction.commit();
    EXPECT_EQ(old.user_version(), 1);
  }
  const auto store = Store::open(path);
  EXPECT_EQ(store->database().user_version(), schema_version());
  EXPECT_EQ(Database(backup_path(path, 1)).user_version(), 1);
  const Revision head = store->head();
  EXPECT_EQ(head.what, "apply");
  EXPECT_FALSE(head.last_decision);
  EXPECT_EQ(head.message, "old");
  EXPECT_TRUE(make_plan({p}, store.get(), {}).empty());
  EXPECT_EQ(store->desired_documents(head).at(0).hash, p.hash);
  roll_back(*store, {"p", "ada", "", {}}, fakes.world);
  EXPECT_EQ(make_plan({p}, store.get(), {}).drift.size(), 1u);
  for (const CheckResult& r : check_state(*store, false)) EXPECT_TRUE(r.findings.empty()) << r.name;
  EXPECT_FALSE(verify_audit(*store).fault);
}

}  // namespace
}  // namespace autopilot::testing
