#include "core/loop/event_batch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/fakes.h"

namespace autopilot::loop {
namespace {

using autopilot::testing::FakeWorld;

Algorithm algorithm() {
  Algorithm out;
  out.id = "split";
  out.arms = {{"a", {}, {}, 0, ""}, {"b", {}, {}, 0, ""}};
  out.files = {"log"};
  return out;
}

Instant at(const char* time) { return *parse_rfc3339(fmt::format("2026-01-01T{}Z", time)); }

class Events : public ::testing::Test {
 protected:
  EventBatch read(const Algorithm& rules, const char* now) {
    Reading reading{cursors, at(now), [](Instant) { return std::int64_t{0}; }, newest, segments};
    const EventBatch batch = read_events(fakes.files, "", rules, reading);
    cursors = batch.cursors;
    return batch;
  }
  static double trials(const EventBatch& batch, const std::string& arm) {
    double sum = 0;
    for (const auto& [key, rewards] : batch.counts) sum += key.arm == arm ? rewards.count : 0;
    return sum;
  }
  static double rewards(const EventBatch& batch, const std::string& arm) {
    double sum = 0;
    for (const auto& [key, rewards] : batch.counts) sum += key.arm == arm ? rewards.sum : 0;
    return sum;
  }
  std::string refusal(const Algorithm& rules) {
    try {
      read(rules, "12:00:00");
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  std::string& log = fakes_.files.texts["log"];
  FakeWorld& fakes = fakes_;
  std::vector<events::LogCursor> cursors;
  std::int64_t newest = INT64_MAX;
  std::set<Segment> segments;

 private:
  static FakeWorld fakes_;
};
FakeWorld Events::fakes_;

class Joined : public Events {
 protected:
  void SetUp() override {
    log.clear();
    rules.columns.id = "id";
    rules.attribution = Duration::seconds(600);
  }
  void play(const char* time, const char* id, const char* arm = "a") {
    log += fmt::format("{{\"time\":\"2026-01-01T{}Z\",\"id\":\"{}\",\"arm\":\"{}\"}}\n", time, id,
                       arm);
  }
  void reward(const char* time, const char* id, double value = 1) {
    log += fmt::format("{{\"time\":\"2026-01-01T{}Z\",\"id\":\"{}\",\"reward\":{}}}\n", time, id,
                       value);
  }
  Algorithm rules = algorithm();
};

TEST_F(Joined, a_play_counts_once_its_rewards_have_had_their_time) {
  play("10:00:00", "1");
  reward("10:09:00", "1");
  EXPECT_EQ(read(rules, "10:09:59").events, 0);
  const EventBatch batch = read(rules, "10:10:00");
  EXPECT_EQ(batch.events, 1);
  EXPECT_EQ(rewards(batch, "a"), 1);
  EXPECT_EQ(read(rules, "12:00:00").events, 0);
}

TEST_F(Joined, a_reward_that_comes_too_late_does_not_count) {
  play("10:00:00", "1");
  reward("10:10:01", "1");
  const EventBatch batch = read(rules, "12:00:00");
  EXPECT_EQ(trials(batch, "a"), 1);
  EXPECT_EQ(rewards(batch, "a"), 0);
}

TEST_F(Joined, early_rewards_do_not_pull_their_plays_forward) {
  play("10:00:00", "1");
  play("10:05:00", "2", "b");
  reward("10:05:01", "2");
  const EventBatch first = read(rules, "10:11:00");
  EXPECT_EQ(first.events, 1);
  EXPECT_EQ(trials(first, "b"), 0);
  EXPECT_EQ(first.waiting, 1);
  const EventBatch second = read(rules, "10:16:00");
  EXPECT_EQ(rewards(second, "b"), 1);
  EXPECT_EQ(second.events, 1);
}

TEST_F(Joined, a_reward_may_stand_before_its_play) {
  reward("10:00:00", "1");
  play("10:00:00", "1");
  EXPECT_EQ(rewards(read(rules, "12:00:00"), "a"), 1);
}

TEST_F(Joined, many_rewards_of_which_none_finds_its_play_are_told) {
  for (int i = 0; i < 30; ++i) {
    play("10:00:00", fmt::format("request-{}", i).c_str());
    reward("10:00:05", fmt::format("{}", i).c_str());
  }
  EXPECT_EQ(read(rules, "12:00:00").lone, 30);
  for (int i = 100; i < 130; ++i) {
    play("12:00:00", fmt::format("{}", i).c_str());
    reward("12:00:05", fmt::format("{}", i + 20).c_str());
  }
  EXPECT_EQ(read(rules, "14:00:00").lone, 0);  // ten found theirs
}

TEST_F(Joined, a_play_that_is_logged_twice_counts_once) {
  play("10:00:00", "1");
  play("10:00:00", "1");
  const EventBatch batch = read(rules, "12:00:00");
  EXPECT_EQ(batch.events, 1);
  EXPECT_EQ(batch.repeated, 1);
}

TEST_F(Joined, cut_into_pieces_anywhere_in_time_the_sums_are_the_same) {
  for (int i = 0; i < 120; ++i) {
    const std::string time = fmt::format("10:{:02}:{:02}", i / 2, i % 2 * 30);
    play(time.c_str(), fmt::format("{}", i).c_str(), i % 3 == 0 ? "a" : "b");
    const int paid = i - 5;
    if (paid >= 0 && paid % 4 == 0) reward(time.c_str(), fmt::format("{}", paid).c_str());
  }
  const std::vector<events::LogCursor> start = cursors;
  const EventBatch whole = read(rules, "12:00:00");
  cursors = start;
  std::map<CountKey, stats::ArmRewards> sums;
  for (int minute = 1; minute < 120; minute += 7) {
    const std::string now = fmt::format("{}:{:02}:17", 10 + minute / 60, minute % 60);
    for (const auto& [key, rewards] : read(rules, now.c_str()).counts) {
      sums[key].count += rewards.count;
      sums[key].sum += rewards.sum;
    }
  }
  ASSERT_EQ(sums.size(), whole.counts.size());
  for (const auto& [key, rewards] : whole.counts) {
    EXPECT_EQ(sums[key].count, rewards.count);
    EXPECT_EQ(sums[key].sum, rewards.sum);
  }
}

TEST_F(Events, lines_that_are_wrong_are_counted_and_limited) {
  log =
      "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":1}\nrubbish\n"
      "{\"time\":1767261601,\"arm\":\"a\",\"reward\":true}\n";
  const EventBatch one = read(algorithm(), "12:00:00");
  EXPECT_EQ(one.events, 2);
  EXPECT_EQ(one.bad, 1);
  EXPECT_EQ(one.examples.at(0).place, "log:2");
  cursors.clear();
  log += "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":\"x\"}\n";
  EXPECT_TRUE(refusal(algorithm()).starts_with("2 of 4 lines are wrong, more than events.max_bad"));
}

TEST_F(Events, each_kind_of_wrong_line_has_its_word) {
  const auto why = [&](const std::string& line) {
    cursors.clear();
    log = line + "\n";
    const EventBatch batch = read(algorithm(), "12:00:00");
    return batch.examples.empty() ? "" : batch.examples[0].why;
  };
  EXPECT_EQ(why("[1]"), "a line is a JSON object, not a list");
  EXPECT_EQ(why("{\"arm\":\"a\",\"reward\":1}"), "time is missing");
  EXPECT_EQ(why("{\"time\":\"noon\",\"arm\":\"a\",\"reward\":1}"),
            "time is \"noon\", not a time such as 2026-11-20T10:01:00Z");
  EXPECT_EQ(why("{\"time\":\"2026-01-01T10:00:00Z\",\"reward\":1}"), "arm is missing");
  EXPECT_EQ(why("{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\"}"), "reward is missing");
  EXPECT_EQ(why("{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":2}"),
            "a reward of 2 is not within objective.range, 0 to 1");
  EXPECT_EQ(why("{\"time\":\"2026-01-01T13:00:00Z\",\"arm\":\"a\",\"reward\":1}"),
            "its time is yet to come");
  EXPECT_EQ(why("{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":1}"), "");
}

TEST_F(Events, arms_that_are_not_ours_are_told_and_left_out) {
  log = "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"z\",\"reward\":1}\n";
  const EventBatch batch = read(algorithm(), "12:00:00");
  EXPECT_EQ(batch.events, 0);
  EXPECT_EQ(batch.foreign_arms, std::vector<std::string>{"z"});
}

TEST_F(Events, small_rewards_are_the_good_ones_when_they_are_to_be_small) {
  log = "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":0.25}\n";
  Algorithm rules = algorithm();
  rules.minimize = true;
  EXPECT_EQ(rewards(read(rules, "12:00:00"), "a"), 0.75);
}

TEST_F(Events, the_last_line_waits_for_its_end) {
  log = "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"rew";
  EXPECT_EQ(read(algorithm(), "12:00:00").events, 0);
  log += "ard\":1}\n";
  EXPECT_EQ(read(algorithm(), "12:00:00").events, 1);
}

TEST_F(Events, a_generation_that_never_was_is_a_bad_line) {
  Algorithm rules = algorithm();
  rules.columns.generation = "gen";
  newest = 7;
  const auto why = [&](const std::string& generation) {
    cursors.clear();
    log = "{\"time\":\"2026-01-01T10:00:00Z\",\"arm\":\"a\",\"reward\":1,\"gen\":" + generation +
          "}\n";
    const EventBatch batch = read(rules, "12:00:00");
    return batch.examples.empty() ? "" : batch.examples[0].why;
  };
  EXPECT_EQ(why("8"), "there is no generation 8 of weights: the newest is 7");
  EXPECT_EQ(why("-1"), "there is no generation -1 of weights: the newest is 7");
  EXPECT_EQ(why("\"x\""), "gen is \"x\", not a generation");
  EXPECT_EQ(why("7"), "");
  EXPECT_EQ(why("\"7\""), "");
  EXPECT_EQ(why("\"-\""), "") << "proxies write what is not set as -";
}

TEST_F(Events, plays_are_counted_by_segment) {
  Algorithm rules = algorithm();
  rules.segment = {"geo", "device"};
  log =
      "{\"time\":1767261600,\"arm\":\"a\",\"reward\":1,\"geo\":\"FR\",\"device\":7}\n"
      "{\"time\":1767261600,\"arm\":\"a\",\"reward\":0,\"geo\":\"FR\",\"device\":7}\n"
      "{\"time\":1767261600,\"arm\":\"a\",\"reward\":1,\"device\":null}\n";
  const EventBatch batch = read(rules, "12:00:00");
  ASSERT_EQ(batch.counts.size(), 2u);
  const CountKey french{0, {"FR", "7"}, "a", 0}, unknown{0, {"", ""}, "a", 0};
  EXPECT_EQ(batch.counts.at(french).count, 2);
  EXPECT_EQ(batch.counts.at(unknown).sum, 1);
}

TEST_F(Events, segments_beyond_a_bound_are_one) {
  Algorithm rules = algorithm();
  rules.segment = {"user"};
  log.clear();
  for (std::size_t i = 0; i < kMostSegments + 50; ++i) {
    log += fmt::format("{{\"time\":1767261600,\"arm\":\"a\",\"reward\":1,\"user\":{}}}\n", i);
  }
  const EventBatch batch = read(rules, "12:00:00");
  EXPECT_EQ(batch.crowded, 50);
  EXPECT_EQ(batch.counts.size(), kMostSegments + 1);
  EXPECT_EQ(batch.counts.at(CountKey{0, {"other"}, "a", 0}).count, 50);
}

TEST_F(Events, values_too_long_to_be_a_name_are_other) {
  Algorithm rules = algorithm();
  rules.segment = {"agent"};
  log = "{\"time\":1767261600,\"arm\":\"a\",\"reward\":1,\"agent\":\"" + std::string(500, 'x') +
        "\"}\n";
  EXPECT_EQ(read(rules, "12:00:00").counts.begin()->first.segment, Segment{"other"});
}

}  // namespace
}  // namespace autopilot::loop
