#include "core/deploy/sustained.h"

#include <gtest/gtest.h>

namespace autopilot::deploy {
namespace {

const Duration kTick = Duration::seconds(10);

Instant at(int tick) { return Instant{1'800'000'000 + 10 * tick, 0}; }

TEST(Sustained, it_holds_from_its_first_sample_on) {
  Sustained s;
  for (int t = 0; t <= 12; ++t) advance(s, Truth::yes, at(t), kTick);
  EXPECT_TRUE(has_held(s, Duration::seconds(120)));
  EXPECT_FALSE(has_held(s, Duration::seconds(121)));
}

TEST(Sustained, a_false_sample_starts_it_anew) {
  Sustained s;
  for (int t = 0; t <= 12; ++t) advance(s, t == 6 ? Truth::no : Truth::yes, at(t), kTick);
  EXPECT_TRUE(has_held(s, Duration::seconds(50)));
  EXPECT_FALSE(has_held(s, Duration::seconds(60)));
}

TEST(Sustained, three_intervals_of_silence_are_borne_and_more_are_not) {
  Sustained borne, broken;
  advance(borne, Truth::yes, at(0), kTick);
  advance(broken, Truth::yes, at(0), kTick);
  advance(borne, Truth::yes, at(3), kTick);
  advance(broken, Truth::yes, at(4), kTick);
  EXPECT_TRUE(has_held(borne, Duration::seconds(30)));
  EXPECT_FALSE(has_held(broken, Duration::seconds(1)));
}

TEST(Sustained, an_unknown_sample_neither_counts_nor_clears) {
  Sustained s;
  advance(s, Truth::yes, at(0), kTick);
  advance(s, Truth::unknown, at(1), kTick);
  advance(s, Truth::yes, at(2), kTick);
  EXPECT_TRUE(has_held(s, Duration::seconds(20), 2));
  EXPECT_FALSE(has_held(s, Duration::seconds(0), 3));
}

TEST(Sustained, nothing_has_held_before_the_first_sample) {
  EXPECT_FALSE(has_held({}, Duration::seconds(0), 0));
}

}  // namespace
}  // namespace autopilot::deploy
