#include "core/loop/optimiser.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/loop/optimised_report.h"

namespace autopilot::loop {
namespace {

Cell cell(const std::string& arm, double count, double sum, std::optional<double> before = {}) {
  Cell out;
  out.arm = arm;
  out.rewards = {count, sum, sum};
  out.before = before;
  return out;
}

std::string refusal(const std::vector<Cell>& cells, const OptimiserSpec& spec) {
  try {
    optimise(cells, spec);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Optimise, a_segment_lacks_no_arm) {
  Cell there = cell("a", 100, 5), elsewhere = cell("b", 100, 7);
  there.segment = {"FR"};
  elsewhere.segment = {"BE"};
  const auto segments = optimise({there, elsewhere}, {});
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].arms[1].arm, "b");
  EXPECT_EQ(segments[0].arms[1].count, 0);
}

TEST(Optimise, every_method_gives_whole_shares_within_the_bounds) {
  OptimiserSpec spec;
  spec.floor = 0.05;
  spec.cap = 0.6;
  for (const std::string& name : optimiser_names()) {
    spec.method = name;
    const auto arms =
        optimise({cell("a", 100, 12), cell("b", 90, 3), cell("c", 5, 1)}, spec)[0].arms;
    int sum = 0;
    for (const OptimisedArm& arm : arms) {
      EXPECT_GE(arm.after_bp, 500) << name;
      EXPECT_LE(arm.after_bp, 6000) << name;
      sum += arm.after_bp;
    }
    EXPECT_EQ(sum, 10000) << name;
  }
}

TEST(Optimise, rewards_are_scaled_from_their_range) {
  OptimiserSpec spec;
  spec.low = -10;
  spec.high = 30;
  // 0.25 and 0.5 of the range.
  const auto arms = optimise({cell("a", 100, 0), cell("b", 100, 1000)}, spec)[0].arms;
  OptimiserSpec plain;
  const auto same = optimise({cell("a", 100, 25), cell("b", 100, 50)}, plain)[0].arms;
  EXPECT_NEAR(arms[0].best, same[0].best, 1e-12);
  EXPECT_NEAR(arms[1].mean, -10 + 40 * same[1].mean, 1e-12);
  EXPECT_NEAR(arms[0].loss, 40 * same[0].loss, 1e-12);
}

TEST(Optimise, an_arm_can_be_known_by_its_own_prior) {
  Cell known = cell("a", 0, 0), other = cell("b", 0, 0);
  known.rewards.alpha = 11;
  known.rewards.beta = 91;
  other.rewards.alpha = 13;
  other.rewards.beta = 89;
  EXPECT_NEAR(optimise({known, other}, {})[0].arms[0].best, 0.32927953478792016, 1e-12);
}

TEST(Optimise, what_cannot_be_is_refused_with_a_clear_word) {
  EXPECT_EQ(refusal({}, {}), "there are no arms to choose from");
  EXPECT_EQ(refusal({cell("a", 10, 20)}, {}),
            "arm a: rewards that add up to 20 in 10 trials are not within 0 to 1");
  Cell odd = cell("a", 10, 4);
  odd.least = 0;
  odd.most = 1.5;
  EXPECT_EQ(refusal({odd}, {}), "arm a: a row earns 1.5 a trial, which is not within 0 to 1");
  Cell square = cell("a", 10, 4);
  square.rewards.square_sum = 7;
  EXPECT_EQ(refusal({square}, {}),
            "arm a: by the squares, of which the sum is 7, rewards are not within 0 to 1");
  EXPECT_EQ(refusal({cell("a", 10, 1e308), cell("a", 10, 1e308)}, {}),
            "arm a: its rewards are too large");
  EXPECT_EQ(refusal({cell("a", 1e18, 1)}, {}),
            "arm a: trials of 1e+18 are beyond what can be told apart: 0 to 1e+15");
  Cell sure = cell("a", 1, 1);
  sure.rewards.alpha = 1e300;
  EXPECT_EQ(refusal({sure}, {}),
            "arm a: a prior of 1e+300 is beyond what can be told apart: 1e-09 to 1e+15");
  OptimiserSpec vague;
  vague.settings.beta = 1e-300;
  EXPECT_EQ(refusal({cell("a", 1, 1)}, vague),
            "a prior of 1e-300 is beyond what can be told apart: 1e-09 to 1e+15");
  OptimiserSpec floors;
  floors.floor = 0.6;
  EXPECT_EQ(refusal({cell("a", 1, 0), cell("b", 1, 0)}, floors),
            "the bounds of 2 arms: the floors add up to more than the whole");
  OptimiserSpec sharp;
  sharp.method = "gaussian";
  sharp.settings.noise = 1e-300;
  EXPECT_EQ(refusal({cell("a", 1e14, 1e150), cell("b", 100, 13)}, sharp).substr(0, 36),
            "arm a: its rewards cannot be compare");
  OptimiserSpec gaussian;
  gaussian.method = "gaussian";
  gaussian.high = 5;
  Cell blind = cell("a", 10, 5);
  blind.has_squares = false;
  EXPECT_EQ(refusal({blind}, gaussian), "arm a: gaussian needs the column square_sum");
}

TEST(Actions, those_that_fall_come_first_and_the_unchanged_not_at_all) {
  auto segments =
      optimise({cell("a", 1000, 10, 0.4), cell("b", 1000, 50, 0.2), cell("c", 1000, 12, 0.4)}, {});
  segments[0].arms[2].before = segments[0].arms[2].after_bp / 1e4;
  const auto actions = weight_actions(segments, {}, "run/7");
  ASSERT_EQ(actions.size(), 2u);
  const Value& first = *actions[0].get("action");
  EXPECT_EQ(first.get("target")->as_string(), "a");
  EXPECT_EQ(first.get("idempotency_key")->as_string(), "run/7/a");
  EXPECT_EQ(first.get("data")->get("old_weight")->as_double(), 0.4);
}

TEST(Actions, without_shares_before_have_no_old_weight) {
  const auto actions = weight_actions(optimise({cell("a", 10, 1)}, {}), {}, "");
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].get("action")->get("data")->get("old_weight"), nullptr);
  EXPECT_EQ(actions[0].get("action")->get("idempotency_key"), nullptr);
}

}  // namespace
}  // namespace autopilot::loop
