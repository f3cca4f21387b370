// The machine with steps that match requests or mirror them: who is served, asked and put back.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

constexpr const char* kTesters = R"({"steps": [
    {"name": "testers", "match": {"header": "X-Beta", "exact": "1"}, "hold": "1m"},
    {"name": "shadow", "mirror": "20%", "hold": "1m"},
    {"name": "canary", "weight": "5%", "hold": "1m"},
    {"end": "match"},
    {"name": "half", "weight": "50%", "hold": "1m"}]})";

// "500 m s2000": what each effect that sets the traffic sets.
std::vector<std::string> routings(const MachineWorld& w) {
  std::vector<std::string> out;
  for (const Effect& e : w.effects) {
    if (!e.kind.ends_with("_weight")) continue;
    const Routing r = routing_from(e.args);
    out.push_back(std::to_string(r.weight_bp) + (r.match.empty() ? "" : " m") +
                  (r.mirror_bp == 0 ? "" : " s" + std::to_string(r.mirror_bp)));
  }
  return out;
}

TEST(machine, a_match_stays_beside_weights_until_it_ends_and_copies_until_the_next_weight) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.rollout.state(), "promoted");
  EXPECT_EQ(routings(w),
            (std::vector<std::string>{"0 m", "0 m s2000", "500 m", "500", "5000", "10000"}));
  // What gives more is asked for, what gives less is not.
  EXPECT_EQ(w.kinds(),
            (std::vector<std::string>{"start", "decide", "set_weight", "decide", "set_weight",
                                      "decide", "set_weight", "set_weight", "decide", "set_weight",
                                      "decide", "set_weight", "stop"}));
  EXPECT_TRUE(w.rollout.match.empty());
  EXPECT_EQ(w.rollout.mirror_bp, 0);
}

TEST(machine, a_match_alone_is_watched_and_served_and_goes_with_the_rollback) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return !w.rollout.match.empty(); }));
  EXPECT_EQ(w.rollout.state(), "stepping");
  EXPECT_EQ(w.rollout.weight_bp, 0);
  w.bad = 10;
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(routings(w), (std::vector<std::string>{"0 m", "0"}));
  EXPECT_TRUE(w.rollout.match.empty());
  EXPECT_GT(w.rollout.served, 0);
  EXPECT_EQ(w.count("rolled_back"), 1) << "testers were served: it is not as if nothing was";
}

TEST(machine, copies_are_counted_apart_from_what_people_were_served) {
  MachineWorld w(spec_with(R"({"steps": [{"mirror": "20%", "hold": "2m"}, {"weight": "5%"}]})"));
  ASSERT_TRUE(w.until([&] { return w.rollout.mirror_bp == 2000; }));
  w.tick(3);
  EXPECT_EQ(w.rollout.copied, 300);
  EXPECT_EQ(w.rollout.served, 0);
  w.bad = 10;
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.rollout.state(), "rolled_back");
  EXPECT_EQ(w.rollout.served, 0);
  EXPECT_EQ(w.count("failed"), 1) << "nobody was served";
}

TEST(machine, what_the_policies_are_asked_names_the_match_and_the_copies) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return w.rollout.mirror_bp > 0; }));
  std::vector<const Effect*> asked;
  for (const Effect& e : w.effects) {
    if (e.kind == "decide") asked.push_back(&e);
  }
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(to_json(*asked[0]->args.find("match")), R"([{"header":"X-Beta","exact":["1"]}])");
  EXPECT_EQ(asked[0]->args.find("weight_bp")->as_int(), 0);
  EXPECT_EQ(asked[1]->args.find("mirror_bp")->as_int(), 2000);
}

TEST(machine, a_refused_match_waits_and_is_not_set) {
  MachineWorld w(spec_with(kTesters));
  w.world = [&](const Effect& e) {
    if (e.kind != "decide") return EffectResult{};
    return EffectResult{e.id, true, "",
                        Map{{"result", "blocked"}, {"decision", "d1"}, {"why", "no testers"}}};
  };
  w.tick(20);
  EXPECT_EQ(routings(w), std::vector<std::string>{});
  EXPECT_EQ(w.rollout.waiting, "the policies forbid it: no testers");
}

TEST(machine, after_a_reboot_a_match_is_taken_away_and_given_anew) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return w.rollout.mirror_bp > 0; }));
  w.effects.clear();
  w.boot = "boot-2";
  w.tick(8);
  const std::vector<std::string> after = routings(w);
  ASSERT_GE(after.size(), 3u);
  EXPECT_EQ(after[0], "0");
  EXPECT_EQ(after[1], "0");
  EXPECT_EQ(after[2], "0 m s2000");
}

TEST(machine, drift_puts_back_the_match_and_the_copies) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return w.rollout.mirror_bp > 0; }));
  w.effects.clear();
  Observation seen = w.measurement();
  seen.drift = "somebody moved it";
  w.see(seen);
  EXPECT_EQ(routings(w), std::vector<std::string>{"0 m s2000"});
}

TEST(machine, what_is_written_down_of_a_match_is_read_back) {
  MachineWorld w(spec_with(kTesters));
  ASSERT_TRUE(w.until([&] { return w.rollout.mirror_bp > 0; }));
  const Rollout again = rollout_from(to_value(w.rollout));
  EXPECT_EQ(again.match, w.rollout.match);
  EXPECT_EQ(again.mirror_bp, 2000);
  EXPECT_EQ(to_json(to_value(again)), to_json(to_value(w.rollout)));
}

}  // namespace
}  // namespace autopilot::deploy
