// What policies and people say to a rollout: decisions, approvals, gates, pauses, freezes.
#include <gtest/gtest.h>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

TEST(machine, policies_decide_every_step_forward) {
  MachineWorld w;
  std::string answer = "blocked";
  w.world = [&](const Effect& e) {
    if (e.kind != "decide") return EffectResult{};
    return EffectResult{e.id, true, "",
                        Map{{"result", answer}, {"decision", "d1"}, {"why", "not on Mondays"}}};
  };
  w.tick(20);
  EXPECT_EQ(w.weights(), std::vector<int>{});
  EXPECT_EQ(w.rollout.waiting, "the policies forbid it: not on Mondays");
  w.ask("promote", {}, "eve");
  EXPECT_EQ(w.weights(), std::vector<int>{}) << "to promote is not to override";
  answer = "allowed";
  w.ask("promote", {{"override", true}}, "eve");
  EXPECT_EQ(w.weights(), std::vector<int>{500});
  const Effect& asked = *(w.effects.end() - 2);
  EXPECT_EQ(asked.args.find("override_by")->as_string(), "eve");
}

TEST(machine, a_pending_decision_waits_for_approval_and_is_then_taken_anew) {
  MachineWorld w;
  w.world = [&](const Effect& e) {
    if (e.kind != "decide") return EffectResult{};
    return EffectResult{e.id, true, "",
                        Map{{"result", "pending"}, {"decision", "d1"}, {"why", "two people"}}};
  };
  w.tick(10);
  EXPECT_EQ(w.rollout.state(), "gate");
  EXPECT_EQ(w.count("gate_waiting"), 1);
  EXPECT_EQ(awaited(*w.strategy, w.rollout).subject, "d1");
  EXPECT_TRUE(awaited(*w.strategy, w.rollout).is_decision);
  w.agreement = {Agreement::Status::open, "0 of 1"};
  w.tick();
  EXPECT_EQ(w.rollout.waiting, "0 of 1");
  MachineWorld refused = std::move(w);
  MachineWorld granted;
  granted.world = refused.world;
  granted.tick(10);

  refused.agreement = {Agreement::Status::refused, "rejected by bob: not today"};
  refused.tick(3);
  EXPECT_EQ(refused.rollout.state(), "rolled_back");
  EXPECT_EQ(refused.rollout.cause, "canary: rejected by bob: not today");
  EXPECT_EQ(refused.count("failed"), 1);

  granted.agreement = {Agreement::Status::granted, "approved by bob"};
  granted.tick();
  EXPECT_EQ(granted.weights(), std::vector<int>{500});
  const Effect& resumed = *(granted.effects.end() - 2);
  EXPECT_EQ(resumed.kind, "resume_decision");
  EXPECT_EQ(resumed.args.find("decision")->as_string(), "d1");
  EXPECT_NE(granted.rollout.state(), "gate");
}

TEST(machine, what_policies_make_smaller_is_taken_and_the_rest_is_asked_for_again) {
  MachineWorld w;
  int most = 300;
  w.world = [&](const Effect& e) {
    if (e.kind != "decide") return EffectResult{};
    const int wanted = static_cast<int>(e.args.find("weight_bp")->as_int());
    const bool fits = wanted <= most;
    return EffectResult{e.id, true, "",
                        Map{{"result", fits ? "allowed" : "modified"},
                            {"decision", "d"},
                            {"why", "max_delta"},
                            {"weight_bp", most}}};
  };
  w.tick(3);
  EXPECT_EQ(w.weights(), std::vector<int>{300});
  w.tick(3);
  EXPECT_EQ(w.weights(), std::vector<int>{300}) << "asked again in a minute, not before";
  most = 5000;
  w.tick(5);
  EXPECT_EQ(w.weights(), (std::vector<int>{300, 500}));
  EXPECT_EQ(w.rollout.doing, "watch") << "the hold begins with the whole share";
  EXPECT_EQ(w.count("modified"), 1);
  ASSERT_TRUE(w.until([&] { return w.rollout.weight_bp == 5000; }));
}

TEST(machine, a_gate_waits_while_the_rules_go_on) {
  const std::string spec = spec_with(
      R"({"steps": [{"weight": "5%", "hold": "1m"}, {"gate": "ops", "timeout": "4h", "role": "admin"},
                    {"weight": "50%", "hold": "1m"}]})");
  MachineWorld w(spec);
  ASSERT_TRUE(w.until([&] { return w.rollout.state() == "gate"; }));
  w.ask("promote", {}, "bob", "operator");
  EXPECT_FALSE(w.answers.back().ok);
  EXPECT_EQ(w.rollout.state(), "gate");
  MachineWorld bad = std::move(w);
  bad.bad = 50;
  bad.until([&] { return bad.rollout.is_over(); });
  EXPECT_EQ(bad.rollout.state(), "rolled_back");

  MachineWorld good(spec);
  good.until([&] { return good.rollout.state() == "gate"; });
  good.ask("promote", {}, "ann", "admin");
  EXPECT_TRUE(good.answers.back().ok);
  EXPECT_EQ(good.rollout.weight_bp, 5000);
}

TEST(machine, a_gate_that_nobody_opens_goes_back) {
  MachineWorld w(spec_with(R"({"steps": [{"weight": "5%", "hold": "1m"}, {"gate": "ops",
                               "timeout": "10m"}, {"weight": "50%"}]})"));
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause_kind, "deadline");
  EXPECT_EQ(w.weights(), (std::vector<int>{500, 0}));
}

TEST(machine, an_approval_step_asks_once_waits_and_uses_the_approval_up) {
  const std::string spec =
      spec_with(R"({"steps": [{"approval": 2, "role": "admin", "timeout": "1h"},
                                         {"weight": "50%"}]})");
  MachineWorld w(spec);
  ASSERT_TRUE(w.until([&] { return w.rollout.state() == "gate"; }));
  ASSERT_EQ(w.effects.back().kind, "ask_approval");
  EXPECT_EQ(w.effects.back().args.find("approvals")->as_int(), 2);
  EXPECT_EQ(w.effects.back().args.find("role")->as_string(), "admin");
  EXPECT_EQ(w.effects.back().args.find("timeout_seconds")->as_int(), 3600);
  w.agreement = {Agreement::Status::open, "1 of 2 approvals by admin"};
  w.ask("promote", {}, "ann");
  EXPECT_EQ(w.rollout.state(), "gate") << "to promote is not to approve";
  w.tick(3);
  EXPECT_EQ(w.rollout.waiting, "1 of 2 approvals by admin");
  w.agreement = {Agreement::Status::granted, "approved by ann, bob"};
  w.tick();
  const std::vector<std::string> kinds = w.kinds();
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "ask_approval"), 1);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "use_approval"), 1);
  EXPECT_EQ(w.count("gate_opened"), 1);
  EXPECT_NE(w.rollout.state(), "gate");

  MachineWorld late(spec);
  ASSERT_TRUE(late.until([&] { return late.rollout.is_over(); }));
  EXPECT_EQ(late.rollout.state(), "rolled_back");
  EXPECT_EQ(late.rollout.cause_kind, "deadline");
}

TEST(machine, abort_leads_to_a_verified_nothing_from_everywhere) {
  for (int ticks = 0; ticks < 22; ++ticks) {
    MachineWorld w;
    w.tick(ticks);
    if (w.rollout.is_over()) break;
    w.ask("abort");
    w.until([&] { return w.rollout.is_over(); });
    EXPECT_EQ(w.rollout.state(), "rolled_back") << ticks;
    EXPECT_EQ(w.weights().back(), 0) << ticks;
    EXPECT_EQ(w.traffic_bp, 0) << ticks;
    EXPECT_EQ(w.effects.back().kind, "stop") << ticks;
  }
}

TEST(machine, a_freeze_stops_the_way_forward_but_not_the_way_back) {
  const std::string freeze = spec_with(
      R"({"freeze": [{"from": "2026-01-05T00:00:00Z", "until": "2026-01-06T00:00:00Z",
                      "reason": "stock taking"}]})");
  MachineWorld w(freeze);
  w.tick(100);
  EXPECT_EQ(w.rollout.waiting, "frozen: stock taking");
  EXPECT_EQ(w.weights(), std::vector<int>{});
  w.ask("abort");
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  MachineWorld urgent(freeze, testing::passing, [](Rollout& r) { r.is_emergency = true; });
  urgent.until([&] { return urgent.rollout.is_over(); });
  EXPECT_EQ(urgent.rollout.state(), "promoted");
}

TEST(machine, a_pause_holds_everything_and_maintenance_judges_nothing) {
  MachineWorld w;
  w.until([&] { return w.rollout.weight_bp == 500; });
  w.ask("pause", Map{{"maintenance", true}, {"for", "10m"}});
  EXPECT_EQ(w.rollout.state(), "paused");
  w.bad = 100;
  w.tick(30);
  EXPECT_EQ(w.rollout.phase, Phase::forward);
  w.bad = 0;
  w.tick(30);
  EXPECT_NE(w.rollout.state(), "paused");
  w.ask("pause");
  w.bad = 100;
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.cause_kind, "rule");
}

// The last thing that a rollout does is to tell; that nobody heard it is told, and changes nothing.
TEST(machine, a_hook_that_fails_at_the_end_is_told_and_changes_nothing) {
  for (const bool good : {true, false}) {
    MachineWorld w(spec_with(R"({"hooks": {"promoted": ["tell"], "rolled_back": ["tell"]}})"));
    w.world = [](const Effect& e) {
      return e.kind == "hook" ? EffectResult{e.id, false, "tell: exit status 3", {}}
                              : EffectResult{};
    };
    w.bad = good ? 0 : 10;
    ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
    EXPECT_EQ(w.rollout.state(), good ? "promoted" : "rolled_back");
    ASSERT_EQ(w.count("hook_failed"), 1);
    for (const Event& e : w.events) {
      if (e.kind != "hook_failed") continue;
      EXPECT_EQ(e.text, good ? "hook promoted failed: tell: exit status 3"
                             : "hook rolled_back failed: tell: exit status 3");
    }
    EXPECT_EQ(w.rollout.failing_why, "");
  }
}

}  // namespace
}  // namespace autopilot::deploy
