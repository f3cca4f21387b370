#include "core/decide/archive.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"
#include "tests/loop/fixture.h"

namespace autopilot::loop {
namespace {

TEST_F(LoopTest, it_waits_for_its_time_and_for_enough_events) {
  algorithm.schedule.every = Duration::seconds(300);
  algorithm.growth = 0.5;
  run();
  add_events(20);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-01T12:05:00Z");
  clock.time = clock.time + Duration::seconds(300);
  EXPECT_EQ(run().waits, "20 new events since the last step, it waits for 50");
  EXPECT_EQ(counted(), 120);
  add_events(40);
  EXPECT_EQ(run().step->generation, 2);
}

TEST_F(LoopTest, it_steps_when_a_cron_time_has_come_and_makes_up_for_missed_ones_once) {
  algorithm.schedule.cron = parse_cron("30 3 * * *").cron;
  algorithm.schedule.zone = *TimeZone::load("Europe/Paris");
  EXPECT_TRUE(run().step) << "the first one has nothing to wait for";
  add_events(10);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-02T02:30:00Z");
  clock.time = *parse_rfc3339("2026-01-05T12:00:00Z");
  EXPECT_TRUE(run().step) << "three times were missed";
  add_events(10);
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-06T02:30:00Z");
}

TEST_F(LoopTest, a_missed_cron_time_can_be_skipped) {
  algorithm.schedule.cron = parse_cron("30 3 * * *").cron;
  algorithm.schedule.makes_up = false;
  run();
  add_events(10);
  clock.time = *parse_rfc3339("2026-01-05T12:00:00Z");
  EXPECT_EQ(run().waits, "the next step is due at 2026-01-06T03:30:00Z");
  clock.time = *parse_rfc3339("2026-01-06T03:30:59Z");
  EXPECT_TRUE(run().step);
  add_events(10);
  EXPECT_FALSE(run().step) << "one a minute";
}

TEST_F(LoopTest, a_clock_that_was_set_back_is_told) {
  run();
  add_events(10);
  clock.time = clock.time - Duration::seconds(3600);
  EXPECT_EQ(run().waits,
            "the last step began at 2026-01-01T12:00:00Z, and the clock says "
            "2026-01-01T11:00:00Z: it was set back");
}

}  // namespace
}  // namespace autopilot::loop
