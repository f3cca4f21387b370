// Impact by columns against the same thing done line by line with the plain engine, over random
// histories and random edits of their policies.
#include "core/decide/impact.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/text.h"
#include "core/decide/history_slots.h"
#include "core/decide/values.h"
#include "tests/decide/odd_generator.h"
#include "tests/decide/recorded.h"
#include "tests/instrumented.h"

namespace autopilot::decide::testing {
namespace {

constexpr int kHistories = 25;
constexpr int kEdits = autopilot::testing::rounds(8);  // of each: 200 in all at full speed
constexpr int kDecisions = 40;

// One line a group: its key, its count and its sums.
using Groups = std::map<std::string, std::string>;

struct BruteGroup {
  int count = 0;
  double risk_before = 0, risk_after = 0;
  std::map<std::string, std::pair<double, double>> data;
};

std::string text_of(double value) { return double_text(std::round(value * 1e6) / 1e6); }

// The slow and simple way: every line decided in full, everything compared as JSON.
class Brute {
 public:
  explicit Brute(const std::shared_ptr<const CompiledSet>& set) : set_(set), engine_(*set_) {}

  void add(const std::string& line) {
    const std::string text = padded(line);
    reader_.read(std::string_view(text).substr(0, line.size()), record_);
    Input input;
    InputFault fault;
    ASSERT_TRUE(engine_.read_parts(record_.proposed, record_.context, input, fault));
    const Circumstances at{record_.time, record_.run, record_.actor, record_.role,
                           record_.override_by ? &*record_.override_by : nullptr};
    Outcome outcome;
    engine_.decide(input, at, ledger_, outcome);
    consume(outcome, at, 0, ledger_);
    const Value recorded = parse_json(line).value;
    const Value before = *recorded.get("action");
    const Value after =
        parse_json(outcome.changed ? std::string_view(outcome.action) : record_.proposed).value;
    const std::string was = recorded.get("result")->as_string();
    const std::string is(to_string(outcome.result));
    if (was == is && (was == "blocked" || before == after)) return;
    BruteGroup& group = groups_[cause(recorded, outcome, before, after) + " " + was + " " + is];
    ++group.count;
    group.risk_before += recorded.get("risk")->as_double();
    group.risk_after += outcome.risk;
    const auto happens = [](const std::string& r) { return r == "allowed" || r == "modified"; };
    const Value data_before = data_of(before), data_after = data_of(after);
    for (const auto& [field, v] : data_before.as_map()) {
      if (v.is_number() && happens(was)) group.data[field].first += v.as_double();
    }
    for (const auto& [field, v] : data_after.as_map()) {
      if (v.is_number() && happens(is)) group.data[field].second += v.as_double();
    }
  }

  Groups groups() const {
    Groups out;
    for (const auto& [key, g] : groups_) {
      std::string& text = out[key];
      text =
          std::to_string(g.count) + " risk " + text_of(g.risk_before) + " " + text_of(g.risk_after);
      for (const auto& [field, sum] : g.data)
        text += " " + field + " " + text_of(sum.first) + " " + text_of(sum.second);
    }
    return out;
  }

 private:
  static Value data_of(const Value& action) {
    const Value* data = action.get("data");
    return data == nullptr ? Value(Map()) : *data;
  }

  // (policy/rule, effect, field) of each enforced reason.
  struct Spoken {
    std::string rule, effect, field;
  };

  static std::string cause(const Value& recorded, const Outcome& outcome, const Value& before,
                           const Value& after) {
    std::vector<Spoken> then, now;
    for (const Value& r : recorded.get("reasons")->as_list()) {
      if (r.get("monitor") == nullptr)
        then.push_back({r.get("policy")->as_string() + "/" + r.get("rule")->as_string(),
                        r.get("effect")->as_string(), ""});
    }
    for (const Reason& r : outcome.reasons) {
      if (r.monitor) continue;
      const Value values = parse_json(r.values).value;
      const Value* field = values.get("field");
      now.push_back({std::string(r.policy) + "/" + std::string(r.rule),
                     std::string(to_string(r.effect)), field == nullptr ? "" : field->as_string()});
    }
    const auto effect = [](std::string_view result) {
      return result == "blocked"    ? "block"
             : result == "pending"  ? "approve"
             : result == "modified" ? "modify"
                                    : "?";
    };
    const auto lacks = [](const std::vector<Spoken>& all, const Spoken& one) {
      return std::none_of(all.begin(), all.end(), [&](const Spoken& o) {
        return o.rule == one.rule && o.effect == one.effect;
      });
    };
    for (const Spoken& s : now) {
      if (s.effect == effect(to_string(outcome.result)) && lacks(then, s)) return s.rule;
    }
    for (const Spoken& s : then) {
      if (s.effect == effect(recorded.get("result")->as_string()) && lacks(now, s)) return s.rule;
    }
    for (const Spoken& s : now) {
      const Value one = data_of(before), other = data_of(after);
      const Value* a = one.get(s.field);
      const Value* b = other.get(s.field);
      const bool same =
          (a == nullptr && b == nullptr) || (a != nullptr && b != nullptr && *a == *b);
      if (s.effect == "modify" && !same) return s.rule;
    }
    return "/";
  }

  std::shared_ptr<const CompiledSet> set_;
  Engine engine_;
  MemoryLedger ledger_;
  RecordReader reader_;
  Record record_;
  std::map<std::string, BruteGroup> groups_;
};

Groups groups_of(const Impact& impact) {
  Groups out;
  for (const auto& [key, g] : impact.groups()) {
    std::string& text = out[key.policy + "/" + key.rule + " " + std::string(to_string(key.before)) +
                            " " + std::string(to_string(key.after))];
    text =
        std::to_string(g.count) + " risk " + text_of(g.risk.before) + " " + text_of(g.risk.after);
    for (const auto& [field, sum] : g.data)
      text += " " + field + " " + text_of(sum.before) + " " + text_of(sum.after);
  }
  return out;
}

TEST(impact, of_random_edits_is_what_deciding_each_line_again_gives) {
  std::map<std::string, int> seen;
  for (int h = 0; h < kHistories && !::testing::Test::HasFailure(); ++h) {
    OddGenerator random(7000 + static_cast<std::uint64_t>(h));
    const std::vector<oracle::Policy> base = random.policies();
    Trial trial(yaml_of(base) + random.odd_policies());
    std::vector<std::string> lines;
    for (int i = 0; i < kDecisions; ++i) {
      const Action action = random.action(i);
      const Decided decided = trial.decide(random.odd_line(action), random.odd_setting(action));
      ASSERT_EQ(decided.fault, "");
      lines.push_back(decided.line);
    }
    for (int e = 0; e < kEdits && !::testing::Test::HasFailure(); ++e) {
      const std::string yaml = edited(random, base);
      const auto set = compile_yaml(yaml);
      Brute brute(set);
      for (const std::string& line : lines) brute.add(line);
      const Impact impact = impact_of(set, lines);
      EXPECT_EQ(groups_of(impact), brute.groups()) << "history " << h << " edit " << e << "\n"
                                                   << yaml;
      EXPECT_EQ(impact.checked(), kDecisions);
      for (const auto& [results, count] : impact.by_result())
        seen[std::string(to_string(results.first)) + " " +
             std::string(to_string(results.second))] += static_cast<int>(count);
    }
  }
  // All sixteen pairs but blocked to blocked can come up; the test is worth what it meets.
  EXPECT_GE(seen.size(), 13u);
  EXPECT_GT(seen["modified modified"], autopilot::testing::rounds(20));
}

// What the columns of a row say is what its line says.
TEST(history, gives_the_slots_that_lines_give) {
  int told = 0, all = 0;
  for (int h = 0; h < kHistories; ++h) {
    OddGenerator random(8000 + static_cast<std::uint64_t>(h));
    Trial trial(yaml_of(random.policies()));
    std::vector<std::string> lines;
    for (int i = 0; i < kDecisions; ++i) {
      const Action action = random.action(i);
      lines.push_back(trial.decide(random.odd_line(action), setting_of(action)).line);
    }
    const auto set = compile_yaml(edited(random, random.policies()));
    RecordedTexts texts(lines);
    const HistoryBlock block = texts.block();
    HistorySlots slots(*set);
    slots.bind(block);
    Engine engine(*set), other(*set);
    RecordReader reader;
    for (std::uint32_t row = 0; row < block.rows(); ++row) {
      ++all;
      if (!slots.tells(row)) continue;
      ++told;
      Record record;
      Input by_line, by_columns;
      InputFault fault;
      reader.read(texts.line(row + 1), record);
      ASSERT_TRUE(engine.read_parts(record.proposed, record.context, by_line, fault));
      slots.fill(row, by_columns, other.scratch());
      ASSERT_TRUE(other.prepare(by_columns, fault)) << fault.message;
      for (std::size_t s = 0; s < by_line.slots.size(); ++s) {
        EXPECT_TRUE(same_value(by_line.slots[s], by_columns.slots[s]))
            << join(set->slots().paths()[s], ".") << " of " << texts.line(row + 1);
      }
      EXPECT_EQ(by_line.target, by_columns.target) << texts.line(row + 1);
      EXPECT_EQ(by_line.id, by_columns.id);
      EXPECT_EQ(by_line.algorithm, by_columns.algorithm);
      EXPECT_EQ(block.time(row), record.time);
      EXPECT_EQ(block.run(row), record.run);
      EXPECT_EQ(to_string(block.result(row)), record.result);
    }
  }
  EXPECT_GT(told, all / 3);
}

TEST(history, of_damaged_bytes_is_damage_and_nothing_else) {
  OddGenerator random(1);
  Trial trial(yaml_of(random.policies()));
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i) {
    const Action action = random.action(i);
    lines.push_back(trial.decide(random.odd_line(action), setting_of(action)).line);
  }
  RecordedTexts texts(lines);
  HistoryBuilder builder;
  for (std::int64_t seq = 1; seq <= 10; ++seq) builder.add(seq, texts.line(seq));
  const std::string good = builder.finish({});
  const auto set = compile_yaml(yaml_of(random.policies()));
  const auto reads = [&](std::string bytes) {
    try {
      const HistoryBlock block(std::move(bytes));
      Rerun rerun(set, texts);
      Impact impact;
      rerun.take(block, 0, block.rows(), impact);
      return impact.checked() == 10;
    } catch (const BlockDamage&) {
      return false;
    }
  };
  EXPECT_TRUE(reads(good));
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 50)
    EXPECT_FALSE(reads(good.substr(0, size))) << size;
  int met = 0;
  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    met += reads(bad) ? 0 : 1;  // of a column that these policies don't read nobody can tell
  }
  EXPECT_GT(met, static_cast<int>(good.size() / 7 / 2));
}

}  // namespace
}  // namespace autopilot::decide::testing
