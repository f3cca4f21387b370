// The machine of a rollout: forward with evidence, back without asking.
#include <gtest/gtest.h>

#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using testing::kSpec;
using testing::MachineWorld;
using testing::spec_with;

TEST(machine, a_good_version_goes_up_step_by_step_and_the_old_one_stops) {
  MachineWorld w;
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.rollout.state(), "promoted");
  EXPECT_EQ(w.weights(), (std::vector<int>{500, 5000, 10000}));
  EXPECT_EQ(w.kinds(), (std::vector<std::string>{"start", "decide", "set_weight", "decide",
                                                 "set_weight", "decide", "set_weight", "stop"}));
  EXPECT_EQ(w.effects.back().args.find("slot")->as_string(), "blue");
  EXPECT_EQ(w.count("completed"), 1);
  // Two steps of a minute each, and little more.
  EXPECT_LE((*w.rollout.finished - w.rollout.created).nanos, Duration::seconds(200).nanos);
  EXPECT_GE((*w.rollout.finished - w.rollout.created).nanos, Duration::seconds(120).nanos);
}

TEST(machine, steps_that_end_lower_are_followed_by_all_but_the_holdback_before_the_bake) {
  MachineWorld w(testing::spec_with(R"({"bake": {"for": "1h", "holdback": "5%"}})"));
  ASSERT_TRUE(w.until([&] { return w.rollout.is_over(); }));
  EXPECT_EQ(w.weights(), (std::vector<int>{500, 5000, 9500, 10000}));
  MachineWorld whole(testing::spec_with(R"({"bake": {"for": "1h"}})"));
  ASSERT_TRUE(whole.until([&] { return whole.rollout.weight_bp == 10000; }));
  whole.tick(30);
  EXPECT_FALSE(whole.rollout.stopped_old) << "the bake is not over";
}

TEST(machine, a_bake_keeps_some_on_the_old_version_until_it_is_over) {
  MachineWorld w(spec_with(R"({"steps": [{"weight": "100%", "hold": "1m"}],
                               "bake": {"for": "1h", "holdback": "5%"}})"));
  w.until([&] { return w.rollout.weight_bp == 9500; });
  w.tick(300);
  EXPECT_EQ(w.weights(), (std::vector<int>{9500}));
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.weights(), (std::vector<int>{9500, 10000}));
  EXPECT_EQ(w.rollout.state(), "promoted");
}

TEST(machine, the_first_deployment_has_nothing_to_compare_with) {
  MachineWorld w(kSpec, testing::passing, [](Rollout& r) {
    r.is_first = true;
    r.previous.clear();
  });
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "promoted");
  EXPECT_EQ(w.weights(), std::vector<int>{10000});
  EXPECT_EQ(w.kinds(), (std::vector<std::string>{"start", "decide", "set_weight"}));
}

TEST(machine, back_to_an_older_version_nobody_is_asked) {
  MachineWorld w(kSpec, testing::passing, [](Rollout& r) { r.is_direct = true; });
  w.until([&] { return w.rollout.is_over(); });
  EXPECT_EQ(w.rollout.state(), "promoted");
  EXPECT_EQ(w.kinds(), (std::vector<std::string>{"start", "set_weight", "stop"}));
}

TEST(machine, the_record_reads_back_as_it_was) {
  MachineWorld w;
  for (int i = 0; i < 30 && !w.rollout.is_over(); ++i) {
    w.tick();
    const Value written = to_value(w.rollout);
    EXPECT_EQ(to_json(to_value(rollout_from(parse_json_or_throw(to_json(written), "r")))),
              to_json(written));
  }
}

}  // namespace
}  // namespace autopilot::deploy
