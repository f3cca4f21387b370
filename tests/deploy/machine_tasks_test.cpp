// While a step does its work (a check, a hook, a smoke test, load) the rollout hears and judges.
#include <gtest/gtest.h>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

constexpr const char* kCheck = R"({"checks": {"during": [{"name": "warm", "argv": ["./warm"]}]}})";
constexpr const char* kLoad =
    R"({"steps": [{"name": "canary", "weight": "5%", "hold": "10s"},
                  {"name": "crowd", "load": {"rate": "10/s", "for": "1h"}}]})";

// A rollout at a task that has not ended.
class Busy : public MachineWorld {
 public:
  Busy(const std::string& kind, const std::string& spec) : MachineWorld(spec_with(spec)) {
    hangs = [kind](const Effect& e) { return e.kind == kind; };
    until([&] { return rollout.outstanding.has_value(); });
    task = *rollout.outstanding;
    EXPECT_EQ(task.kind, kind);
  }
  void end_well() { end({task.id, true, "", {}}); }
  void end_badly() { end({task.id, false, "no", {}}); }

  Effect task;
};

TEST(machine_tasks, an_abort_does_not_wait_for_a_check) {
  Busy w("check", kCheck);
  EXPECT_EQ(w.rollout.waiting, "for check warm to end");
  w.tick(3);
  w.ask("abort");
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.count("cut_off"), 1);
  const std::string over = to_json(to_value(w.rollout));
  w.end_badly();
  EXPECT_EQ(to_json(to_value(w.rollout)), over) << "what it came to is of no interest any more";
}

TEST(machine_tasks, what_a_check_came_to_after_an_abort_changes_nothing_on_the_way) {
  Busy w("check", kCheck);
  w.world = [](const Effect& e) {
    return e.kind == "stop" ? EffectResult{e.id, false, "no", {}} : EffectResult{};
  };
  w.ask("abort");
  ASSERT_EQ(w.rollout.phase, Phase::rolling_back);
  w.end_well();
  w.world = {};
  w.tick(2);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.count("passed"), 0);
}

TEST(machine_tasks, what_is_said_as_it_ends_is_heard) {
  for (const bool is_well : {true, false}) {
    Busy w("check", kCheck);
    Observation both;
    both.boot_id = w.boot;
    both.open_connections = 0;
    both.results.push_back({w.task.id, is_well, is_well ? "" : "no", {}});
    both.requests.push_back({w.next_request++, "abort", "bob", "admin", "", {}, w.now});
    w.see(both);
    EXPECT_EQ(w.rollout.state(), "rolled_back");
    EXPECT_EQ(w.rollout.cause_kind, is_well ? "actor" : "check");
    EXPECT_EQ(w.answers.size(), 1u);
    EXPECT_EQ(w.count("cut_off"), 0) << "it had ended";
  }
}

TEST(machine_tasks, rules_are_judged_under_load) {
  Busy w("load", kLoad);
  w.bad = 50;
  w.tick(6);
  EXPECT_EQ(w.rollout.cause_kind, "rule");
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

TEST(machine_tasks, so_is_health) {
  Busy w("load", kLoad);
  w.canary_well = false;
  w.tick(4);
  EXPECT_EQ(w.rollout.cause_kind, "health");
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

TEST(machine_tasks, a_pause_lets_it_end_and_keeps_the_next_step_from_beginning) {
  Busy w("check", kCheck);
  w.ask("pause");
  EXPECT_TRUE(w.answers.back().ok);
  w.end_well();
  w.tick(3);
  EXPECT_EQ(w.rollout.state(), "paused");
  EXPECT_EQ(w.rollout.weight_bp, 0);
  w.ask("resume");
  EXPECT_TRUE(w.until([&] { return w.rollout.weight_bp == 500; }));
  EXPECT_EQ(w.count("passed"), 1);
}

TEST(machine_tasks, a_check_that_fails_during_maintenance_is_done_again_afterwards) {
  Busy w("check", kCheck);
  w.ask("pause", Map{{"maintenance", true}});
  w.end_badly();
  w.tick(3);
  EXPECT_EQ(w.rollout.state(), "paused");
  w.hangs = {};
  w.ask("resume");
  EXPECT_TRUE(w.until([&] { return w.rollout.weight_bp == 500; }));
  EXPECT_EQ(w.count("passed"), 1);
}

TEST(machine_tasks, promote_says_what_is_going_on) {
  Busy w("load", kLoad);
  w.ask("promote");
  EXPECT_FALSE(w.answers.back().ok);
  EXPECT_EQ(w.answers.back().text, "it is at crowd");
  EXPECT_EQ(w.rollout.outstanding->id, w.task.id);
}

TEST(machine_tasks, one_that_never_ends_has_the_deadline_of_its_stage) {
  Busy w("check", kCheck);
  w.tick(61);
  EXPECT_EQ(w.rollout.cause_kind, "deadline");
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.count("cut_off"), 1);
}

TEST(machine_tasks, a_hook_that_is_cut_off_is_told_and_not_done_again) {
  Busy w("hook", R"({"hooks": {"promoted": ["./tell"], "rolled_back": ["./sorry"]}})");
  w.hangs = {};
  w.ask("abort");
  w.tick(3);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.count("cut_off"), 1);
  int told = 0, sorry = 0;
  for (const Effect& e : w.effects) {
    if (e.kind != "hook") continue;
    told += e.args.find("name")->as_string() == "promoted" ? 1 : 0;
    sorry += e.args.find("name")->as_string() == "rolled_back" ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(sorry, 1);
}

TEST(machine_tasks, the_hook_of_the_way_back_is_no_reason_to_go_anywhere) {
  MachineWorld w(spec_with(R"({"hooks": {"rolled_back": ["./sorry"]}})"));
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.hangs = [](const Effect& e) { return e.kind == "hook"; };
  w.ask("abort");
  w.tick(20);
  EXPECT_EQ(w.rollout.state(), "rolling_back");
  EXPECT_EQ(w.rollout.waiting, "for hook rolled_back to end");
  EXPECT_EQ(w.rollout.weight_bp, 0);
  w.ask("abort");
  EXPECT_EQ(w.answers.back().text, "it is going back already");
  w.end({w.rollout.outstanding->id, true, "", {}});
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

}  // namespace
}  // namespace autopilot::deploy
