// Break-glass: who may, what holds meanwhile, and that it ends.
#include "core/state/disabling.h"

#include "core/policy/loader.h"
#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "core/state/check.h"
#include "core/state/lock.h"
#include "core/state/plan_lines.h"
#include "core/state/replay_run.h"
#include "core/state/rollout.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using namespace state;

constexpr const char* kDeny = R"({"guards": [{"name": "stop", "deny": "true"}]})";
const std::string kAction = R"({"id":"a1","type":"route.pause","algorithm":"bandit"})";
constexpr Duration kTwoHours = Duration::seconds(7200);

class DisablingTest : public StateTest {
 protected:
  HandRequest request(const std::string& actor = "ada") {
    return {"p", actor, "incident 42", kTwoHours};
  }
  Disabling off() { return disable(*store, request(), fakes.world); }
  bool enabled() { return policy::policy_from(store->document("Policy", "p").value()).enabled; }
  AuditEntry last() { return recent_audit(*store, 1).at(0); }
  void expect_sound() {
    for (const CheckResult& r : check_state(*store, false))
      EXPECT_TRUE(r.findings.empty()) << r.name;
    EXPECT_FALSE(verify_audit(*store).fault);
  }
};

TEST_F(DisablingTest, a_disabled_policy_decides_nothing_until_its_time_is_over) {
  put({policy("p", kDeny)});
  Process process(path, fakes.world);
  EXPECT_EQ(process.decide(kAction).results(), "blocked");
  const Disabling done = off();
  EXPECT_TRUE(done.changed);
  EXPECT_FALSE(enabled());
  EXPECT_EQ(process.decide(kAction).results(), "allowed");
  fakes.clock.tick(kTwoHours);
  EXPECT_EQ(process.decide(kAction).results(), "blocked") << "the first decision after it";
  EXPECT_TRUE(enabled());
  EXPECT_EQ(store->head().what, kExpire);
  expect_sound();
}

TEST_F(DisablingTest, the_last_instant_before_the_end_is_still_free) {
  put({policy("p", kDeny)});
  off();
  Process process(path, fakes.world);
  fakes.clock.tick(Duration{kTwoHours.nanos - 1'000'000});
  EXPECT_EQ(process.decide(kAction).results(), "allowed");
  fakes.clock.tick(Duration{1'000'000});
  EXPECT_EQ(process.decide(kAction).results(), "blocked");
}

TEST_F(DisablingTest, decisions_before_during_and_after_replay_to_the_same_bytes) {
  put({policy("p", kDeny)});
  Process process(path, fakes.world);
  process.decide(kAction);
  off();
  process.decide(kAction);
  fakes.clock.tick(kTwoHours);
  process.decide(kAction);
  const auto summary = replay_range(*store, {});
  EXPECT_EQ(summary.checked, 3);
  EXPECT_EQ(summary.differing, 0);
}

TEST_F(DisablingTest, a_plan_shows_it_as_drift_with_who_why_and_until) {
  put({policy("p", kDeny)});
  off();
  const Plan p = plan({policy("p", kDeny)});
  EXPECT_TRUE(p.empty());
  ASSERT_EQ(p.drift.size(), 1u);
  EXPECT_EQ(drift_text(p.drift[0]),
            "Policy/p: disabled at 2026-01-01T00:00:01Z by ada: incident 42; in force with enabled "
            "false until 2026-01-01T02:00:01Z");
}

TEST_F(DisablingTest, a_plan_after_its_time_says_that_it_is_over) {
  put({policy("p", kDeny)});
  off();
  fakes.clock.tick(kTwoHours);
  PlanOptions options;
  options.now = fakes.clock.now();
  EXPECT_TRUE(drift_text(plan({policy("p", kDeny)}, options).drift.at(0))
                  .ends_with("; that time is over: the next decision is taken as git wants"));
}

TEST_F(DisablingTest, it_is_a_revision_and_an_entry_of_the_audit) {
  put({policy("p", kDeny)});
  const Disabling done = off();
  EXPECT_EQ(store->head().what, kDisable);
  EXPECT_EQ(store->head().hash, done.revision.hash);
  EXPECT_EQ(last().kind, kDisable);
  EXPECT_EQ(last().actor, "ada");
  for (const char* part :
       {R"("reason":"incident 42")", R"("for":"2h")", R"("until":"2026-01-01T02:00:01Z")"}) {
    EXPECT_NE(last().body.find(part), std::string::npos) << last().body;
  }
}

TEST_F(DisablingTest, enable_ends_it_before_its_time) {
  put({policy("p", kDeny)});
  const std::string before = store->head().hash;
  off();
  const Disabling done = enable(*store, request(), fakes.world);
  EXPECT_TRUE(done.changed);
  EXPECT_TRUE(enabled());
  EXPECT_EQ(store->head().hash, before);
  EXPECT_EQ(last().kind, kEnable);
  EXPECT_FALSE(enable(*store, request(), fakes.world).changed);
  EXPECT_TRUE(plan({policy("p", kDeny)}).drift.empty());
}

TEST_F(DisablingTest, doing_it_again_counts_from_then_on) {
  put({policy("p", kDeny)});
  off();
  fakes.clock.tick(Duration::seconds(3600));
  off();
  fakes.clock.tick(Duration::seconds(3600 + 1800));
  EXPECT_EQ(Process(path, fakes.world).decide(kAction).results(), "allowed");
}

TEST_F(DisablingTest, it_takes_the_authority_of_the_policy_and_a_refusal_is_audited) {
  put({policy("p", kDeny), policy("low", R"({"authority":"operator"})"),
       document("Access", "main",
                R"({"roles":{"dg_ai":["ada"],"operator":["bob"],"viewer":["eve"]}})")});
  const auto kind = [&](const std::string& actor, const std::string& id) {
    HandRequest r = request(actor);
    r.policy = id;
    return error_of([&] { disable(*store, r, fakes.world); }).kind();
  };
  EXPECT_EQ(kind("bob", "p"), ErrorKind::denied);
  EXPECT_EQ(last().kind, "refused");
  EXPECT_NE(last().body.find("\"operation\":\"policy disable\""), std::string::npos);
  EXPECT_EQ(kind("eve", "low"), ErrorKind::denied) << "at least operator";
  EXPECT_EQ(kind("bob", "low"), ErrorKind::bug) << "nothing is thrown";
  EXPECT_EQ(kind("ada", "nothing"), ErrorKind::invalid);
  off();
  EXPECT_EQ(error_of([&] { enable(*store, request("bob"), fakes.world); }).kind(),
            ErrorKind::denied);
}

TEST_F(DisablingTest, the_lock_of_somebody_else_holds_here_too) {
  put({policy("p", kDeny)});
  take_lock(store->database(), fakes.world, {"bob", 0, Duration::seconds(60), ""});
  EXPECT_EQ(error_of([&] { off(); }).kind(), ErrorKind::locked);
  EXPECT_TRUE(enabled());
}

TEST_F(DisablingTest, what_the_document_switches_off_is_for_git) {
  put({policy("p", R"({"enabled": false})")});
  EXPECT_EQ(error_of([&] { off(); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { enable(*store, request(), fakes.world); }).kind(), ErrorKind::invalid);
}

TEST_F(DisablingTest, a_change_of_the_document_ends_it_and_its_plan_says_so) {
  put({policy("p", kDeny)});
  off();
  const Plan p = plan({policy("p", R"({"guards": [{"name": "stop", "deny": "1 == 1"}]})")});
  std::string hints;
  for (const Hint& h : p.changes.at(0).hints) hints += h.message + "\n";
  EXPECT_NE(hints.find("ends the disabling of 2026-01-01T00:00:01Z by ada"), std::string::npos)
      << hints;
  apply(p, "ada", true);
  EXPECT_TRUE(enabled());
}

TEST_F(DisablingTest, a_rollback_beside_it_stays_when_it_ends) {
  put({policy("p", kDeny)});
  roll_back(*store, {"p", "ada", "", {}}, fakes.world);
  off();
  enable(*store, request(), fakes.world);
  EXPECT_EQ(policy::policy_from(store->document("Policy", "p").value()).rollout, 0);
  expect_sound();
}

}  // namespace
}  // namespace autopilot::testing
