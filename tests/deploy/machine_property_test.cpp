// Whatever a machine sees, the invariants of a rollout hold.
#include <gtest/gtest.h>

#include <set>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::MachineWorld;
using testing::spec_with;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2654435761u + 1) {}
  int below(int n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(n));
  }

 private:
  std::uint64_t state_;
};

TEST(machine_property, whatever_is_seen_the_invariants_hold) {
  const std::string spec = spec_with(
      R"({"steps": [{"weight": "5%", "hold": "1m", "analysis": "sequential"}, {"gate": "ops"},
                    {"pause": "1m"}, {"weight": "50%", "hold": "1m"}],
          "bake": {"for": "2m", "holdback": "5%"},
          "checks": {"before": [{"name": "c", "argv": ["true"]}]}})");
  int promoted = 0, back = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    Verdict verdict = Verdict::pass;
    MachineWorld w(spec, [&](const Value&, const std::vector<Judgeable>&, const Value&,
                             const std::vector<Sample>&) {
      Judged judged;
      judged.verdict = verdict;
      return judged;
    });
    w.rollout.before = Map{};
    w.world = [&](const Effect& e) {
      if (e.kind == "check") return EffectResult{e.id, random.below(20) > 0, "no", {}};
      if (random.below(12) == 0) return EffectResult{e.id, false, "it failed", {}};
      if (e.kind == "decide" && random.below(6) == 0)
        return EffectResult{e.id, true, "", Map{{"result", "blocked"}, {"why", "no"}}};
      return EffectResult{};
    };
    w.hangs = [&](const Effect& e) { return e.kind == "check" && random.below(3) == 0; };
    Duration observed;  // time in which data of the canary was there
    bool forced = false;
    for (int i = 0; i < 400 && !w.rollout.is_over(); ++i) {
      const int weight = w.rollout.weight_bp;
      w.has_data = random.below(8) > 0;
      w.bad = random.below(60) == 0 ? 90 : 0;
      w.canary_well = random.below(40) > 0;
      w.stable_well = random.below(w.rollout.is_going_back() ? 3 : 20) > 0;
      if (w.rollout.outstanding && random.below(4) == 0)
        w.end({w.rollout.outstanding->id, random.below(5) > 0, "", {}});
      verdict = random.below(300) == 0  ? Verdict::fail
                : random.below(10) == 0 ? Verdict::hold
                                        : Verdict::pass;
      const int what = random.below(120);
      if (what == 0) w.boot += "x";
      if (what == 1) w.now = w.now + Duration::seconds(random.below(5000));
      if (what == 2) w.now = w.now - Duration::seconds(random.below(300));
      if (what == 3) w.ask("pause", Map{{"for", "2m"}});
      if (what == 4) w.ask("resume");
      if (what == 5 && random.below(4) == 0) w.ask("abort");
      if (w.rollout.state() == "gate") {
        w.ask("promote");
      } else if (what == 6 && w.rollout.doing == "watch") {
        w.ask("promote");
        forced = true;
      }
      w.tick();
      if (w.has_data) observed.nanos += Duration::seconds(30).nanos;
      // A hold is no longer than what was observed.
      ASSERT_LE(w.rollout.held, observed) << seed;
      // The record is the world's, but for what is on its way or failed.
      if (!w.rollout.outstanding && !w.rollout.failing_since) {
        ASSERT_EQ(w.rollout.weight_bp, w.traffic_bp) << seed;
      }
      // A share rises only after a decision that allowed it.
      if (w.rollout.weight_bp > weight) {
        bool decided = false;
        for (const Effect& e : w.effects) decided |= e.kind == "decide";
        ASSERT_TRUE(decided) << seed;
      }
      // Seeing the same again changes nothing.
      const std::string before = to_json(to_value(w.rollout));
      const std::size_t events = w.events.size();
      Observation same = w.measurement();
      Stepped again = step(*w.strategy, std::move(w.rollout), same, w.now);
      w.rollout = std::move(again.rollout);
      ASSERT_EQ(to_json(to_value(w.rollout)), before) << seed << " " << i;
      ASSERT_TRUE(again.effects.empty());
      ASSERT_EQ(events, w.events.size());
    }
    std::set<std::string> keys;
    for (const Event& e : w.events) ASSERT_TRUE(keys.insert(e.key).second) << seed << " " << e.key;
    if (!w.rollout.is_over()) w.ask("abort");
    w.world = {};
    w.hangs = {};
    w.canary_well = w.stable_well = true;
    w.until([&] { return w.rollout.is_over(); });
    ASSERT_TRUE(w.rollout.is_over()) << seed << " " << to_json(to_value(w.rollout));
    const bool is_promoted = w.rollout.phase == Phase::promoted;
    ASSERT_EQ(w.traffic_bp, is_promoted ? kWhole : 0) << seed;
    // Without evidence nobody gets there: two steps and a bake take their time.
    if (is_promoted && !forced) {
      ASSERT_GE(observed, Duration::seconds(240)) << seed;
    }
    (is_promoted ? promoted : back) += 1;
    // What is over stays over.
    const std::string end = to_json(to_value(w.rollout));
    w.boot += "y";
    w.tick(3);
    ASSERT_EQ(to_json(to_value(w.rollout)), end) << seed;
  }
  EXPECT_GT(promoted, 20);
  EXPECT_GT(back, 20);
}

}  // namespace
}  // namespace autopilot::deploy
