#include "core/decide/archive.h"
#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"
#include "tests/loop/fixture.h"

namespace autopilot::loop {
namespace {

// Segments: in the morning `a` wins, in the evening `b`.
class Segments : public LoopTest {
 protected:
  Segments() {
    algorithm.segment = {"part"};
    fakes.files.texts["log"].clear();
    add("morning", 3, 10);
    add("evening", 10, 3);
  }
  // Of 100 plays each, every `a`-th and every `b`-th earns.
  void add(const std::string& part, int a, int b) {
    std::string& log = fakes.files.texts["log"];
    for (int i = 0; i < 200; ++i) {
      const bool is_a = i % 2 == 0;
      log += fmt::format(
          "{{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"{}\",\"reward\":{},\"part\":\"{}\"}}\n",
          is_a ? "a" : "b", i / 2 % (is_a ? a : b) == 0 ? 1 : 0, part);
    }
  }
};

TEST_F(Segments, each_segment_has_shares_and_actions_of_its_own) {
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  ASSERT_EQ(actuator.all.size(), 2u);
  EXPECT_GT(actuator.all.at({"morning"}).at("a"), 9000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
  EXPECT_EQ(decisions(), 4);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision WHERE "
                                      "json_extract(body, '$.context.segment.part') = 'morning'"),
            2);
}

TEST_F(Segments, what_one_run_learnt_the_next_goes_on_with) {
  run();
  const SegmentShares before = actuator.all;
  add("night", 2, 50);
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  const SegmentShares seen = shares_of(result.step->body, "before");
  EXPECT_EQ(seen.at({"morning"}), before.at({"morning"}));
  EXPECT_EQ(seen.at({"night"}).at("a"), 5000) << "a new segment begins evenly";
  EXPECT_EQ(counted(), 600);
}

TEST_F(Segments, linear_methods_learn_across_segments) {
  algorithm.optimiser.method = "lin_ts";
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  EXPECT_GT(actuator.all.at({"morning"}).at("a"), 9000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
}

TEST_F(Segments, a_policy_may_speak_of_one_segment) {
  autopilot::testing::FakeWorld applying;
  state::PlanOptions options;
  const auto documents = std::vector{
      autopilot::testing::policy("calm", R"({"scope":"segment","selector":{"part":["morning"]},
                  "mutations":[{"field":"weight","max_delta":0.1,"from":"old_weight"}]})")};
  state::apply(*store, state::make_plan(documents, store.get(), options), {"ada", "", true, true},
               applying.world);
  run();
  EXPECT_EQ(actuator.all.at({"morning"}).at("a"), 6000);
  EXPECT_LT(actuator.all.at({"evening"}).at("a"), 1000);
}

TEST_F(Segments, without_segments_again_all_counts_are_one) {
  run();
  algorithm.segment.clear();
  EXPECT_EQ(counted(), 400);
  add("morning", 3, 10);
  const LoopResult result = run();
  ASSERT_TRUE(result.step);
  EXPECT_TRUE(actuator.all.contains({}));
  algorithm.segment = {"part", "geo"};
  EXPECT_EQ(counted(), 600);
}

TEST_F(Segments, before_anything_happened_there_is_no_step) {
  fakes.files.texts["log"].clear();
  algorithm.min_events = 0;
  EXPECT_EQ(run().waits, "no segment is known yet");
}

}  // namespace
}  // namespace autopilot::loop
