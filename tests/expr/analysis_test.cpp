// The logic behind lint: what it says can't be, never is. Each outcome of a condition must be
// possible, as the formulas see it, for the very input that gave it.
#include "core/expr/analysis.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <deque>
#include <limits>
#include <random>

#include "core/expr/expression.h"
#include "core/expr/map.h"

namespace autopilot::expr {
namespace {

Environment open_environment() {
  Environment e;
  for (const char* name : {"metrics", "segment"}) e.variables.emplace(name, Type::record({}, true));
  e.variables.emplace("now", Type(TypeKind::timestamp));
  return e;
}

class OpenInputs : public Inputs {
 public:
  Domain domain_of(const Path& path, const Type&) const override {
    if (path[0] == "now") return Domain::of(kind::timestamp);
    return Domain::interval(kind::error | kind::json, -DBL_MAX, DBL_MAX);
  }
  std::string version_of(const Path&) const override { return {}; }
};

struct Looked {
  CheckedExpr checked;
  Analysis outcomes;
};

Looked look(const std::string& source, Logic& logic) {
  static const Environment environment = open_environment();
  Looked out{parse_and_check(source, environment), {}};
  EXPECT_TRUE(out.checked.ok()) << source;
  out.outcomes = analyse(out.checked, OpenInputs(), logic);
  return out;
}

// "T" "F" "E": which outcomes are left as possible.
std::string outcomes_of(const std::string& source) {
  Logic logic;
  const Analysis a = look(source, logic).outcomes;
  std::string out;
  if (logic.possible({a.yes}) != Answer::no) out += 'T';
  if (logic.possible({a.no}) != Answer::no) out += 'F';
  if (logic.possible({a.fails}) != Answer::no) out += 'E';
  return out;
}

struct Row {
  const char* source;
  const char* outcomes;
};

class Table : public ::testing::TestWithParam<Row> {};

TEST_P(Table, tells_the_outcomes_that_are_possible) {
  EXPECT_EQ(outcomes_of(GetParam().source), GetParam().outcomes) << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(
    Intervals, Table,
    ::testing::Values(
        Row{"metrics.a < 1", "TFE"}, Row{"metrics.a < 1 && metrics.a > 2", "FE"},
        Row{"metrics.a < 1 && metrics.a >= 1", "FE"},
        Row{"metrics.a <= 1 && metrics.a >= 1", "TFE"},
        Row{"metrics.a <= 1 && metrics.a >= 1 && metrics.a != 1", "FE"},
        Row{"metrics.a < 1 || metrics.a >= 1", "TE"}, Row{"metrics.a == 1 && metrics.a == 2", "FE"},
        Row{"metrics.a == 1 || metrics.a != 1", "TE"},
        Row{"metrics.a + 1 < 0 && metrics.a > 0", "FE"},
        Row{"metrics.a * 2 > 10 && metrics.a < 5", "FE"},
        Row{"metrics.a / 4 > 2 && metrics.a < 8", "FE"},
        Row{"1 - metrics.a > 0.5 && metrics.a > 0.5", "FE"},
        Row{"-metrics.a > 1 && metrics.a > 0", "FE"},
        Row{"math.abs(metrics.a) < 1 && metrics.a > 2", "FE"}, Row{"math.abs(metrics.a) < 0", "FE"},
        Row{"math.least(metrics.a, 3.0) > 4", "FE"}, Row{"math.greatest(metrics.a, 3.0) < 2", "FE"},
        // 0 / 0 is not a number, and neither below nor above anything.
        Row{"metrics.a / metrics.b < 1 || metrics.a / metrics.b >= 1", "TFE"},
        Row{"metrics.a in [1.0, 2.0] && metrics.a > 2", "FE"}, Row{"metrics.a in []", "FE"},
        Row{"now.getHours() > 23", "FE"}, Row{"now.getHours('Europe/Paris') >= 0", "TE"},
        Row{"size(segment.geo) < 0", "FE"}));

INSTANTIATE_TEST_SUITE_P(
    Relations, Table,
    ::testing::Values(
        Row{"metrics.a < metrics.b && metrics.a > metrics.b", "FE"},
        Row{"metrics.a < metrics.b && metrics.b < metrics.c && metrics.c < metrics.a", "FE"},
        Row{"metrics.a < metrics.b && metrics.b < metrics.c && metrics.c > metrics.a", "TFE"},
        Row{"metrics.b >= 0 && metrics.a < 0.3 * metrics.b && metrics.a > 0.5 * metrics.b", "FE"},
        Row{"metrics.a < 0.3 * metrics.b && metrics.a > 0.5 * metrics.b", "TFE"},
        Row{"metrics.a > metrics.b + 1 && metrics.a < metrics.b", "FE"},
        Row{"metrics.a > metrics.b && metrics.b > 5 && metrics.a < 3", "FE"},
        Row{"metrics.a == metrics.b && metrics.a > 5 && metrics.b < 3", "FE"},
        Row{"metrics.a == segment.geo && metrics.a == 'x' && segment.geo == 'y'", "FE"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Table,
    ::testing::Values(Row{"segment.geo == 'FR' && segment.geo == 'BE'", "FE"},
                      Row{"segment.geo == 'FR' && segment.geo != 'BE'", "TFE"},
                      Row{"segment.geo in ['FR', 'BE'] && !(segment.geo in ['BE', 'FR', 'DE'])",
                          "FE"},
                      Row{"segment.geo.startsWith('F') && segment.geo == 'BE'", "FE"},
                      Row{"segment.geo.startsWith('Fx') && segment.geo.startsWith('Fy')", "FE"},
                      Row{"segment.geo.startsWith('Fx') && !segment.geo.startsWith('F')", "FE"},
                      Row{"segment.geo.endsWith('abc') && !segment.geo.contains('b')", "FE"},
                      Row{"segment.geo.contains('a') && !segment.geo.contains('ab')", "TFE"},
                      Row{"segment.geo.matches('^F') && !segment.geo.matches('^F')", "FE"},
                      Row{"segment.geo == 'FR' && segment.geo > 5", "FE"}));

INSTANTIATE_TEST_SUITE_P(
    Presence, Table,
    ::testing::Values(Row{"has(metrics.a)", "TF"}, Row{"has(metrics.a) && !has(metrics.a)", "F"},
                      Row{"has(metrics.a) || !has(metrics.a)", "T"},
                      Row{"!has(metrics.a) && metrics.a > 1", "FE"},
                      Row{"has(metrics.a) || metrics.a > 1", "TE"},
                      Row{"!has(metrics.a) || metrics.a != 5", "TF"},
                      Row{"segment.on && !segment.on", "FE"},
                      Row{"segment.on == true && segment.on == false", "FE"},
                      Row{"segment.on ? metrics.a > 1 : metrics.a > 1", "TFE"},
                      Row{"(segment.on ? metrics.a > 2 : metrics.a > 3) && metrics.a < 1", "FE"},
                      Row{"metrics.a + 'x' == 'yx' && metrics.a > 1", "FE"}));

// --- the property

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::string condition(int depth) {
    if (depth > 0) {
      switch (below(8)) {
        case 0:
        case 1:
          return "(" + condition(depth - 1) + " && " + condition(depth - 1) + ")";
        case 2:
        case 3:
          return "(" + condition(depth - 1) + " || " + condition(depth - 1) + ")";
        case 4:
          return "!" + condition(depth - 1);
        case 5:
          return "(" + condition(depth - 1) + " ? " + condition(depth - 1) + " : " +
                 condition(depth - 1) + ")";
        default:
          break;
      }
    }
    return test();
  }

  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  std::string test() {
    switch (below(9)) {
      case 0:
      case 1:
      case 2:
        return "(" + number(2) + " " + pick({"<", "<=", ">", ">=", "==", "!="}) + " " + number(2) +
               ")";
      case 3:
        return "(" + text() + " " + pick({"==", "!=", "<", ">="}) + " " + text() + ")";
      case 4:
        return "has(" + input() + ")";
      case 5:
        return "(" + input() + " in " +
               pick({"['FR', 'BE']", "[0.5, 1.0]", "['FR', 0.5, true]", "[]"}) + ")";
      case 6:
        return input() + "." + pick({"startsWith", "endsWith", "contains"}) + "(" +
               pick({"'F'", "'FR'", "'R'", "''"}) + ")";
      case 7:
        return pick({"segment.on", "(segment.on == true)", "(metrics.a == null)",
                     "segment.geo.matches('^F.$')", "metrics.a == segment.geo",
                     "[1.0, 2.0].exists(x, x > metrics.a)", "(segment.on != false)"});
      default:
        return "(" + input() + " " + pick({"<", "<=", "==", "!=", ">"}) + " " + input() + ")";
    }
  }

  std::string input() { return pick({"metrics.a", "metrics.b", "segment.geo", "segment.on"}); }
  std::string text() {
    return pick({"segment.geo", "metrics.a", "'FR'", "'BE'", "''", "segment.geo + 'R'"});
  }

  std::string number(int depth) {
    if (depth > 0 && below(2) == 0) {
      const std::string a = number(depth - 1), b = number(depth - 1);
      switch (below(7)) {
        case 0:
          return "math.abs(" + a + ")";
        case 1:
          return pick({"math.least", "math.greatest"}) + "(" + a + ", " + b + ")";
        case 2:
          return "(-" + a + ")";
        default:
          return "(" + a + " " + pick({"+", "-", "*", "/"}) + " " + b + ")";
      }
    }
    return pick({"metrics.a", "metrics.b", "metrics.a", "0.1", "0.3", "0.5", "1.0", "0.0", "-1.0",
                 "3.0", "1e308", "5e-324", "size(segment.geo)", "2"});
  }

  std::mt19937 random_;
};

// Values near those that conditions mention, and all that JSON has besides.
Value random_input(Generator& g) {
  static const double kNumbers[] = {0.0, -0.0,  0.1,    0.3,    0.5,     1.0,  -1.0, 2.0,
                                    3.0, 1e308, -1e308, 5e-324, DBL_MAX, 0.15, 6.0};
  const double number = kNumbers[g.below(std::size(kNumbers))];
  switch (g.below(12)) {
    case 0:
      return nullptr;
    case 1:
      return g.below(2) == 0;
    case 2:
    case 3:
      return std::vector<const char*>{"FR", "BE", "F", "", "xFR"}[g.below(5)];
    case 4:
      return g.below(2) == 0 ? Value(List{1.0, "FR"}) : Value(Map{{"k", 1.0}});
    case 5:
      return std::nextafter(number, std::numeric_limits<double>::max());
    case 6:
      return std::nextafter(number, -std::numeric_limits<double>::max());
    default:
      return number;
  }
}

Domain domain_of_value(const Val& v) {
  switch (v.tag) {
    case Tag::absent:
      return Domain::of(kind::error);
    case Tag::null:
      return Domain::of(kind::null);
    case Tag::boolean:
      return Domain::boolean(v.boolean);
    case Tag::real:
      return Domain::number(kind::real, v.real);
    case Tag::string:
      return Domain::text(std::string(v.text()));
    case Tag::list:
      return Domain::of(kind::list);
    case Tag::map:
      return Domain::of(kind::map);
    default:
      return Domain::of(kind::timestamp);
  }
}

struct Trial {
  explicit Trial(const std::string& source) {
    static const Environment environment = open_environment();
    checked = parse_and_check(source, environment);
    if (!checked.ok()) return;
    program = compile(checked, slots);
    outcomes = analyse(checked, OpenInputs(), logic);
  }

  // Evaluates with random inputs; the outcome's formula, and what pins the inputs down.
  void run(Generator& g, std::vector<FormulaId>& pins, FormulaId& outcome, std::string& shown) {
    scratch.reset();
    std::vector<Val> values(static_cast<std::size_t>(slots.size()));
    inputs.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Path& path = slots.paths()[i];
      if (path[0] == "now") {
        values[i] = Val::of_timestamp(1'800'000'000, 0);
        continue;
      }
      const bool absent = g.below(8) == 0;
      inputs.push_back(random_input(g));
      if (!absent) values[i] = to_val(inputs.back(), scratch, true);
      const std::string name = "$" + path[0] + "\x1f" + path[1];
      const TermId term = logic.named(name, OpenInputs().domain_of(path, Type()));
      pins.push_back(logic.within(term, domain_of_value(values[i])));
      shown += path[0] + "." + path[1] + "=" + (absent ? "absent" : to_text(values[i])) + " ";
    }
    const Val result = program.evaluate(values.data(), scratch);
    const bool decided = result.tag == Tag::boolean;
    outcome = !decided ? outcomes.fails : result.boolean ? outcomes.yes : outcomes.no;
    shown += !decided ? "-> error" : result.boolean ? "-> true" : "-> false";
  }

  CheckedExpr checked;
  SlotTable slots;
  Program program;
  Logic logic;
  Analysis outcomes;
  Scratch scratch;
  std::deque<Value> inputs;
};

TEST(Analysis, no_outcome_that_happens_is_called_impossible) {
  int evaluated = 0, narrow = 0;
  for (std::uint32_t seed = 0; seed < 20000; ++seed) {
    Generator g(seed);
    const std::string source = g.condition(static_cast<int>(g.below(4)));
    Trial trial(source);
    if (!trial.checked.ok()) continue;
    const bool claims = trial.logic.possible({trial.outcomes.yes}) == Answer::no ||
                        trial.logic.possible({trial.outcomes.no}) == Answer::no ||
                        trial.logic.possible({trial.outcomes.fails}) == Answer::no;
    narrow += claims;
    for (int i = 0; i < (claims ? 60 : 12); ++i) {
      std::vector<FormulaId> all;
      FormulaId outcome = Logic::kYes;
      std::string shown;
      trial.run(g, all, outcome, shown);
      ASSERT_NE(trial.logic.possible({outcome}), Answer::no) << source << "\n" << shown;
      all.push_back(outcome);
      ASSERT_NE(trial.logic.possible(all), Answer::no) << source << "\n" << shown;
      ++evaluated;
    }
  }
  EXPECT_GT(evaluated, 100'000);
  EXPECT_GT(narrow, 1000);  // or the test tries nothing
}

TEST(Analysis, inputs_are_named_once_each) {
  Logic logic;
  const auto inputs = inputs_of(
      look("metrics.a > 1 && has(metrics.b) && metrics['a'] < segment.geo.size()", logic).checked);
  const std::vector<Path> expected{{"metrics", "a"}, {"metrics", "b"}, {"segment", "geo"}};
  EXPECT_EQ(inputs, expected);
}

TEST(Analysis, a_condition_of_many_alternatives_is_given_up_and_not_called_impossible) {
  std::string source = "true";
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    source += " && (metrics.a" + n + " > metrics.b" + n + " * metrics.c || metrics.d" + n +
              " > metrics.e" + n + ")";
  }
  source += " && metrics.z.matches('a') && !metrics.z.matches('a')";
  Logic logic;
  const Analysis a = look(source, logic).outcomes;
  EXPECT_NE(logic.possible({a.no}), Answer::no);
}

}  // namespace
}  // namespace autopilot::expr
