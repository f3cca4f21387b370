// An algorithm killed between any two stages: no event, decision or step is lost or doubled.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "core/base/json.h"
#include "tests/instrumented.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

const int kKills = testing::is_instrumented() ? 20 : 50;

// The actuator's commands. A file `kill` says at which moment autopilot, their parent, is to die.
constexpr const char* kSet = R"sh(#!/bin/sh
order=$(cat)
case $(cat kill 2>/dev/null) in before) rm kill; kill -9 $PPID; exit 1;; esac
echo "$order" >> told
echo "$order" > weights.new && mv weights.new weights.json
case $(cat kill 2>/dev/null) in after) rm kill; kill -9 $PPID;; esac
)sh";
constexpr const char* kRead = R"sh(#!/bin/sh
case $(cat kill 2>/dev/null) in
  reading) rm kill; kill -9 $PPID; exit 1;;
  verifying) if [ -e asked ]; then rm kill asked; kill -9 $PPID; exit 1; else touch asked; fi;;
esac
cat weights.json
)sh";

constexpr const char* kAlgorithm = R"(apiVersion: autopilot/v1
kind: Algorithm
metadata: {{id: split}}
spec:
  arms: {{a: {{}}, b: {{}}, c: {{}}}}
  events: {{files: events.jsonl*}}
  optimizer: {{floor: 5%}}
  actuator: {{provider: exec, set: [sh, set.sh], read: [sh, read.sh]}}
{})";

std::string algorithm(bool by_segment) {
  return fmt::format(kAlgorithm, by_segment ? "  segment: [geo]\n" : "");
}

Value json(const std::string& text) { return parse_json_or_throw(text, "standard output"); }

class Rounds {
 public:
  explicit Rounds(bool by_segment) {
    project_.write("policies/split.yaml", algorithm(by_segment));
    project_.write(
        "policies/step.yaml",
        policy("step", "  mutations: [{field: weight, max_delta: 0.03, from: old_weight}]\n"));
    project_.write("set.sh", kSet);
    project_.write("read.sh", kRead);
    project_.write("weights.json", by_segment ? "{}" : R"({"weights":{"a":0.4,"b":0.3,"c":0.3}})");
    project_.must({"apply", "--yes"});
    const std::int64_t start = monotonic_nanos();
    project_.must({"run", "split", "--dry-run"});
    usual_micros_ = (monotonic_nanos() - start) / 1000;
  }

  void round(int number) {
    add_events();
    if (number % 7 == 3) rotate();
    const Ended killed = kill_somewhere(number);
    if (killed.signal == SIGKILL) ++kills_;
    take(killed);
    project_.write("kill", "");
    const Ended again = project_.must({"run", "split", "--json"});
    take(again);
    const Value read = json(project_.read("weights.json"));
    ASSERT_EQ(read.get("generation")->as_int(), number + 1);
  }

  void expect_nothing_lost_or_doubled(int rounds) const {
    EXPECT_GT(kills_, rounds * 2 / 3) << "too few were killed to prove anything";
    EXPECT_EQ(static_cast<int>(steps_.size()), rounds);
    EXPECT_EQ(total_, events_) << "each event counts once";
    std::int64_t decisions = 0;
    for (const auto& [generation, decided] : steps_) decisions += decided;
    const Value info = json(project_.must({"state", "info", "--json"}).out);
    EXPECT_EQ(info.get("decisions")->as_int(), decisions) << "each change is decided once";
    // Told at least once, in order, each time the same under the same key.
    std::map<std::string, std::string> told;
    std::int64_t last = 0;
    for (const std::string& line : lines_of(project_.read("told"))) {
      const Value order = json(line);
      const auto [at, is_new] = told.try_emplace(order.get("key")->as_string(), line);
      EXPECT_EQ(at->second, line);
      EXPECT_GE(order.get("generation")->as_int(), last);
      last = order.get("generation")->as_int();
    }
    EXPECT_EQ(static_cast<int>(told.size()), rounds);
    for (const auto& arguments :
         {std::vector<std::string>{"replay", "--all"}, {"state", "check"}, {"audit", "verify"}}) {
      const Ended ended = project_.run(arguments);
      EXPECT_EQ(ended.exit, 0) << describe(ended);
    }
  }

 private:
  // What wins changes all the time, so that each step moves something.
  void add_events() {
    std::string text = project_.read("events.jsonl");
    const std::size_t winner = dice_.below(3);
    for (int i = 0; i < 60; ++i) {
      const std::size_t arm = dice_.below(3);
      const bool wins = dice_.below(10) < (arm == winner ? 9u : 1u);
      text += fmt::format(
          "{{\"time\":\"2026-01-01T00:00:00Z\",\"arm\":\"{}\",\"reward\":{},\"n\":{},\"geo\":\"{}"
          "\"}}\n",
          "abc"[arm], wins ? 1 : 0, events_, events_ % 2 == 0 ? "FR" : "BE");
      ++events_;
    }
    // Appended as a logger does: the file stays the same one.
    append(text.substr(project_.read("events.jsonl").size()));
  }
  void append(const std::string& text) const {
    std::FILE* file = std::fopen(project_.path("events.jsonl").c_str(), "a");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  // In turn as logrotate does it: renamed (and packed the next time), renamed and packed at once,
  // copied and cut, the copy packed.
  void rotate() {
    constexpr const char* kRotations[] = {
        "mv events.jsonl events.jsonl.{0}",
        "mv events.jsonl events.jsonl.{0} && gzip events.jsonl.{0}",
        "cp events.jsonl events.jsonl.{0} && : > events.jsonl && zstd -q --rm events.jsonl.{0}"};
    const int number = ++rotations_;
    shell(fmt::format("if [ -e events.jsonl.{0} ]; then gzip events.jsonl.{0}; fi", number - 1));
    shell(fmt::format(fmt::runtime(kRotations[number % 3]), number));
  }
  void shell(const std::string& command) const {
    ASSERT_EQ(std::system(("cd " + project_.root() + " && " + command).c_str()), 0) << command;
  }

  Ended kill_somewhere(int number) {
    constexpr const char* kMoments[] = {"before", "after", "reading", "verifying"};
    if (number % 5 < 4) {
      project_.write("kill", kMoments[number % 5]);
      return project_.run({"run", "split", "--json"});
    }
    Process process(project_.command({"run", "split", "--json"}));
    process.pump_for(static_cast<std::int64_t>(
        dice_.below(static_cast<std::size_t>(usual_micros_ + usual_micros_ / 4))));
    process.send(SIGKILL);
    return process.wait();
  }

  // What a run said it had brought to its end.
  void take(const Ended& ended) {
    if (ended.out.empty() || ended.exit != 0) return;
    const Value report = json(ended.out);
    for (const char* field : {"resumed", "step"}) {
      const Value* step = report.get(field);
      if (step == nullptr || !step->is_map()) continue;
      std::int64_t decided = 0;
      for (const Value& arm : step->get("arms")->as_list()) {
        decided += arm.get("decision") != nullptr;
      }
      ASSERT_TRUE(steps_.emplace(step->get("generation")->as_int(), decided).second);
      total_ = static_cast<std::int64_t>(step->get("total")->as_double());
    }
  }

  Project project_;
  Dice dice_{6};
  std::int64_t usual_micros_ = 0, events_ = 0, total_ = 0;
  int kills_ = 0, rotations_ = 0;
  std::map<std::int64_t, std::int64_t> steps_;  // decisions by generation
};

TEST(LoopCrashTest, a_run_killed_between_any_two_stages_neither_loses_nor_doubles_a_step) {
  Rounds rounds(false);
  for (int i = 0; i < kKills && !::testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE(fmt::format("round {}", i));
    rounds.round(i);
  }
  rounds.expect_nothing_lost_or_doubled(kKills);
}

TEST(LoopCrashTest, a_killed_run_of_an_algorithm_with_segments_neither_loses_nor_doubles_a_step) {
  Rounds rounds(true);
  const int count = std::max(20, kKills / 2);
  for (int i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE(fmt::format("round {}", i));
    rounds.round(i);
  }
  rounds.expect_nothing_lost_or_doubled(count);
}

TEST(LoopCrashTest, of_two_runs_at_once_one_is_refused) {
  const Project project;
  project.write("policies/split.yaml", algorithm(false));
  project.write("set.sh", "sleep 5\n");
  project.write("read.sh", "touch started; sleep 1; echo '{}'\n");
  project.write("events.jsonl", "{\"time\":\"2026-01-01T00:00:00Z\",\"arm\":\"a\",\"reward\":1}\n");
  project.must({"apply", "--yes"});
  Process first(project.command({"run", "split"}));
  const std::int64_t end = monotonic_nanos() + 30'000'000'000;
  while (!project.files().contains("started") && monotonic_nanos() < end) first.pump_for(1000);
  const Ended second = project.run({"run", "split"});
  EXPECT_EQ(second.exit, 6) << describe(second);
  EXPECT_NE(second.err.find("another run of split is at work"), std::string::npos);
}

}  // namespace
}  // namespace autopilot::integration
