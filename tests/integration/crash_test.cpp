// Killed at any instant, the state holds what was said and nothing half done.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <map>

#include "core/base/json.h"
#include "tests/instrumented.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

const int kKills = testing::is_instrumented() ? 20 : 50;
constexpr std::size_t kLimit = 2000;  // what the policy allows in all rounds together

// As many rounds as asked, and more while too few of their instants were telling ones: how many are
// depends on how busy the machine is.
template <typename Rounds>
void run_rounds(int count, Rounds& rounds, void (Rounds::*round)()) {
  for (int i = 0; i < count || (!rounds.is_telling() && i < 6 * count); ++i) {
    SCOPED_TRACE(fmt::format("round {}", i));
    (rounds.*round)();
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_TRUE(rounds.is_telling()) << "killed too early or too late to prove anything";
}

Value json(const Ended& ended) { return parse_json_or_throw(ended.out, "standard output"); }

void expect_sound(const Project& project) {
  const Ended check = project.run({"state", "check"});
  EXPECT_EQ(check.exit, 0) << describe(check);
  const Ended audit = project.run({"audit", "verify"});
  EXPECT_EQ(audit.exit, 0) << describe(audit);
}

// What was printed with its line end was said, after the line with the schema; a last piece
// without one may have been cut off.
struct Said {
  std::vector<std::string> decisions;
  std::string piece;
};

Said said(const std::string& out) {
  const std::size_t start = out.find('\n'), end = out.rfind('\n');
  if (start == end) return {{}, start == std::string::npos ? "" : out.substr(end + 1)};
  return {lines_of(std::string_view(out).substr(start + 1, end - start)), out.substr(end + 1)};
}

std::string key_of(const std::string& decision) {
  const Value line = parse_json_or_throw(decision, "a decision");
  return line.get("proposed")->get("idempotency_key")->as_string();
}

// Rounds of: a decide is killed, its actions are sent again, and what both said is compared.
class DecideRounds {
 public:
  DecideRounds() {
    project_.write("policies/limit.yaml",
                   policy("limit", fmt::format("  limits:\n    - {{name: total, max: {}, per: 1d, "
                                               "key: action.algorithm}}\n",
                                               kLimit)));
    project_.must({"apply", "--yes"});
    const std::int64_t start = monotonic_nanos();
    project_.must({"decide", "-q", "--dry-run"}, action_line("bandit", ""));
    usual_nanos_ = static_cast<std::size_t>(3 * (monotonic_nanos() - start));
  }

  void round() {
    const std::string actions = next_actions(100 + dice_.below(800));
    const Ended ended = killed(actions);
    const Said before = said(ended.out);
    const std::vector<std::string> again = decide(actions);
    ASSERT_EQ(again.size(), lines_of(actions).size());
    if (!before.decisions.empty() && before.decisions.size() < again.size()) ++cut_;
    for (std::size_t i = 0; i < before.decisions.size(); ++i)
      ASSERT_EQ(again[i], before.decisions[i]) << "a decision that was said is another one now";
    if (before.decisions.size() < again.size()) {
      ASSERT_TRUE(again[before.decisions.size()].starts_with(before.piece)) << before.piece;
    }
    for (const std::string& decision : again)
      ASSERT_TRUE(decisions_.emplace(key_of(decision), decision).second);
    ASSERT_EQ(decide(actions), again);
    expect_sound(project_);
  }

  bool is_telling() const { return cut_ > kKills / 4; }

  void expect_all_there() const {
    std::string actions;
    std::vector<std::string> expected;
    std::size_t allowed = 0;
    for (const auto& [key, decision] : decisions_) {
      actions += action_line("bandit", key);
      expected.push_back(decision);
      allowed += decision.find(R"("result":"allowed")") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(decide(actions), expected);
    EXPECT_EQ(allowed, std::min(decisions_.size(), kLimit))
        << "the ledger and the decisions differ";
    const Value info = json(project_.must({"state", "info", "--json"}));
    EXPECT_EQ(info.get("decisions")->as_int(), static_cast<std::int64_t>(decisions_.size()));
    const Ended replay = project_.run({"replay", "--all"});
    EXPECT_EQ(replay.exit, 0) << describe(replay);
  }

 private:
  std::string next_actions(std::size_t count) {
    std::string actions;
    for (std::size_t i = 0; i < count; ++i)
      actions += action_line("bandit", fmt::format("{:06}", next_key_++));
    return actions;
  }

  std::vector<std::string> decide(const std::string& actions) const {
    return said(project_.must({"decide", "-q"}, actions).out).decisions;
  }

  // Killed once it has said so much, or after so much time, whichever the dice choose.
  Ended killed(const std::string& actions) {
    Process process(project_.command({"decide", "-q"}), true);
    const bool by_time = dice_.below(3) == 0;
    const std::size_t bytes = dice_.below(actions.size() * 3);
    const std::int64_t end =
        monotonic_nanos() + static_cast<std::int64_t>(dice_.below(usual_nanos_));
    // In pieces, so that there are many commits to be killed in.
    std::size_t fed = 0;
    while (by_time ? monotonic_nanos() < end
                   : process.out().size() <= bytes && monotonic_nanos() < end + 30'000'000'000) {
      const std::size_t piece = std::min(1 + dice_.below(20'000), actions.size() - fed);
      process.feed(std::string_view(actions).substr(fed, piece));
      fed += piece;
      process.pump_for(300);
    }
    process.send(SIGKILL);
    return process.wait();
  }

  Project project_;
  Dice dice_{1};
  std::size_t usual_nanos_ = 0;
  std::size_t next_key_ = 0;
  int cut_ = 0;  // rounds of which some decisions were said and some were not
  std::map<std::string, std::string> decisions_;  // by key
};

TEST(CrashTest, what_decide_said_survives_being_killed_at_any_instant) {
  DecideRounds rounds;
  run_rounds(kKills, rounds, &DecideRounds::round);
  rounds.expect_all_there();
}

// Two large sets of documents between which apply goes back and forth.
class TwoSets {
 public:
  TwoSets() {
    for (const int set : {0, 1}) {
      std::string text;
      for (int i = 0; i < (testing::is_instrumented() ? 150 : 600); ++i) {
        text += fmt::format("---\n{}", policy(fmt::format("p{:04}-{}", i, i % 3 == 0 ? set : 0),
                                              fmt::format("  priority: {}\n", i + set)));
      }
      project_.write(fmt::format("set{}/all.yaml", set), text);
    }
    project_.must({"plan", "-o", "first.plan", "set0"});
    project_.must({"apply", "--allow-large", "first.plan"});
    revisions_[0] = head();
    plan_micros_ = micros_of({"plan", "-o", "to1.plan", "set1"});
    apply_micros_ = micros_of({"apply", "--allow-large", "to1.plan"});
    revisions_[1] = head();
    project_.must({"plan", "-o", "to0.plan", "set0"});
    project_.must({"apply", "--allow-large", "to0.plan"});
  }

  void kill_an_apply() {
    const int target = 1 - at_;
    const Ended ended = killed({"apply", "--allow-large", plan_to(target)}, apply_micros_);
    const std::string now = head();
    ASSERT_TRUE(now == revisions_[0] || now == revisions_[1]) << "between two revisions: " << now;
    if (!ended.out.empty()) {
      ASSERT_EQ(now, revisions_[target]) << "said to be applied and is not";
    }
    const bool applied = now == revisions_[target];
    count(applied, apply_micros_);
    expect_sound(project_);
    const Ended again = project_.run({"apply", "--allow-large", plan_to(target)});
    ASSERT_EQ(again.exit, applied ? 5 : 0) << describe(again);
    at_ = target;
    ASSERT_EQ(head(), revisions_[at_]);
  }

  // REQUIRES that set 0 is applied.
  void kill_a_plan() {
    ::unlink(project_.path("new.plan").c_str());
    killed({"plan", "-o", "new.plan", "set1"}, plan_micros_);
    const std::string text = project_.read("new.plan");
    ASSERT_TRUE(text.empty() || text == project_.read("to1.plan")) << text.substr(0, 200);
    count(!text.empty(), plan_micros_);
    const Ended apply = project_.run({"apply", "--allow-large", "new.plan"});
    ASSERT_EQ(apply.exit, text.empty() ? 9 : 0) << describe(apply);
    if (!text.empty()) project_.must({"apply", "--allow-large", "to0.plan"});
    ASSERT_EQ(head(), revisions_[0]);
  }

  bool is_telling() const { return done_ > 0 && not_done_ > 0; }

 private:
  static std::string plan_to(int set) { return fmt::format("to{}.plan", set); }

  std::string head() const {
    return json(project_.must({"state", "info", "--json"})).get("revision")->as_string();
  }

  std::int64_t micros_of(std::vector<std::string> arguments) const {
    const std::int64_t start = monotonic_nanos();
    project_.must(std::move(arguments));
    return (monotonic_nanos() - start) / 1000;
  }

  // The machine may have become busier or idler since the time was taken: after a kill that came
  // too late the next ones come sooner, and the other way round.
  void count(bool done, std::int64_t& usual_micros) {
    ++(done ? done_ : not_done_);
    usual_micros = usual_micros * (done ? 7 : 9) / 8;
  }

  // Some time before or shortly after it would have ended.
  Ended killed(std::vector<std::string> arguments, std::int64_t usual_micros) {
    Process process(project_.command(std::move(arguments)));
    process.pump_for(static_cast<std::int64_t>(
        dice_.below(static_cast<std::size_t>(usual_micros + usual_micros / 4))));
    process.send(SIGKILL);
    return process.wait();
  }

  Project project_;
  Dice dice_{2};
  std::string revisions_[2];
  int at_ = 0;
  std::int64_t plan_micros_ = 0, apply_micros_ = 0;
  int done_ = 0, not_done_ = 0;
};

TEST(CrashTest, apply_killed_at_any_instant_leaves_the_old_or_the_new_set) {
  TwoSets sets;
  run_rounds(kKills, sets, &TwoSets::kill_an_apply);
}

TEST(CrashTest, the_first_apply_killed_at_any_instant_leaves_a_state_or_none) {
  Dice dice(4);
  const Project first;
  first.write("policies/p.yaml", policy("p"));
  const std::int64_t start = monotonic_nanos();
  first.must({"apply", "--yes"});
  const auto usual = static_cast<std::size_t>((monotonic_nanos() - start) / 1000);
  for (int i = 0; i < kKills / 2; ++i) {
    const Project project;
    project.write("policies/p.yaml", policy("p"));
    Process process(project.command({"apply", "--yes"}));
    process.pump_for(static_cast<std::int64_t>(dice.below(usual + usual / 4)));
    process.send(SIGKILL);
    const Ended killed = process.wait();
    const Ended again = project.run({"apply", "--yes"});
    EXPECT_EQ(again.exit, 0) << describe(again);
    if (!killed.out.empty()) {
      EXPECT_EQ(again.out.substr(0, 10), "No changes");
    }
    expect_sound(project);
  }
}

// A policy that blocks too much, decisions of the last half hour that say so, and a tick that is
// killed while it takes the policy back.
class TickRounds {
 public:
  TickRounds() {
    project_.write("policies/strict.yaml",
                   policy("strict",
                          "  guards: [{name: all, deny: \"true\"}]\n"
                          "  rollback: {when: inside.blocked_share > 0.5, for: 10m}\n"));
    project_.must({"apply", "--yes"});
    decide();
    const std::int64_t start = monotonic_nanos();
    EXPECT_EQ(project_.run({"rollout", "tick"}).exit, 1);
    usual_micros_ = (monotonic_nanos() - start) / 1000;
  }

  void round() {
    project_.must({"rollout", "resume", "strict"});
    decide();
    const std::int64_t before = rollbacks();
    Process process(project_.command({"rollout", "tick"}));
    process.pump_for(static_cast<std::int64_t>(
        dice_.below(static_cast<std::size_t>(usual_micros_ + usual_micros_ / 4))));
    process.send(SIGKILL);
    const Ended ended = process.wait();
    const std::int64_t after = rollbacks();
    if (!ended.out.empty()) {
      ASSERT_EQ(after, before + 1) << "said to be rolled back and is not";
    }
    ++(after > before ? done_ : not_done_);
    expect_sound(project_);
    ASSERT_EQ(project_.run({"rollout", "tick"}).exit, after > before ? 0 : 1);
    ASSERT_EQ(rollbacks(), before + 1) << "each is taken back once";
    ASSERT_EQ(project_.run({"rollout", "tick"}).exit, 0);
  }

  bool is_telling() const { return done_ > 0 && not_done_ > 0; }

  void expect_replayable() const { EXPECT_EQ(project_.run({"replay", "--all"}).exit, 0); }

 private:
  void decide() {
    const std::time_t now = std::time(nullptr);
    std::string actions;
    for (std::time_t t = now - 1800; t < now; t += 10) {
      std::tm civil{};
      ::gmtime_r(&t, &civil);
      char time[32];
      std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &civil);
      actions += fmt::format(
          R"({{"action":{{"type":"route.pause","target":"t"}},"context":{{"time":"{}"}}}})"
          "\n",
          time);
    }
    project_.must({"decide", "-q", "--input-time"}, actions);
  }

  std::int64_t rollbacks() const {
    const Value info = json(project_.must({"state", "info", "--json"}));
    return info.get("policy_rollbacks_by_rule_total")->as_int();
  }

  Project project_;
  Dice dice_{5};
  std::int64_t usual_micros_ = 0;
  int done_ = 0, not_done_ = 0;
};

TEST(CrashTest, tick_killed_at_any_instant_has_taken_back_or_has_not) {
  TickRounds rounds;
  run_rounds(kKills / 2, rounds, &TickRounds::round);
  rounds.expect_replayable();
}

TEST(CrashTest, plan_killed_at_any_instant_leaves_a_whole_plan_file_or_none) {
  TwoSets sets;
  run_rounds(kKills / 2, sets, &TwoSets::kill_a_plan);
}

}  // namespace
}  // namespace autopilot::integration
