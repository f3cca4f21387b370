// Sound input with random bytes changed, taken away, doubled or added: whatever comes of it, no
// command crashes, hangs or calls it a bug. The dice are seeded, so every run tries the same.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "core/base/sqlite.h"
#include "tests/instrumented.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

// AUTOPILOT_FUZZ_SEED=n tries other mutations, AUTOPILOT_FUZZ_ROUNDS=n so many.
std::uint64_t setting(const char* name, std::uint64_t usual) {
  const char* value = std::getenv(name);
  return value == nullptr ? usual : std::strtoull(value, nullptr, 10);
}

const auto kRounds = setting("AUTOPILOT_FUZZ_ROUNDS", testing::is_instrumented() ? 60 : 150);

Dice dice_for(std::uint64_t test) { return Dice(100 * setting("AUTOPILOT_FUZZ_SEED", 0) + test); }

// Pieces that parsers trip over.
constexpr std::string_view kPieces[] = {"\"",
                                        "'",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ":",
                                        ": ",
                                        "- ",
                                        "&a ",
                                        "*a",
                                        "!!",
                                        "\n",
                                        "\n\n---\n",
                                        "\t",
                                        "\\",
                                        "\\u0000",
                                        "\\ud83d",
                                        "1e999",
                                        "-0",
                                        "9223372036854775808",
                                        "null",
                                        "~",
                                        "%",
                                        "\xEF\xBB\xBF",
                                        "\xFF",
                                        "(",
                                        ")",
                                        "||",
                                        "? ",
                                        "#",
                                        ",",
                                        "0x",
                                        "1.",
                                        "${x}",
                                        "{metrics.a}"};

std::string mutated(std::string text, Dice& dice) {
  const std::size_t changes = 1 + dice.below(4);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = dice.below(text.size());
    const std::size_t length = 1 + dice.below(std::min<std::size_t>(40, text.size() - at));
    switch (dice.below(5)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << dice.below(8)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(dice.below(text.size()), length));
        break;
      case 3:
        text.insert(at, kPieces[dice.below(std::size(kPieces))]);
        break;
      default:
        text[at] = static_cast<char>(dice.below(256));
    }
  }
  return text;
}

void expect_answer(const Ended& ended, std::string_view input) {
  EXPECT_TRUE(ended.signal == 0 && !ended.timed_out && ended.exit != 70)
      << describe(ended) << "\n--- input\n"
      << (input.size() < 20'000 ? input : "(large)");
}

constexpr char kPolicy[] = R"yaml(apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic-safety, labels: {team: growth}}
spec:
  description: "no large \u00e9 moves"
  scope: segment
  selector: {geo: [FR, BE], device: &d [mobile]}
  mode: enforce
  priority: 100
  rollout: 50%
  rollout_key: action.target
  active: {cron: "* 9-17 * * 1-5", timezone: Europe/Paris}
  expires: 2027-01-01T00:00:00Z
  on_error: skip
  gates:
    - {name: enough, when: "metrics.visits_1h >= 500 && segment.geo in ['FR']"}
  mutations:
    - {name: clamp, for: route.update_weight, field: weight, clamp: [0.01, 0.8]}
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
    - name: slow
      when: metrics.cvr_1h < 0.04
      set: {weight: "math.least(action.data.weight, 0.5)"}
  guards:
    - {name: floor, deny: metrics.cvr_1h < 0.02, message: "CVR {metrics.cvr_1h} is low"}
    - {name: fields, require: [target, weight], for: route.update_weight}
    - name: two
      approve: >-
        risk > 0.15 ||
        action.data.list.exists(x, x.matches('a+'))
  limits:
    - {name: hourly, max: 100, per: 1h, key: action.algorithm}
    - {name: risk, sum: risk, max: 1.0, per: run}
)yaml";

constexpr char kAction[] =
    R"({"action":{"id":"a-1","type":"route.update_weight","algo_key":"bandit","idempotency_key":"k\u00e9y","target":"d1",)"
    R"("data":{"weight":0.25,"old_weight":2e-1,"explain":"cvr moved","list":["a",{"b":[1,null,true]}]},)"
    R"("created_at":"2026-11-20T10:01:00Z"},"context":{"metrics":{"cvr_1h":0.025,"visits_1h":1000},)"
    R"("segment_data":{"geo":"FR","device":"mobile"},"user_role":"operator","timestamp":"2026-11-20T10:01:00Z"}})"
    "\n";

TEST(MutationTest, policies_to_validate) {
  const Project project;
  Dice dice = dice_for(11);
  ASSERT_EQ(project.run({"validate", "-"}, kPolicy).exit, 0);
  for (std::size_t i = 0; i < kRounds; ++i) {
    const std::string text = mutated(kPolicy, dice);
    expect_answer(project.run({"validate", "-"}, text), text);
  }
}

TEST(MutationTest, project_files_to_plan) {
  const std::string sound =
      "paths: [policies]\naction_types: {email.send: {risk: 0.5 + action.data.n}}\n"
      "metrics: {cvr_1h: double, n: int}\nplan: {max_change_share: 30%, min_documents: 10}\n";
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.write("autopilot.yaml", sound);
  ASSERT_EQ(project.run({"plan"}).exit, 0);
  Dice dice = dice_for(12);
  for (std::size_t i = 0; i < kRounds / 2; ++i) {
    const std::string text = mutated(sound, dice);
    project.write("autopilot.yaml", text);
    expect_answer(project.run({"plan"}), text);
  }
}

TEST(MutationTest, actions_to_decide) {
  const Project project;
  project.write("policies/p.yaml", kPolicy);
  project.must({"apply", "--yes"});
  project.must({"decide", "--dry-run"}, kAction);
  Dice dice = dice_for(13);
  for (std::size_t i = 0; i < kRounds / 3; ++i) {
    std::string lines;
    for (int j = 0; j < 50; ++j) lines += mutated(kAction, dice);
    expect_answer(project.run({"decide", "--dry-run", "--input-time"}, lines), lines);
  }
}

// What was recorded of odd actions must be found sound and replay.
TEST(MutationTest, actions_to_record_and_replay) {
  const Project project;
  project.write("policies/p.yaml", kPolicy);
  project.must({"apply", "--yes"});
  Dice dice = dice_for(14);
  std::string lines;
  for (std::size_t j = 0; j < 20 * kRounds; ++j) lines += mutated(kAction, dice);
  expect_answer(project.run({"decide"}, lines), lines);
  for (const auto& command : {std::vector<std::string>{"state", "check"},
                              {"audit", "verify"},
                              {"replay", "--all", "--fail-on-diff"}}) {
    const Ended ended = project.run(command);
    EXPECT_EQ(ended.exit, 0) << describe(ended);
  }
}

TEST(MutationTest, plans_to_apply) {
  const Project project;
  project.write("policies/p.yaml", kPolicy);
  const std::string sound = project.must({"plan", "-o", "-"}).out;
  Dice dice = dice_for(15);
  for (std::size_t i = 0; i < kRounds / 2; ++i) {
    const std::string text = mutated(sound, dice);
    const Ended ended = project.run({"apply", "-"}, text);
    expect_answer(ended, text);
    EXPECT_NE(ended.exit, 0) << "a changed plan was applied";
  }
}

TEST(MutationTest, state_files_to_check) {
  const Project project;
  project.write("policies/p.yaml", kPolicy);
  project.must({"apply", "--yes"});
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += action_line("bandit", fmt::format("{}", i));
  project.must({"decide"}, lines);
  Database(project.state_path()).checkpoint();
  const std::string sound = project.read(".autopilot/state.db");
  Dice dice = dice_for(16);
  for (std::size_t i = 0; i < kRounds; ++i) {
    std::string bytes = sound;
    const std::size_t changes = 1 + dice.below(30);
    for (std::size_t j = 0; j < changes; ++j)
      bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
    for (const char* beside : {"-wal", "-shm"}) ::unlink((project.state_path() + beside).c_str());
    project.write(".autopilot/state.db", bytes);
    const std::vector<std::vector<std::string>> commands{{"state", "check"},
                                                         {"replay", "--all"},
                                                         {"show", "latest"},
                                                         {"decide"},
                                                         {"apply", "--yes"}};
    expect_answer(project.run({"state", "check"}), "");
    expect_answer(project.run(commands[dice.below(commands.size())], kAction), "");
  }
}

// A cache saves time; damaged it may cost some, but never makes another plan.
TEST(MutationTest, caches_beside_the_state) {
  const Project project;
  project.write("policies/a.yaml", policy("a") + "---\n" + policy("b"));
  project.write("policies/c.yaml", policy("c"));
  project.must({"apply", "--yes"});
  project.write("policies/c.yaml", policy("c", "  priority: 7\n"));
  const std::string plan = project.must({"plan", "-o", "-"}).out;
  const std::string sound = project.read(".autopilot/cache/sources");
  ASSERT_FALSE(sound.empty());
  Dice dice = dice_for(18);
  for (std::size_t i = 0; i < kRounds / 4; ++i) {
    project.write(".autopilot/cache/sources", mutated(sound, dice));
    const Ended ended = project.run({"plan", "-o", "-"});
    EXPECT_EQ(ended.exit, 0) << describe(ended);
    EXPECT_EQ(ended.out, plan);
  }
}

TEST(MutationTest, expressions_to_evaluate) {
  const Project project;
  const std::string sound =
      "metrics.cvr < 0.02 && action.data.list.filter(x, x > 1).map(x, x * 2).exists(y, y == 4) || "
      "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Paris') > int('9') ? 'a'.matches('a+') : "
      "{'k': [1u, b'x', 2.5]}['k'][0] == 1u";
  Dice dice = dice_for(17);
  for (std::size_t i = 0; i < kRounds; ++i) {
    std::string text = mutated(sound, dice);
    text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
    expect_answer(project.run({"eval", "--", text}), text);
  }
}

}  // namespace
}  // namespace autopilot::integration
