// Several processes at once on one state.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/base/json.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

constexpr std::size_t kProcesses = 8;
constexpr std::size_t kKeys = 300;
constexpr std::size_t kAllowed = 100;

std::string limit_policy(std::size_t max) {
  return policy("limit", fmt::format("  limits:\n    - {{name: total, max: {}, per: 1d}}\n", max));
}

// The same keyed actions in an order of its own.
std::vector<std::string> shuffled_actions(std::uint64_t seed) {
  std::vector<std::string> actions;
  for (std::size_t i = 0; i < kKeys; ++i)
    actions.push_back(action_line("bandit", fmt::format("{:04}", i)));
  Dice dice(seed);
  for (std::size_t i = actions.size(); i > 1; --i)
    std::swap(actions[i - 1], actions[dice.below(i)]);
  return actions;
}

class Crowd {
 public:
  explicit Crowd(const Project& project) {
    for (std::size_t i = 0; i < kProcesses; ++i) {
      processes_.push_back(std::make_unique<Process>(project.command({"decide", "-q"}), true));
      actions_.push_back(shuffled_actions(i + 1));
    }
  }

  // Everybody gets a few lines at a time, so that their transactions alternate. Between the rounds
  // `meanwhile` runs.
  template <class F>
  void decide(F meanwhile) {
    constexpr std::size_t kAtOnce = 15;
    for (std::size_t at = 0; at < kKeys; at += kAtOnce) {
      for (std::size_t i = 0; i < kProcesses; ++i) {
        for (std::size_t j = at; j < std::min(at + kAtOnce, kKeys); ++j)
          processes_[i]->feed(actions_[i][j]);
        processes_[i]->pump(0);
      }
      meanwhile();
    }
    for (const auto& process : processes_) ended_.push_back(process->wait());
  }

  // The one answer that every process got to each key.
  std::map<std::string, std::string> answers() const {
    std::map<std::string, std::string> by_key;
    for (const Ended& ended : ended_) {
      EXPECT_EQ(ended.exit, 0) << describe(ended);
      EXPECT_EQ(ended.err, "");
      std::vector<std::string> lines = lines_of(ended.out);
      EXPECT_EQ(lines.size(), kKeys + 1);
      for (std::size_t i = 1; i < lines.size(); ++i) {
        const Value line = parse_json_or_throw(lines[i], "a decision");
        const std::string& key = line.get("proposed")->get("idempotency_key")->as_string();
        const auto [at, fresh] = by_key.emplace(key, lines[i]);
        EXPECT_EQ(at->second, lines[i]) << "decided twice";
      }
    }
    return by_key;
  }

 private:
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::vector<std::string>> actions_;
  std::vector<Ended> ended_;
};

std::size_t allowed_in(const std::map<std::string, std::string>& answers) {
  return static_cast<std::size_t>(std::count_if(answers.begin(), answers.end(), [](auto& a) {
    return a.second.find(R"("result":"allowed")") != std::string::npos;
  }));
}

void expect_sound(const Project& project) {
  for (const auto& check :
       {std::vector<std::string>{"state", "check"}, {"audit", "verify"}, {"replay", "--all"}}) {
    const Ended ended = project.run(check);
    EXPECT_EQ(ended.exit, 0) << describe(ended);
  }
}

TEST(CrowdTest, processes_share_one_limit_and_decide_each_key_once) {
  Project project;
  project.write("policies/limit.yaml", limit_policy(kAllowed));
  project.must({"apply", "--yes"});
  Crowd crowd(project);
  crowd.decide([] {});
  const auto answers = crowd.answers();
  EXPECT_EQ(answers.size(), kKeys);
  EXPECT_EQ(allowed_in(answers), kAllowed);
  const Ended info = project.must({"state", "info", "--json"});
  EXPECT_EQ(parse_json_or_throw(info.out, "info").get("decisions")->as_int(),
            static_cast<std::int64_t>(kKeys));
  expect_sound(project);
}

TEST(CrowdTest, an_apply_meanwhile_takes_effect_and_disturbs_nobody) {
  Project project;
  project.write("policies/limit.yaml", limit_policy(kAllowed));
  project.must({"apply", "--yes"});
  std::size_t max = kAllowed;
  Crowd crowd(project);
  crowd.decide([&] {
    project.write("policies/limit.yaml", limit_policy(++max));
    const Ended apply = project.run({"apply", "--yes"});
    EXPECT_EQ(apply.exit, 0) << describe(apply);
  });
  const auto answers = crowd.answers();
  EXPECT_EQ(answers.size(), kKeys);
  EXPECT_GE(allowed_in(answers), kAllowed);
  EXPECT_LE(allowed_in(answers), max);
  expect_sound(project);
}

// Somebody who stops reading answers in the middle must not stop the others.
TEST(CrowdTest, a_process_whose_answers_nobody_reads_holds_up_nobody) {
  Project project;
  project.write("policies/limit.yaml", limit_policy(kAllowed));
  project.must({"apply", "--yes"});
  Command command = project.command({"decide", "-q"});
  for (int i = 0; i < 2000; ++i) command.input += action_line("bandit", fmt::format("u{}", i));
  command.standard_output = Stdout::unread;
  Process unread(command);
  for (int i = 0; i < 100 && !unread.input_is_empty(); ++i) unread.pump(10'000'000);
  unread.pump_for(200'000);
  Command other = project.command({"decide", "-q"}, action_line("bandit", "other"));
  other.environment = {{"AUTOPILOT_LOCK_TIMEOUT", "5s"}};
  for (int i = 0; i < 5; ++i) {
    const Ended ended = run(other);
    EXPECT_EQ(ended.exit, 0) << describe(ended);
  }
  EXPECT_EQ(project.run({"apply", "--yes"}).exit, 0);
}

TEST(CrowdTest, of_many_that_create_the_state_at_once_one_does) {
  Project project;
  project.write("policies/limit.yaml", limit_policy(kAllowed));
  std::vector<std::unique_ptr<Process>> processes;
  for (std::size_t i = 0; i < kProcesses; ++i)
    processes.push_back(std::make_unique<Process>(project.command({"apply", "--yes"})));
  std::size_t applied = 0;
  for (const auto& process : processes) {
    const Ended ended = process->wait();
    EXPECT_TRUE(ended.exit == 0 || ended.exit == 5) << describe(ended);
    applied += ended.out.find("Applied revision") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(applied, 1U);
  expect_sound(project);
}

}  // namespace
}  // namespace autopilot::integration
