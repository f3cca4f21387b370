// Budgets: what the schema and the checks refuse.
#include <gtest/gtest.h>

#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using Faults = std::vector<std::string>;

testing::Loaded budget(const std::string& spec) {
  return load("apiVersion: autopilot/v1\nkind: Budget\nmetadata: {id: b}\nspec:\n" + spec);
}
std::string first(const std::string& spec) { return budget(spec).message(); }

constexpr const char* kChannel = "  channels: [{id: a, curve: {type: linear, a: 2}}]\n";

TEST(budget, one_with_every_section_is_fine) {
  const auto loaded = budget(R"(  description: paid media
  currency: EUR
  resolution: 1
  algorithm: arbitrage
  objective: max_profit
  total: {min: 10, max: 90}
  roi_min: 1.2
  max_shift: 20%
  max_moved: 30
  channels:
    - {id: a, current: 5, min: 1, max: 9, tier: 2, curve: {type: hill, a: 3, k: 2, s: 1.5, carry_over: 1}}
    - {id: b, current: 5, min_if_active: 2, fixed_cost: 1, curve: {type: piecewise, x: [0, 1], y: [0, 2]}}
    - {id: c, frozen: true, group: g}
  groups: [{id: g, channels: [a], min: 1, max: 9, max_share: 50%, cpa_max: 3, max_active: 1}]
  pacing: [{through: b, max: 12}]
  risk: {penalty: 0.1, variance: {a: 0.2}, factors: [{a: 0.1, b: 0.2}]}
  observed: seen.csv
)");
  EXPECT_EQ(loaded.faults(), Faults{}) << loaded.message();
  EXPECT_EQ(loaded.documents.size(), 1u);
}

TEST(budget, channels_are_a_list_or_a_file) {
  EXPECT_EQ(budget("  channels: {from: c.csv}\n").faults(), Faults{});
  EXPECT_NE(first("  channels: {form: c.csv}\n"), "");
  EXPECT_NE(first("  channels: 3\n"), "");
  EXPECT_NE(first("  channels: []\n"), "");
  EXPECT_NE(first("  total: 3\n"), "");
}

TEST(budget, names_are_there_and_there_once) {
  EXPECT_EQ(first("  channels: [{id: a}, {id: a}]\n"), "two channels are called a");
  EXPECT_EQ(first(std::string(kChannel) + "  groups: [{id: g, channels: [b]}]\n"),
            "group g: there is no channel b");
  EXPECT_EQ(first("  channels: [{id: a, group: x}]\n  groups: [{id: g}]\n"), "there is no group x");
  EXPECT_EQ(first(std::string(kChannel) + "  pacing: [{through: z, max: 1}]\n"),
            "pacing: there is no channel z");
  EXPECT_EQ(first(std::string(kChannel) + "  risk: {penalty: 1, variance: {z: 1}}\n"),
            "risk.variance: there is no channel z");
}

TEST(budget, limits_leave_room) {
  EXPECT_EQ(first("  channels: [{id: a, min: 3, max: 2}]\n"), "a: min 3 is above max 2");
  EXPECT_EQ(first(std::string(kChannel) + "  total: {min: 3, max: 2}\n"),
            "total: min 3 is above max 2");
  EXPECT_EQ(first(std::string(kChannel) + "  total: -1\n"), "total: an amount is not below 0");
  EXPECT_EQ(first(std::string(kChannel) + "  total: much\n"),
            "total: expected an amount, or {min, max}");
  EXPECT_NE(first("  channels: [{id: a, min_if_active: 3, max: 2}]\n"), "");
  EXPECT_NE(first("  channels: [{id: a, frozen: true, max_shift: 5%}]\n"), "");
  EXPECT_NE(first("  channels: [{id: a, min: .nan}]\n"), "");
}

TEST(budget, a_goal_has_what_it_takes) {
  EXPECT_EQ(first(std::string(kChannel) + "  objective: min_spend\n"),
            "min_spend needs return_min");
  EXPECT_NE(first(std::string(kChannel) + "  return_min: 3\n"), "");
  EXPECT_NE(first(std::string(kChannel) + "  roi_min: 3\n  cpa_max: 2\n"), "");
  EXPECT_NE(first(std::string(kChannel) + "  objective: most\n"), "");
}

TEST(budget, curves_are_curves) {
  for (const char* curve :
       {"{type: log, a: 3}", "{type: log, a: 3, b: 0}", "{type: power, a: 3, p: 2}",
        "{type: quad, a: 3, c: -1}", "{type: hill, a: 3, k: 1}", "{type: curvy}",
        "{type: piecewise, x: [0, 1]}", "{type: piecewise, x: [1, 0], y: [0, 1]}", "{a: 3}"})
    EXPECT_NE(first(std::string("  channels: [{id: a, curve: ") + curve + "}]\n"), "") << curve;
}

}  // namespace
}  // namespace autopilot::policy
