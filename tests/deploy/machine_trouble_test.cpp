// What may go wrong around a rollout: proxies, machines, canaries.
#include <gtest/gtest.h>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;

TEST(machine, a_way_back_that_cannot_be_verified_is_stuck_and_tried_again) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  bool dead = true;
  w.world = [&](const Effect& e) {
    if (e.kind != "set_weight" || !dead) return EffectResult{};
    return EffectResult{e.id, false, "connection refused", {}};
  };
  w.ask("abort");
  w.tick(20);
  EXPECT_EQ(w.rollout.state(), "stuck");
  EXPECT_EQ(w.count("stuck"), 1);
  EXPECT_GT(w.weights().size(), 10u);
  dead = false;
  w.tick(2);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

TEST(machine, an_old_version_that_cannot_be_started_keeps_no_traffic_at_a_canary_that_is_not_well) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.world = [](const Effect& e) {
    if (e.kind != "start" && e.kind != "stop") return EffectResult{};
    return EffectResult{e.id, false, "web2 is out of reach", {}};
  };
  w.canary_well = w.stable_well = false;
  w.until([&] { return w.rollout.is_going_back(); });
  w.tick(2);
  EXPECT_EQ(w.rollout.weight_bp, 0);
  EXPECT_TRUE(w.rollout.zero_since);
  w.tick(20);
  EXPECT_EQ(w.rollout.state(), "stuck") << "what runs there cannot be stopped";
}

TEST(machine, a_canary_that_is_well_serves_until_the_old_version_can_be_started_again) {
  for (const int share : {500, 10000}) {
    MachineWorld w;
    bool can_start = true;
    w.world = [&](const Effect& e) {
      const bool fails = e.kind == "stop" || (e.kind == "start" && !can_start);
      return fails ? EffectResult{e.id, false, "no", {}} : EffectResult{};
    };
    w.until([&] { return w.rollout.weight_bp == share; });
    can_start = w.stable_well = false;
    w.tick(3);
    w.ask("abort");
    w.tick(40);
    EXPECT_EQ(w.rollout.weight_bp, share);
    EXPECT_EQ(w.rollout.state(), "stuck");
    can_start = w.stable_well = true;
    w.tick(10);
    EXPECT_EQ(w.rollout.weight_bp, 0);
  }
}

Observation with_ended_canary(MachineWorld& w) {
  Observation seen = w.measurement();
  seen.canary = {{w.now, false, "it has ended; blue.log ends with: boom", true}};
  return seen;
}

TEST(machine, a_canary_that_has_ended_goes_back_at_the_first_sight_of_it) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.now = w.now + Duration::seconds(1);
  w.see(with_ended_canary(w));
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause, "the canary is not well: it has ended; blue.log ends with: boom");
}

TEST(machine, a_canary_that_ends_before_it_was_ever_well_is_not_waited_for) {
  MachineWorld w;
  w.canary_well = false;
  w.until([&] { return w.rollout.doing == "started"; });
  w.now = w.now + Duration::seconds(1);
  w.see(with_ended_canary(w));
  EXPECT_EQ(w.rollout.state(), "rolled_back");

  MachineWorld at_once;
  at_once.world = [](const Effect& e) {
    if (e.kind != "start") return EffectResult{};
    return EffectResult{e.id, false, "it does not run: it has ended", Map{{"has_ended", true}}};
  };
  at_once.tick();
  EXPECT_EQ(at_once.rollout.state(), "rolled_back");
}

TEST(machine, what_ended_in_the_slot_before_the_canary_is_started_is_no_fault_of_it) {
  MachineWorld w(
      testing::spec_with(R"({"checks": {"before": [{"name": "c", "manual": "look"}]}})"));
  w.see(with_ended_canary(w));
  EXPECT_EQ(w.rollout.state(), "gate");
}

TEST(machine, a_split_that_cannot_be_put_back_is_told_once) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.world = [](const Effect& e) {
    return e.kind == "restore_weight" ? EffectResult{e.id, false, "connection refused", {}}
                                      : EffectResult{};
  };
  for (int i = 0; i < 4; ++i) {
    w.now = w.now + Duration::seconds(10);
    Observation seen = w.measurement();
    seen.drift = "the split is not as recorded: connection refused";
    w.see(std::move(seen));
  }
  EXPECT_EQ(w.count("drift"), 1);
}

TEST(machine, a_split_that_is_back_by_itself_leaves_nothing_behind) {
  MachineWorld w(
      testing::spec_with(R"({"steps": [{"name": "canary", "weight": "5%", "hold": "1h"}]})"));
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.world = [](const Effect& e) {
    return e.kind == "restore_weight" ? EffectResult{e.id, false, "connection refused", {}}
                                      : EffectResult{};
  };
  for (const bool is_away : {true, false, false, false, false, false, false, false, true}) {
    w.now = w.now + Duration::seconds(10);
    Observation seen = w.measurement();
    seen.split_holds = !is_away;
    if (is_away) seen.drift = "the split is not as recorded: connection refused";
    w.see(std::move(seen));
    EXPECT_EQ(w.rollout.failing_since.has_value(), is_away);
  }
  EXPECT_EQ(w.count("drift"), 2);
  EXPECT_EQ(w.rollout.phase, Phase::forward) << w.rollout.cause;
}

TEST(machine, a_pause_and_its_end_are_both_told) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.ask("pause");
  w.ask("resume", {}, "eve");
  EXPECT_EQ(w.count("paused"), 1);
  EXPECT_EQ(w.count("resumed"), 1);
  EXPECT_EQ(w.events.back().text, "resumed by eve");
}

TEST(machine, an_old_version_that_can_never_be_stopped_is_left_by_who_may) {
  MachineWorld w;
  w.world = [](const Effect& e) {
    return e.kind == "stop" ? EffectResult{e.id, false, "web2 is out of reach", {}}
                            : EffectResult{};
  };
  EXPECT_TRUE(w.until([&] { return w.rollout.state() == "stuck"; }));
  w.ask("promote", {}, "bob", "operator");
  EXPECT_FALSE(w.answers.back().ok);
  w.ask("promote");
  EXPECT_TRUE(w.answers.back().ok) << w.answers.back().text;
  w.tick(2);
  EXPECT_EQ(w.rollout.state(), "promoted");
  EXPECT_EQ(w.count("left"), 1);
  EXPECT_EQ(w.count("completed"), 1);
}

TEST(machine, after_a_reboot_the_canary_gets_nothing_until_the_old_version_runs) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 5000; });
  w.tick(2);
  w.effects.clear();
  w.boot = "boot-2";
  w.tick();
  w.until([&] { return w.rollout.weight_bp == 5000 && w.rollout.recovering == 0; });
  std::vector<std::string> told;
  for (const Effect& e : w.effects)
    told.push_back(e.kind +
                   (e.args.contains("slot") ? " " + e.args.find("slot")->as_string() : ""));
  EXPECT_EQ(told, (std::vector<std::string>{"set_weight", "start blue", "set_weight", "start green",
                                            "decide", "set_weight"}));
  EXPECT_EQ(w.weights(), (std::vector<int>{0, 0, 5000}));
  EXPECT_LE(w.rollout.held, Duration::seconds(10));
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "promoted");
}

TEST(machine, a_canary_that_falls_over_goes_back) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.canary_well = false;
  w.tick(3);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause, "the canary is not well: 503");
}

TEST(machine, a_canary_that_never_comes_up_gives_nobody_anything) {
  MachineWorld w;
  w.canary_well = false;
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.cause_kind, "deadline");
  EXPECT_EQ(w.weights(), std::vector<int>{0});
  EXPECT_EQ(w.count("failed"), 1);
  EXPECT_EQ(w.count("rolled_back"), 0);
}

TEST(machine, a_share_that_somebody_else_changed_is_put_back) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  Observation seen = w.measurement();
  seen.drift = "40 of 400 keys";
  w.see(seen);
  EXPECT_EQ(w.effects.back().kind, "restore_weight");
  EXPECT_EQ(w.count("drift"), 1);
}

}  // namespace
}  // namespace autopilot::deploy
