// Conditions told ahead from columns against the engine that tests them one by one.
#include "core/decide/foresight.h"

#include <gtest/gtest.h>

#include "core/decide/rerun.h"
#include "core/decide/whatif_foresight.h"
#include "tests/decide/odd_generator.h"
#include "tests/decide/recorded.h"

namespace autopilot::decide::testing {
namespace {

constexpr int kHistories = 60;
constexpr int kDecisions = 120;

std::vector<std::string> recorded_lines(OddGenerator& random,
                                        const std::vector<oracle::Policy>& policies, int count) {
  Trial trial(yaml_of(policies) + random.odd_policies());
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    const Action action = random.action(i);
    const Decided decided = trial.decide(random.odd_line(action), random.odd_setting(action));
    EXPECT_EQ(decided.fault, "");
    lines.push_back(decided.line);
  }
  return lines;
}

// What a row came to, all that is compared of it.
std::string told(RowTaker& taker, std::uint32_t row, MemoryLedger& ledger) {
  Retaken decision;
  if (!taker.take(row, ledger, decision)) return "not told by columns";
  const Outcome& outcome = taker.outcome();
  consume(outcome, taker.circumstances(), 0, ledger);
  std::string out(to_string(outcome.result));
  out += " risk " + double_text(outcome.risk) + (outcome.changed ? " changed\n" : "\n");
  return out + tellings(outcome) + decision.policy + "/" + decision.rule;
}

TEST(foresight, changes_nothing_that_decisions_come_to) {
  int by_columns = 0, all = 0;
  for (int h = 0; h < kHistories && !::testing::Test::HasFailure(); ++h) {
    OddGenerator random(9000 + static_cast<std::uint64_t>(h));
    const std::vector<oracle::Policy> base = random.policies();
    RecordedTexts texts(recorded_lines(random, base, kDecisions));
    const HistoryBlock block = texts.block();
    const std::string yaml = edited(random, base);
    const auto set = compile_yaml(yaml);
    RowTaker ahead(*set), plain(*set);
    ahead.bind(block);
    plain.bind(block);
    const auto begin = static_cast<std::uint32_t>(random.below(80));
    ahead.foresee(begin, block.rows());
    MemoryLedger one, other;
    for (std::uint32_t row = begin; row < block.rows(); ++row) {
      const std::string expected = told(plain, row, other);
      ASSERT_EQ(told(ahead, row, one), expected)
          << "history " << h << " row " << row << " " << texts.line(row + 1) << "\n"
          << yaml;
      by_columns += expected == "not told by columns" ? 0 : 1;
      ++all;
    }
  }
  EXPECT_GT(by_columns, all / 3);
}

// The truth of each condition that is known, and each policy that is said to have nothing to say.
TEST(foresight, says_of_conditions_what_evaluating_them_gives) {
  int known = 0, quiet = 0;
  for (int h = 0; h < kHistories / 2 && !::testing::Test::HasFailure(); ++h) {
    OddGenerator random(9500 + static_cast<std::uint64_t>(h));
    const std::vector<oracle::Policy> base = random.policies();
    RecordedTexts texts(recorded_lines(random, base, 70));
    const HistoryBlock block = texts.block();
    const auto set = compile_yaml(edited(random, base));
    HistorySlots slots(*set);
    slots.bind(block);
    const Foreseeable which(*set);
    Foreteller foreteller(*set, which);
    Foretold foretold;
    Foresight foresight;
    foreteller.tell(slots.batch(0, block.rows()), foretold);
    foresight.look(*set, which, foretold);
    Engine engine(*set);
    for (std::uint32_t row = 0; row < block.rows(); ++row) {
      if (!slots.tells(row) || !foresight.has(row)) continue;
      Input input;
      engine.scratch().reset();
      slots.fill(row, input, engine.scratch());
      InputFault fault;
      ASSERT_TRUE(engine.prepare(input, fault));
      for (const std::uint32_t p : set->candidates(input.type, input.algorithm)) {
        quiet += foresight.is_quiet(p, row) ? 1 : 0;
        for (const CompiledGuard& g : set->policies()[p].guards) {
          if (g.condition == nullptr || !g.concerns(input.type)) continue;
          if (!foresight.knows(*g.condition)) continue;
          ++known;
          const expr::Val v = g.condition->program.evaluate(input.slots.data(), engine.scratch());
          const Truth truth = v.tag != expr::Tag::boolean ? Truth::error
                              : v.boolean                 ? Truth::yes
                                                          : Truth::no;
          ASSERT_EQ(foresight.truth(*g.condition, row), truth)
              << g.condition->program.source() << " of " << texts.line(row + 1);
        }
      }
    }
  }
  EXPECT_GT(known, 1000);
  EXPECT_GT(quiet, 1000);
}

std::string policy_yaml(const std::string& id, const std::string& spec) {
  return "---\n{\"apiVersion\":\"autopilot/v1\",\"kind\":\"Policy\",\"metadata\":{\"id\":\"" + id +
         "\"},\"spec\":{" + spec + "}}\n";
}

struct Case {
  std::string condition;
  bool as_gate, as_guard, as_monitor_gate;  // whether it can be told ahead there
};

// Somebody clamps the weight and sets the note.
TEST(foresight, is_of_conditions_that_read_nothing_the_engine_writes) {
  const std::vector<Case> cases = {
      {"metrics.m0 < 1.0", true, true, true},
      {"segment.geo == 'FR' && has(features.x)", true, true, true},
      {"action.data.budget > 1.0", true, true, true},
      {"action.data.weight > 1.0", true, false, false},
      {"metrics.m0 < 1.0 || action.data.weight > 1.0", true, false, false},
      {"action.data.note.deep == 'a'", true, false, false},
      {"size(action.data) > 3", true, false, false},
      {"size(action) > 3", false, false, false},
      {"action.type == 'route.pause'", true, true, true},
      {"action.risk > 0.1", true, true, true},
      {"actor.id == 'eve'", false, false, false},
      {"run == 'r1'", false, false, false},
      {"now > timestamp('2026-01-01T00:00:00Z')", false, false, false},
  };
  for (const Case& c : cases) {
    const auto set = compile_yaml(
        policy_yaml("m", R"("mutations":[{"name":"c","field":"weight","clamp":[0,1]},)"
                         R"({"name":"n","set":{"note":"'x'"}}])") +
        policy_yaml("p", "\"gates\":[{\"name\":\"g\",\"when\":\"" + c.condition +
                             "\"}],\"guards\":[{\"name\":\"d\",\"deny\":\"" + c.condition +
                             "\"}]") +
        policy_yaml("q", "\"mode\":\"monitor\",\"gates\":[{\"name\":\"g\",\"when\":\"" +
                             c.condition + "\"}],\"guards\":[{\"name\":\"d\",\"deny\":\"true\"}]"));
    const Foreseeable which(*set);
    EXPECT_EQ(which.has(*set->policies()[1].gates[0]), c.as_gate) << c.condition;
    EXPECT_EQ(which.has(*set->policies()[1].guards[0].condition), c.as_guard) << c.condition;
    EXPECT_EQ(which.has(*set->policies()[2].gates[0]), c.as_monitor_gate) << c.condition;
  }
  const auto set = compile_yaml(policy_yaml(
      "p",
      R"("guards":[{"name":"r","deny":"risk > 0.4"},{"name":"m","deny":"metrics.m0 < 1.0"}])"));
  const Foreseeable which(*set), changed(*set, {set->slots().find({"metrics", "m0"})});
  EXPECT_FALSE(which.has(*set->policies()[0].guards[0].condition));
  EXPECT_TRUE(which.has(*set->policies()[0].guards[1].condition));
  EXPECT_FALSE(changed.has(*set->policies()[0].guards[1].condition));
}

// A list of 80 in three loops is half a million steps: one such condition stays within the limit of
// a decision, two of them don't, and the second one fails.
std::string slow_guard(const std::string& also, const std::string& when) {
  std::string list = "[0";
  for (int i = 1; i < 80; ++i) list += "," + std::to_string(i);
  list += "]";
  return R"("guards":[{"name":"slow","for":"route.pause",)" + when + "\"deny\":\"" + list +
         ".exists(a, " + list + ".exists(b, " + list + ".exists(c, metrics.m0 > 99.0 " + also +
         " && a + b + c < 0)))\"}]";
}

TEST(foresight, knows_that_conditions_share_the_limit_of_a_decision) {
  OddGenerator random(1);
  Trial trial("");
  std::vector<std::string> lines;
  while (lines.size() < 20) {
    Action action = random.action(static_cast<int>(lines.size()));
    action.type = lines.size() % 8 == 0 ? "route.pause" : "budget.shift";
    action.metrics["m0"] = 0.5;
    lines.push_back(trial.decide(line_of(action), setting_of(action)).line);
  }
  RecordedTexts texts(lines);
  const HistoryBlock block = texts.block();
  // Told ahead, not told ahead, told but not asked for.
  const std::string told_ahead = slow_guard("", ""), by_engine = slow_guard("&& risk > 99.0", ""),
                    idle = slow_guard("", R"("when":"metrics.m0 > 5.0",)");
  const std::vector<std::pair<std::vector<std::string>, bool>> cases = {
      {{told_ahead}, false},           {{told_ahead, told_ahead}, true},
      {{told_ahead, by_engine}, true}, {{by_engine, told_ahead}, true},
      {{told_ahead, idle}, false},     {{idle, told_ahead}, false},
  };
  for (const auto& [specs, fails] : cases) {
    std::string yaml;
    for (std::size_t i = 0; i < specs.size(); ++i)
      yaml += policy_yaml("p" + std::to_string(i), specs[i]);
    const auto set = compile_yaml(yaml);
    RowTaker ahead(*set), plain(*set);
    ahead.bind(block);
    ahead.foresee(0, block.rows());
    plain.bind(block);
    MemoryLedger one, other;
    for (std::uint32_t row = 0; row < block.rows(); ++row)
      EXPECT_EQ(told(ahead, row, one), told(plain, row, other));
    MemoryLedger ledger;
    EXPECT_EQ(told(plain, 8, ledger).starts_with("blocked"), fails);
  }
}

// Blocks come with other texts each; what was learnt of the texts of one must not serve the next.
TEST(foresight, of_block_after_block_is_of_their_own_texts) {
  OddGenerator random(3);
  const std::vector<oracle::Policy> base = random.policies();
  const auto set = compile_yaml(policy_yaml(
      "t",
      R"("guards":[{"name":"g","deny":"segment.geo in ['FR','US'] && action.target != 't3'"}])"));
  RowTaker ahead(*set), plain(*set);
  for (int b = 0; b < 4; ++b) {
    RecordedTexts texts(recorded_lines(random, base, 40));
    const HistoryBlock block = texts.block();
    ahead.bind(block);
    ahead.foresee(0, block.rows());
    plain.bind(block);
    MemoryLedger one, other;
    for (std::uint32_t row = 0; row < block.rows(); ++row)
      EXPECT_EQ(told(ahead, row, one), told(plain, row, other)) << b << " " << row;
  }
}

}  // namespace
}  // namespace autopilot::decide::testing
