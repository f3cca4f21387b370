// A rollout whose process is killed at random instants, with real children and a real journal: the
// next process ends it, once, and the traffic is as recorded.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "core/base/json.h"
#include "core/base/text.h"
#include "tests/integration/shop.h"

namespace autopilot::integration {
namespace {

// AUTOPILOT_KILLS=200 for the long run.
int kills_wanted() {
  const char* text = std::getenv("AUTOPILOT_KILLS");
  return text == nullptr ? 3 : std::atoi(text);
}

constexpr const char* kSteps =
    R"(    - {name: testers, match: [{header: X-Beta, exact: "1"}, {cookie: ring, regex: "in.*"}], hold: 1s}
    - {name: shadow, mirror: 20%, hold: 1s}
    - {name: canary, weight: 5%, hold: 1s}
    - {name: half, weight: 50%, hold: 1s}
)";

// A check and a metric that take very long.
constexpr const char* kSlow =
    R"(    latency: {provider: exec, argv: [sleep, "90"], timeout: 100s, no_data: ignore}
  checks: {during: [{name: warm, argv: [sh, warm], timeout: 100s}]}
)";
constexpr const char* kWarm = R"(echo $$ >> warms
sleep 90 &
echo $! > inner
wait
)";

class DeployCrashTest : public ::testing::Test {
 protected:
  Shop project;
  Dice dice{7};

  void SetUp() override {
    project.apply(kSteps);
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
  }

  int weight_of(const std::string& slot) {
    const Value weights = parse_json_or_throw(project.read("weights.json"), "weights");
    return static_cast<int>(weights.get("weights")->get(slot)->as_int());
  }

  // `ticks`: carried on by deploy tick instead of deploy run.
  void killed_and_gone_on_with(const std::string& version, bool ticks) {
    Command command = project.command({"deploy", "run", "shop", "--version", version, "-q"});
    if (ticks) {
      project.must({"deploy", "start", "shop", "--version", version, "-q"});
      command = project.command({"deploy", "tick", "shop", "-q"});
    }
    {
      Process process(command);
      process.pump_for(static_cast<std::int64_t>(dice.below(ticks ? 4'000'000 : 9'000'000)));
      process.send(SIGKILL);
      process.wait();
    }
    for (int i = 0; i < 100; ++i) {
      const Ended ended = ticks ? project.run({"deploy", "tick", "shop", "-q"})
                                : project.run({"deploy", "run", "shop", "-q"});
      if (project.run({"deploy", "tick", "--all", "--json"}).out.find("\"rollouts\": []") !=
          std::string::npos)
        break;
      ASSERT_NE(ended.exit, 70) << describe(ended);
    }
    const Value end = project.status();
    const std::string state = end.get("state")->as_string();
    if (end.get("version")->as_string() != version) return;  // killed before it was written down
    const bool bad = version.starts_with("bad");
    EXPECT_EQ(state, bad ? "rolled_back" : "promoted") << to_pretty_json(end);
    EXPECT_EQ(weight_of(end.get("canary")->as_string()), bad ? 0 : 10000);
    const Value proxy = parse_json_or_throw(project.read("weights.json"), "weights");
    EXPECT_EQ(to_json(*proxy.get("match")) + to_json(*proxy.get("mirror")), "[]0");
    int ends = 0;
    for (const Value& event : end.get("events")->as_list()) {
      const std::string& kind = event.get("kind")->as_string();
      ends += kind == "completed" || kind == "rolled_back" || kind == "failed" ? 1 : 0;
    }
    EXPECT_EQ(ends, 1);
    EXPECT_EQ(project.run({"state", "check"}).exit, 0);
  }
};

TEST_F(DeployCrashTest, killed_at_random_it_ends_once_and_as_recorded) {
  const int kills = kills_wanted();
  for (int i = 0; i < kills && !HasFailure(); ++i)
    killed_and_gone_on_with(fmt::format("{}{}", i % 3 == 2 ? "bad" : "v", i + 1), i % 2 == 1);
}

TEST_F(DeployCrashTest, a_request_is_carried_out_by_whoever_is_there) {
  // Nobody runs it: the command does it itself.
  project.must({"deploy", "start", "shop", "--version", "v1", "-q"});
  project.run({"deploy", "tick", "shop", "-q"});
  const Ended aborted = project.run({"deploy", "abort", "shop"});
  EXPECT_EQ(aborted.exit, 0) << describe(aborted);
  EXPECT_EQ(project.state(), "rolled_back");

  // Somebody runs it: the command asks, and has an answer soon.
  Process process(project.command({"deploy", "run", "shop", "--version", "v2", "-q"}));
  process.pump_for(1'500'000);
  const std::int64_t start = monotonic_nanos();
  const Ended asked = project.run({"deploy", "abort", "shop", "--reason", "wrong build"});
  EXPECT_EQ(asked.exit, 0) << describe(asked);
  EXPECT_LT(monotonic_nanos() - start, 5'000'000'000);
  EXPECT_EQ(process.wait().exit, 1);
  EXPECT_EQ(project.state(), "rolled_back");
}

TEST_F(DeployCrashTest, a_check_whose_end_nobody_saw_is_done_again_and_an_abort_waits_for_none) {
  project.write("warm", kWarm);
  project.apply(kSteps, kSlow);
  const auto checks = [&] { return split(project.read("warms"), '\n').size() - 1; };
  const Command run = project.command({"deploy", "run", "shop", "--version", "v1", "-q"});
  {
    Process killed(run);
    for (int i = 0; i < 200 && checks() < 1; ++i) killed.pump_for(100'000);
    killed.send(SIGKILL);
    killed.wait();
  }
  Process process(project.command({"deploy", "run", "shop", "-q"}));
  for (int i = 0; i < 200 && checks() < 2; ++i) process.pump_for(100'000);
  EXPECT_EQ(checks(), 2U);
  const std::int64_t start = monotonic_nanos();
  const Ended asked = project.run({"deploy", "abort", "shop"});
  EXPECT_EQ(asked.exit, 0) << describe(asked);
  EXPECT_EQ(process.wait().exit, 1);
  EXPECT_LT(monotonic_nanos() - start, 10'000'000'000);
  EXPECT_EQ(project.state(), "rolled_back");
  std::ifstream inner(fmt::format("/proc/{}/cmdline", trim(project.read("inner"))));
  std::string words;  // none of one that has ended
  std::getline(inner, words);
  EXPECT_EQ(words, "") << "what the check started is left";
  // What the killed process left: nobody knows it any more.
  ::kill(-std::atoi(project.read("warms").c_str()), SIGKILL);
}

}  // namespace
}  // namespace autopilot::integration
