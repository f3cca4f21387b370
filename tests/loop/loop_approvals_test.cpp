#include "core/decide/archive.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"
#include "tests/loop/fixture.h"

namespace autopilot::loop {
namespace {

// Approval: a policy holds back whatever gives more than two thirds to one arm.
class Held : public LoopTest {
 protected:
  Held() {
    autopilot::testing::FakeWorld applying;
    const auto documents = std::vector{autopilot::testing::policy(
        "two-man", R"({"guards":[{"name":"big","approve":"action.data.weight > 0.67"}]})")};
    state::apply(*store, state::make_plan(documents, store.get(), {}), {"ada", "", true, true},
                 applying.world);
  }
  state::Approvals approvals() { return state::Approvals(*store, world, ""); }
  state::Waiting request(const LoopResult& result) {
    auto all = approvals();
    return state::request_of_decision(
        all, decide::Archive(store->database()).find(result.waiting.at(0).decision));
  }
  void approve(const LoopResult& result) {
    auto all = approvals();
    all.approve(request(result), {"bob", "user:bob"}, "", {});
  }
  void reject(const LoopResult& result) {
    auto all = approvals();
    all.reject(request(result), {"bob", "user:bob"}, "too much");
  }
  std::string result_of(const LoopResult& result, const std::string& arm) {
    for (const Value& entry : result.step->body.find("arms")->as_list()) {
      if (entry.get("arm")->as_string() != arm) continue;
      const Value* found = entry.get("result");
      return found == nullptr ? "" : found->as_string();
    }
    return "?";
  }
};

TEST_F(Held, what_waits_is_not_proposed_again_until_it_was_answered) {
  const LoopResult first = run();
  EXPECT_EQ(result_of(first, "a"), "pending");
  ASSERT_EQ(first.waiting.size(), 1u);
  EXPECT_EQ(first.waiting[0].before, 5000);
  EXPECT_TRUE(actuator.keys.empty()) << "nobody may gain what the other loses";
  EXPECT_EQ(decisions(), 2);
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "waiting");
  EXPECT_EQ(second.waiting.at(0).decision, first.waiting[0].decision);
  EXPECT_EQ(decisions(), 3) << "the other arm's alone";
  EXPECT_EQ(run().waiting.size(), 1u) << "told without a step, too";
}

TEST_F(Held, what_was_approved_is_acted_on_once_by_the_next_run) {
  const LoopResult first = run();
  approve(first);
  algorithm.schedule.every = Duration::seconds(86400);  // agreement does not wait for a schedule
  const LoopResult second = run();
  ASSERT_TRUE(second.step);
  EXPECT_EQ(result_of(second, "a"), "allowed");
  EXPECT_TRUE(second.waiting.empty());
  EXPECT_NEAR(actuator.shares.at("a") / 1e4, first.waiting[0].asked, 1e-4);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"), 1);
  const std::int64_t taken = decisions();
  EXPECT_FALSE(run().step);
  EXPECT_EQ(decisions(), taken);
  EXPECT_EQ(actuator.keys.size(), 1u);
}

TEST_F(Held, what_was_rejected_is_dropped_and_proposed_anew) {
  const LoopResult first = run();
  reject(first);
  EXPECT_FALSE(run().step) << "a rejection is no reason to step";
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "pending");
  EXPECT_NE(second.waiting.at(0).decision, first.waiting[0].decision);
  const auto dropped = pending_in(second.step->body, "dropped");
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].why, "rejected by bob: too much");
}

TEST_F(Held, what_nobody_approved_in_time_is_proposed_anew) {
  const LoopResult first = run();
  clock.time = clock.time + Duration::seconds(25 * 3600);
  add_events(10);
  const LoopResult second = run();
  EXPECT_NE(second.waiting.at(0).decision, first.waiting[0].decision);
  EXPECT_TRUE(pending_in(second.step->body, "dropped").at(0).why.starts_with("nobody approved"));
}

TEST_F(Held, a_share_that_somebody_moved_is_another_question) {
  run();
  actuator.all = {{Segment(), {{"a", 2000}, {"b", 8000}}}};
  add_events(10);
  const LoopResult second = run();
  EXPECT_EQ(pending_in(second.step->body, "dropped").at(0).why,
            "its share was moved meanwhile, from 50% to 20%");
  EXPECT_EQ(result_of(second, "a"), "pending");
}

TEST_F(Held, a_person_may_resume_the_decision_and_the_run_acts_on_it) {
  const LoopResult first = run();
  approve(first);
  {
    state::PolicySets policies(*store);
    decide::RecorderSettings settings;
    settings.run = "by-hand";
    decide::Recorder recorder(store->database(), world, policies, settings);
    auto all = approvals();
    state::resume_decision(all, recorder,
                           decide::Archive(store->database()).find(first.waiting[0].decision),
                           {"cron", "user:cron"});
  }
  const LoopResult second = run();
  EXPECT_EQ(result_of(second, "a"), "allowed");
  EXPECT_EQ(actuator.keys.size(), 1u);
}

TEST_F(Held, a_trial_shows_what_was_approved_and_uses_nothing_up) {
  const LoopResult first = run();
  approve(first);
  const LoopResult trial = run(Mode::dry_run);
  EXPECT_EQ(result_of(trial, "a"), "approved");
  EXPECT_GT(shares_of(trial.step->body, "after").at({}).at("a"), 6700);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"), 0);
}

TEST_F(Held, a_shadow_asks_nobody) {
  EXPECT_TRUE(run(Mode::shadow).waiting.empty());
  add_events(10);
  const LoopResult second = run(Mode::shadow);
  EXPECT_EQ(result_of(second, "a"), "pending");
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request"), 0);
}

// Whatever moment the run that acts on an approval dies at, it is used and acted on once.
TEST_F(Held, killed_at_any_moment_an_approval_is_used_and_acted_on_once) {
  int deaths = 0;
  for (int moment = 1; moment < 200; ++moment) {
    SCOPED_TRACE(moment);
    const Scratch folder;
    store = state::Store::open_or_create(folder.path("state.db"));
    autopilot::testing::FakeWorld applying;
    const auto documents = std::vector{autopilot::testing::policy(
        "two-man", R"({"guards":[{"name":"big","approve":"action.data.weight > 0.67"}]})")};
    state::apply(*store, state::make_plan(documents, store.get(), {}), {"ada", "", true, true},
                 applying.world);
    actuator = FakeActuator();
    approve(run());
    clock.left = moment;
    bool died = false;
    try {
      run();
    } catch (const Killed&) {
      died = true;
      ++deaths;
    }
    clock.left = 0;
    run();
    EXPECT_GT(actuator.shares.at("a"), 6700);
    EXPECT_EQ(store->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"),
              1);
    EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision WHERE "
                                        "json_extract(body, '$.resumes') IS NOT NULL"),
              1);
    EXPECT_EQ(LoopStore(store->database(), "split").steps(9).size(), 2u);
    for (const std::string& key : actuator.keys) EXPECT_EQ(key, "split/2");
    if (!died) break;
  }
  EXPECT_GT(deaths, 8);
}

}  // namespace
}  // namespace autopilot::loop
