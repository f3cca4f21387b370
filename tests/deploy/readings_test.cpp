// Questions that are asked beside each other: what hangs keeps nothing else waiting.
#include "core/deploy/readings.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/system.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

Readings::Answer answer_of(const std::string& metric) {
  Readings::Answer answer;
  answer.samples.push_back({metric, "canary", {}, {}, 0, 1, {}, {}});
  return answer;
}

class ReadingsTest : public ::testing::Test {
 protected:
  System system;
  std::promise<void> gate;

  Readings::Question hanging() {
    return [opened = gate.get_future().share()] {
      opened.wait();
      return answer_of("late");
    };
  }
};

TEST_F(ReadingsTest, what_hangs_keeps_nothing_else_waiting) {
  Readings readings(system.world().clock, true);
  readings.ask("late", hanging());
  readings.ask("quick", [] { return answer_of("quick"); });
  EXPECT_FALSE(readings.wait(Duration::milliseconds(50)));
  std::vector<Readings::Answer> came;
  for (int i = 0; i < 100 && came.empty(); ++i) {
    readings.wait(Duration::milliseconds(50));
    came = readings.take();
  }
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].samples[0].metric, "quick");
  EXPECT_TRUE(readings.unanswered().contains("late"));
  EXPECT_EQ(readings.unanswered().size(), 1U);
  gate.set_value();
  EXPECT_TRUE(readings.wait(Duration::seconds(20)));
  came = readings.take();
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].samples[0].metric, "late");
  EXPECT_TRUE(readings.take().empty()) << "each answer comes once";
}

TEST_F(ReadingsTest, the_same_is_not_asked_twice_at_once) {
  Readings readings(system.world().clock, true);
  readings.ask("late", hanging());
  bool asked_again = false;
  readings.ask("late", [&] {
    asked_again = true;
    return answer_of("again");
  });
  gate.set_value();
  EXPECT_TRUE(readings.wait(Duration::seconds(20)));
  EXPECT_EQ(readings.take().size(), 1U);
  EXPECT_FALSE(asked_again);
}

TEST_F(ReadingsTest, what_is_forgotten_never_comes) {
  Readings readings(system.world().clock, true);
  readings.ask("late", hanging());
  readings.forget("late");
  readings.forget("what was never asked");
  gate.set_value();
  EXPECT_TRUE(readings.wait(Duration::seconds(20)));
  EXPECT_TRUE(readings.take().empty());
  readings.ask("late", [] { return answer_of("new"); });
  readings.wait(Duration::seconds(20));
  EXPECT_EQ(readings.take().size(), 1U);
}

TEST_F(ReadingsTest, what_a_question_throws_is_thrown_when_it_is_taken) {
  Readings readings(system.world().clock, true);
  readings.ask("broken", []() -> Readings::Answer { throw Error(ErrorKind::bug, "no"); });
  readings.wait(Duration::seconds(20));
  EXPECT_THROW(readings.take(), Error);
}

TEST(ReadingsInTurn, without_threads_a_question_is_answered_as_it_is_asked) {
  autopilot::testing::FakeWorld fakes;
  Readings readings(fakes.world.clock, false);
  readings.ask("quick", [] { return answer_of("quick"); });
  EXPECT_TRUE(readings.unanswered().empty());
  EXPECT_TRUE(readings.wait(Duration{}));
  EXPECT_EQ(readings.take().size(), 1U);
}

}  // namespace
}  // namespace autopilot::deploy
