// Whatever the input, the front end answers: a tree or faults whose places lie in the source.

#include <gtest/gtest.h>

#include <random>

#include "core/expr/expression.h"

namespace autopilot::expr {
namespace {

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> all = {
      "metrics.cvr_1h < 0.02 && action.type == \"route.update_weight\"",
      "segment.geo in [\"FR\", 'BE', r'\\d', b\"\\xff\"] || !has(action.data.weight)",
      "xs.map(x, x > 0, {x: [x, -x]}).exists_one(y, y[0].all(z, z % 2 == 1u))",
      "m.transformMapEntry(k, v, {v: k}).?a[?0].orValue(1.5e3) ? null : true",
      "cel.bind(v, math.greatest(1, 2.0, d), v * v - (v / 0x1F))",
      "cel.block([1, cel.index(0) + 1], [?optional.of(cel.index(1)), 2])",
      "timestamp('2026-01-01T00:00:00Z') + duration(\"1h\") > now // comment",
      "{?'a': o, \"b\": '''x\n\\u00e9'''}.`a.b/c`.startsWith(s)",
      "o.optMap(x, x + 1).optFlatMap(y, optional.none()).hasValue()",
      "google.protobuf.Timestamp == type(now) && .s.matches(\"^[a-z]+$\")",
      "ip('::1').isLoopback() && cidr('10.0.0.0/8').containsIP('10.1.2.3')",
      "a.b.c.d(e)(f)[g]{h}: i ?j ., k"};
  return all;
}

const std::vector<std::string>& fragments() {
  static const std::vector<std::string> all = {"(",         ")",
                                               "[",         "]",
                                               "{",         "}",
                                               ".",         ",",
                                               "?",         ":",
                                               "!",         "-",
                                               "&&",        "||",
                                               "==",        "in",
                                               "'",         "\"",
                                               "'''",       "\\",
                                               "`",         "//",
                                               "\n",        "0x",
                                               "1e",        "9",
                                               "u",         "r",
                                               "b",         "null",
                                               "x",         "has(",
                                               ".all(",     ".map(",
                                               "cel.bind(", "math.least(",
                                               "\xc3",      "\xf0\x9f\x98\x80",
                                               "\0",        "18446744073709551616"};
  return all;
}

Environment loose_environment() {
  Environment environment;
  environment.container = "a.b";
  const Type json(TypeKind::json);
  environment.variables = {{"metrics", Type::record({{"cvr_1h", Type(TypeKind::real)}}, true)},
                           {"action", Type::record({}, true)},
                           {"segment", json},
                           {"xs", Type::list(Type(TypeKind::integer))},
                           {"m", Type::map(Type(TypeKind::string), json)},
                           {"o", Type::optional(Type())},
                           {"s", Type(TypeKind::string)},
                           {"d", Type(TypeKind::real)},
                           {"now", Type(TypeKind::timestamp)},
                           {"a.b.c", Type()}};
  environment.validate_literals = true;
  return environment;
}

class Mutator {
 public:
  std::string next() {
    std::string text = pick(seeds());
    for (std::size_t i = 0, count = 1 + below(6); i < count; ++i) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(12), text.size() - at);
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pick(fragments()));
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text = text.substr(0, at) + pick(seeds()).substr(0, 20) + text.substr(at);
        break;
      case 4:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 5:
        text.replace(at, length, pick(fragments()));
        break;
    }
  }

  std::mt19937 random_{20261120};
};

void expect_sound(const std::string& source, const CheckedExpr& expression) {
  for (const Fault& fault : expression.faults) {
    ASSERT_LE(fault.begin, fault.end) << source;
    ASSERT_LE(fault.end, source.size() + 1) << source;
    ASSERT_FALSE(fault.message.empty()) << source;
  }
  if (!expression.ok()) return;
  ASSERT_LT(expression.ast.root, expression.ast.nodes.size()) << source;
  ASSERT_EQ(expression.types.size(), expression.ast.nodes.size()) << source;
  for (const Node& node : expression.ast.nodes) {
    ASSERT_LE(node.begin, node.end) << source;
    ASSERT_LE(node.end, source.size()) << source;
  }
}

TEST(FrontEnd, survives_mutated_expressions) {
  const Environment environment = loose_environment();
  ExpressionOptions unchecked;
  unchecked.check = false;
  Mutator mutator;
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string source = mutator.next();
    const CheckedExpr checked = parse_and_check(source, environment);
    expect_sound(source, checked);
    expect_sound(source, parse_and_check(source, environment, unchecked));
    accepted += checked.ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 100u);  // else the mutations are too wild to reach the checker
}

TEST(FrontEnd, accepts_every_prefix_or_says_why_not) {
  const Environment environment = loose_environment();
  for (const std::string& seed : seeds()) {
    for (std::size_t length = 0; length <= seed.size(); ++length) {
      const std::string source = seed.substr(0, length);
      expect_sound(source, parse_and_check(source, environment));
    }
  }
}

// Types that share their parts must not make the checker walk them again and again.
TEST(FrontEnd, checks_growing_types_in_good_time) {
  std::string source = "[1]";
  for (int i = 0; i < 60; ++i) {
    source = "cel.bind(a" + std::to_string(i) + ", " + source + ", {a" + std::to_string(i) + ": a" +
             std::to_string(i) + "})";
  }
  EXPECT_TRUE(parse_and_check(source, Environment()).ok());
}

}  // namespace
}  // namespace autopilot::expr
