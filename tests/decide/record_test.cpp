// Records read back, taken again and compared in place. What the quick ways say is held against
// the plain ones: a line whose members are known, a line that is written out, a reader that has
// seen nothing before.
#include "core/decide/record.h"

#include <gtest/gtest.h>

#include <random>

#include "core/base/error.h"
#include "tests/decide/generator.h"
#include "tests/decide/trial.h"
#include "tests/instrumented.h"

namespace autopilot::decide::testing {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::int64_t number() { return static_cast<std::int64_t>(random_() >> below(64)); }
  std::string text() {
    static const std::vector<std::string> pieces = {
        "a", "hourly", "policy-001", "\"", "\\", "\n", "\x01", "é", "a name of more than a word ",
        "]", "},{",    ",",          ":"};
    std::string out;
    for (std::size_t i = below(4); i > 0; --i) out += pieces[below(pieces.size())];
    return out;
  }

 private:
  std::mt19937_64 random_;
};

std::string json_text(std::string_view content) {
  std::string out;
  append_json_string(out, content);
  return out;
}

// --- Comparing in place

// An outcome with whatever can stand in one; `texts` backs its views.
Outcome outcome_of(Dice& dice, std::list<std::string>& texts) {
  const auto view = [&] { return std::string_view(texts.emplace_back(dice.text())); };
  Outcome out;
  out.result = static_cast<Result>(dice.below(4));
  out.risk = static_cast<double>(dice.number()) / static_cast<double>(1 + dice.below(1000));
  out.changed = dice.one_in(3);
  out.action = R"({"type":"changed"})";
  out.overridden = dice.one_in(2);
  for (std::size_t i = dice.below(3); i > 0; --i) {
    Reason& r = out.reasons.emplace_back();
    r.policy = view();
    r.rule = view();
    r.kind = view();
    r.effect = static_cast<Effect>(dice.below(5));
    r.monitor = dice.one_in(3);
    r.message = dice.text();
    r.values = "{\"x\":1}";
    r.approvals = static_cast<int>(dice.below(3));
  }
  for (std::size_t i = dice.below(3); i > 0; --i) {
    Use& u = out.uses.emplace_back();
    u.policy = view();
    u.limit = view();
    u.key = dice.text();
    u.monitor = dice.one_in(3);
    if (!dice.one_in(3)) u.per = Duration{dice.number()};
    u.used = dice.number();
    u.amount = -dice.number();
    u.max = dice.number() / 1'000'000 * 1'000'000;
  }
  if (dice.one_in(3)) out.monitor.push_back({view(), static_cast<Result>(dice.below(4))});
  return out;
}

// One byte changed, added or taken away, or a piece of the line twice.
std::string changed(Dice& dice, std::string line) {
  static constexpr std::string_view kBytes = "\"\\{}[]:,0 1aé\n";
  const std::size_t at = dice.below(line.size());
  const char byte = kBytes[dice.below(kBytes.size())];
  switch (dice.below(4)) {
    case 0:
      line[at] = byte;
      break;
    case 1:
      line.insert(at, 1, byte);
      break;
    case 2:
      line.erase(at, 1 + dice.below(3));
      break;
    default:
      line.insert(at, line.substr(dice.below(line.size()), 1 + dice.below(40)));
      break;
  }
  return line;
}

TEST(record, is_the_line_exactly_when_it_would_be_written_so) {
  Dice dice(1);
  LineMatcher matcher;
  for (int i = 0; i < autopilot::testing::rounds(5'000); ++i) {
    std::list<std::string> texts;
    const Outcome outcome = outcome_of(dice, texts);
    Override by{dice.text(), policy::Role::admin, dice.text()};
    const std::string run = dice.text(), actor = dice.text(), role = dice.text();
    const Instant now{1'800'000'000 + static_cast<std::int64_t>(dice.below(3)),
                      static_cast<std::int32_t>(dice.below(2) * 250'000'000)};
    const LineFacts facts{"01a21efb-b7c7-7000-ac45-89179a17529c",
                          R"({"type":"t"})",
                          "{}",
                          kRevision,
                          {now, run, actor, role, dice.one_in(2) ? &by : nullptr}};
    std::string line;
    append_line(line, facts, outcome);
    ASSERT_TRUE(is_line(line, facts, outcome, matcher)) << line;
    for (int j = 0; j < 20; ++j) {
      const std::string other = changed(dice, line);
      ASSERT_EQ(is_line(other, facts, outcome, matcher), other == line) << other;
    }
    for (const std::string& other : {std::string(), line + " ", line.substr(1), line + line})
      ASSERT_FALSE(is_line(other, facts, outcome, matcher)) << other;
  }
}

// --- Reading

struct Written {
  std::string key;
  std::string value;  // JSON
};

// The members with white space here and there.
std::string object_of(Dice& dice, const std::vector<Written>& members) {
  const auto space = [&] { return std::string(dice.one_in(8) ? " " : ""); };
  std::string out = "{" + space();
  for (const Written& m : members) {
    if (&m != members.data()) out += space() + "," + space();
    out += json_text(m.key) + space() + ":" + space() + m.value;
  }
  return out + space() + "}";
}

void shuffle(Dice& dice, std::vector<Written>& members) {
  if (dice.one_in(2)) return;
  for (std::size_t i = members.size(); i > 1; --i)
    std::swap(members[i - 1], members[dice.below(i)]);
}

struct Expected {
  std::string actor, role, run, policy, limit, key;
  std::int64_t used = 0;
  bool monitor = false, has_use = false;
};

std::string random_line(Dice& dice, Expected& expected) {
  expected = {dice.text(), dice.text(), dice.text(), dice.text(), dice.text(), dice.text()};
  expected.used = dice.number() / 1000;
  expected.monitor = dice.one_in(2);
  expected.has_use = !dice.one_in(3);
  std::vector<Written> use = {{"policy", json_text(expected.policy)},
                              {"limit", json_text(expected.limit)},
                              {"key", json_text(expected.key)},
                              {"per", "\"1h30m\""},
                              {"used", micros_text(expected.used)},
                              {"amount", "0.25"},
                              {"max", "5"},
                              {"else", R"([{"used":1},"]"])"}};
  if (expected.monitor) use.insert(use.begin() + 2, {"monitor", "true"});
  shuffle(dice, use);
  std::vector<Written> actor = {{"id", json_text(expected.actor)},
                                {"role", json_text(expected.role)}};
  shuffle(dice, actor);
  std::vector<Written> line = {
      {"id", "\"01a21efb-b7c7-7000-ac45-89179a17529c\""},
      {"result", "\"allowed\""},
      {"action", R"({"a":[{"b":"}"}]})"},
      {"proposed", R"({"type":"t","data":{"x":[1,{"y":"]"}]}})"},
      {"risk", "0.125"},
      {"reasons", "[]"},
      {"monitor", "[]"},
      {"ledger", expected.has_use ? "[" + object_of(dice, use) + "]" : "[]"},
      {"context", R"({"metrics":{"m":1}})"},
      {"actor", object_of(dice, actor)},
      {"revision", json_text(kRevision)},
      {"run", json_text(expected.run)},
      {"time", dice.one_in(2) ? "\"2026-11-20T10:01:00Z\"" : "\"2026-11-20T10:01:00.5Z\""},
      {"semantics", "1"},
  };
  if (dice.one_in(3)) line.push_back({"more of it", R"({"id":"no","run":["no"]})"});
  shuffle(dice, line);
  if (dice.one_in(4)) line.insert(line.begin(), {"run", "\"the first of two\""});
  return object_of(dice, line);
}

TEST(record, is_read_whatever_the_order_and_the_spelling) {
  Dice dice(2);
  RecordReader reader;
  Record record;
  for (int i = 0; i < 5'000; ++i) {
    Expected expected;
    const std::string line = random_line(dice, expected);
    const std::string text = padded(line);
    SCOPED_TRACE(line);
    reader.read(std::string_view(text).substr(0, line.size()), record);
    ASSERT_EQ(record.id, "01a21efb-b7c7-7000-ac45-89179a17529c");
    ASSERT_EQ(record.action, R"({"a":[{"b":"}"}]})");
    ASSERT_EQ(record.proposed, R"({"type":"t","data":{"x":[1,{"y":"]"}]}})");
    ASSERT_EQ(record.context, R"({"metrics":{"m":1}})");
    ASSERT_EQ(risk_of(record), 0.125);
    ASSERT_EQ(record.actor, expected.actor);
    ASSERT_EQ(record.role, expected.role);
    ASSERT_EQ(record.run, expected.run);
    ASSERT_EQ(record.time.nanos != 0, line.find("00.5Z") != std::string::npos);
    ASSERT_EQ(record.uses.size(), expected.has_use ? 1u : 0u);
    if (!expected.has_use) continue;
    const Use& use = record.uses.front();
    ASSERT_EQ(use.policy, expected.policy);
    ASSERT_EQ(use.limit, expected.limit);
    ASSERT_EQ(use.key, expected.key);
    ASSERT_EQ(use.monitor, expected.monitor);
    ASSERT_EQ(use.per, parse_duration("1h30m"));
    ASSERT_EQ(use.used, expected.used);
    ASSERT_EQ(use.amount, 250'000);
    ASSERT_EQ(use.max, 5'000'000);
  }
}

// --- Taking again

// What a replayer says of a line: that it is the same, the other line, or why it cannot be read.
std::string said(Replayer& replayer, const std::string& line, bool in_place) {
  const std::string text = padded(line);
  const std::string_view view = std::string_view(text).substr(0, line.size());
  try {
    if (!in_place) {
      const std::string& again = replayer.replay(view);
      return again == line ? "the same" : again;
    }
    const std::string* other = replayer.difference(view);
    return other == nullptr ? "the same" : *other;
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(replay, says_of_any_line_what_one_says_that_has_seen_nothing_and_writes_it_out) {
  std::size_t same = 0, different = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Generator generator(seed);
    Dice dice(seed);
    const auto set = compile_yaml(yaml_of(generator.policies()));
    Trial trial(set);
    OneSet source(set);
    Replayer used(source);
    for (int i = 0; i < 10; ++i) {
      const Action action = generator.action(i);
      const std::string line = trial.decide(line_of(action), setting_of(action)).line;
      for (int j = 0; j < 20; ++j) {
        const std::string other = j == 0 ? line : changed(dice, line);
        Replayer fresh(source);
        const std::string expected = said(fresh, other, false);
        ASSERT_EQ(said(used, other, true), expected) << other;
        ++(expected == "the same" ? same : different);
      }
    }
  }
  EXPECT_GE(same, 400u);
  EXPECT_GT(different, 6'000u);  // the others changed what no rule looks at
}

}  // namespace
}  // namespace autopilot::decide::testing
