// The way back where the old version is in trouble, too: who is well keeps serving.
#include <gtest/gtest.h>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

// A rollout that has given the canary a share when its old version falls over.
class Fallen : public MachineWorld {
 public:
  explicit Fallen(int share, const std::string& spec = testing::kSpec) : MachineWorld(spec) {
    world = [this](const Effect& e) {
      const bool fails = e.kind == "stop" || (e.kind == "start" && !can_start);
      return fails ? EffectResult{e.id, false, "no", {}} : EffectResult{};
    };
    until([&] { return rollout.weight_bp == share; });
    stable_well = false;
    tick(3);
  }
  int starts() const {
    int n = 0;
    for (const Effect& e : effects)
      n += e.kind == "start" && e.args.find("slot")->as_string() == "blue" ? 1 : 0;
    return n;
  }

  bool can_start = true;
};

TEST(machine_back, a_canary_that_is_well_serves_until_the_old_version_is_well_again) {
  for (const int share : {500, 10000}) {
    for (const bool by_rule : {false, true}) {
      Fallen w(share);
      if (by_rule) {
        w.bad = 50;
        w.until([&] { return w.rollout.is_going_back(); });
        EXPECT_EQ(w.rollout.cause_kind, "rule");
      } else {
        w.ask("abort");
      }
      w.tick(40);
      EXPECT_EQ(w.rollout.weight_bp, share) << by_rule;
      EXPECT_EQ(w.rollout.state(), "stuck");
      EXPECT_EQ(w.count("stuck"), 1);
      EXPECT_NE(w.rollout.failing_why.find("v1 is not well"), std::string::npos)
          << w.rollout.failing_why;
      EXPECT_GT(w.starts(), 1) << "it may have fallen over again";
      w.stable_well = true;
      w.tick(3);
      EXPECT_EQ(w.rollout.weight_bp, 0) << share;
      EXPECT_EQ(w.count("warning"), 0);
      w.world = {};
      w.tick(3);
      EXPECT_EQ(w.rollout.state(), "rolled_back");
    }
  }
}

TEST(machine_back, likewise_when_it_was_stopped_for_good) {
  MachineWorld w(spec_with(R"({"hooks": {"promoted": ["./tell"]}})"));
  w.hangs = [](const Effect& e) { return e.kind == "hook"; };
  w.until([&] { return w.rollout.outstanding.has_value(); });
  EXPECT_TRUE(w.rollout.stopped_old);
  w.stable_well = false;
  w.ask("abort");
  w.tick(40);
  EXPECT_EQ(w.rollout.weight_bp, 10000);
  EXPECT_EQ(w.rollout.state(), "stuck");
  w.stable_well = true;
  w.tick(4);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.weight_bp, 0);
}

TEST(machine_back, where_neither_is_well_the_canary_keeps_nothing) {
  for (const int share : {500, 10000}) {
    Fallen w(share);
    w.ask("abort");
    w.tick(2);
    EXPECT_EQ(w.rollout.weight_bp, share);
    w.canary_well = false;
    w.tick(4);
    EXPECT_EQ(w.rollout.weight_bp, 0) << share;
    EXPECT_TRUE(w.rollout.zero_since);
    EXPECT_EQ(w.count("warning"), 1) << "what has all traffic is not well";
  }
}

TEST(machine_back, a_canary_that_gets_well_again_meanwhile_is_well) {
  Fallen w(500);
  w.canary_well = false;
  w.until([&] { return w.rollout.is_going_back(); });
  EXPECT_EQ(w.rollout.cause_kind, "health");
  w.canary_well = true;
  w.tick(1);
  w.until([&] { return w.rollout.weight_bp == 0 || w.rollout.state() == "stuck"; });
  EXPECT_EQ(w.rollout.weight_bp, 500);
}

TEST(machine_back, who_may_takes_the_traffic_away_whatever_becomes_of_the_old_version) {
  for (const bool can_start : {true, false}) {
    Fallen w(10000);
    w.can_start = can_start;
    w.ask("abort");
    w.tick(20);
    EXPECT_EQ(w.rollout.state(), "stuck");
    w.ask("abort");
    w.ask("abort", Map{{"force", true}}, "bob", "operator");
    EXPECT_FALSE(w.answers.back().ok);
    w.tick(2);
    EXPECT_EQ(w.rollout.weight_bp, 10000) << "a second abort is no more than the first";
    w.ask("abort", Map{{"force", true}});
    EXPECT_TRUE(w.answers.back().ok) << w.answers.back().text;
    w.tick(1);
    EXPECT_EQ(w.rollout.weight_bp, 0) << can_start;
    EXPECT_EQ(w.count("forced"), 1);
    EXPECT_EQ(w.count("warning"), 1);
  }
}

TEST(machine_back, forced_at_once_it_waits_for_nothing) {
  Fallen w(500);
  w.ask("abort", Map{{"force", true}});
  w.tick(1);
  EXPECT_EQ(w.rollout.weight_bp, 0);
  EXPECT_EQ(w.starts(), 1) << "it is started all the same";
}

TEST(machine_back, a_canary_that_serves_nobody_has_nothing_to_keep) {
  MachineWorld w(spec_with(R"({"steps": [{"gate": "ops"}, {"weight": "5%", "hold": "1m"}]})"));
  w.until([&] { return w.rollout.state() == "gate"; });
  w.world = [](const Effect& e) {
    return e.kind == "start" ? EffectResult{e.id, false, "no", {}} : EffectResult{};
  };
  w.stable_well = false;
  w.tick(3);
  w.ask("abort");
  w.tick(2);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

TEST(machine_back, after_a_reboot_a_start_that_fails_is_tried_again_later_and_not_at_once) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.world = [](const Effect& e) {
    const bool fails = e.kind == "start" || e.kind == "set_weight";
    return fails ? EffectResult{e.id, false, "no", {}} : EffectResult{};
  };
  w.ask("abort");
  w.boot = "boot-2";
  w.canary_well = w.stable_well = false;
  w.effects.clear();
  w.tick(10);
  EXPECT_LE(w.effects.size(), 12u);
  w.world = {};
  w.stable_well = true;
  w.tick(10);
  EXPECT_EQ(w.rollout.state(), "rolled_back");
}

}  // namespace
}  // namespace autopilot::deploy
