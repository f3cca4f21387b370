#include "core/expr/check.h"

#include <gtest/gtest.h>

#include "core/expr/expression.h"
#include "core/expr/signatures.h"
#include "tests/expr/show.h"

namespace autopilot::expr {
namespace {

using testing::pointed;
using testing::show;

const Type kInt(TypeKind::integer);
const Type kUint(TypeKind::uinteger);
const Type kDouble(TypeKind::real);
const Type kString(TypeKind::string);
const Type kJson(TypeKind::json);

// Variables as policies have them, and plain ones.
Environment test_environment() {
  Environment environment;
  environment.variables = {
      {"metrics", Type::record({{"cvr_1h", kDouble}, {"tags", Type::list(kString)}}, false)},
      {"features", Type::record({{"tier", kString}}, true)},
      {"action", Type::record({{"type", kString}, {"data", Type::record({}, true)}}, false)},
      {"now", Type(TypeKind::timestamp)},
      {"age", Type(TypeKind::duration)},
      {"i", kInt},
      {"u", kUint},
      {"d", kDouble},
      {"s", kString},
      {"j", kJson},
      {"any", Type()},
      {"xs", Type::list(kInt)},
      {"ds", Type::list(kDouble)},
      {"m", Type::map(kString, kInt)},
      {"o", Type::optional(kInt)},
      {"oj", Type::optional(kJson)}};
  environment.validate_literals = true;
  return environment;
}

std::string type_of(const std::string& source, const Environment& environment) {
  const CheckedExpr checked = parse_and_check(source, environment);
  if (!checked.ok()) return "fault: " + checked.faults[0].message;
  return checked.type().text();
}

struct TypeCase {
  std::string source;
  std::string type;
};

void expect_types(const std::vector<TypeCase>& cases) {
  const Environment environment = test_environment();
  for (const TypeCase& c : cases) EXPECT_EQ(type_of(c.source, environment), c.type) << c.source;
}

struct FaultCase {
  std::string source;
  std::string pointed;
  std::string message;  // whole
  std::string help;     // whole
};

void expect_faults(const std::vector<FaultCase>& cases) {
  const Environment environment = test_environment();
  for (const FaultCase& c : cases) {
    const CheckedExpr checked = parse_and_check(c.source, environment);
    ASSERT_EQ(checked.faults.size(), 1u) << c.source;
    EXPECT_EQ(pointed(c.source, checked.faults[0]), c.pointed) << c.source;
    EXPECT_EQ(checked.faults[0].message, c.message) << c.source;
    EXPECT_EQ(checked.faults[0].help, c.help) << c.source;
  }
}

TEST(Check, deduces_types_of_values) {
  expect_types({{"null", "null_type"},
                {"b'a'", "bytes"},
                {"[]", "list(dyn)"},
                {"[1, 2]", "list(int)"},
                {"[1, 'a']", "list(dyn)"},
                {"[1, dyn(2)]", "list(dyn)"},
                {"[[], [1]]", "list(list(int))"},
                {"{}", "map(dyn, dyn)"},
                {"{'a': 1u}", "map(string, uint)"},
                {"{'a': 1, 2: 'b'}", "map(dyn, dyn)"},
                {"{[1]: 1}", "map(dyn, int)"},
                {"[?o, 1]", "list(int)"},
                {"{?'a': o}", "map(string, int)"},
                {"[null, now][0]", "timestamp"},
                {"[o, null][0]", "optional_type(int)"},
                {"int", "type(int)"},
                {"type(1)", "type(int)"},
                {"type(1) == string", "bool"},
                {"google.protobuf.Timestamp", "type(timestamp)"},
                {"net.IP", "type(net.IP)"}});
}

TEST(Check, deduces_types_of_operators) {
  expect_types({{"i + 1", "int"},
                {"u * 2u", "uint"},
                {"d / d", "double"},
                {"s + s", "string"},
                {"xs + [1]", "list(int)"},
                {"xs + []", "list(int)"},
                {"now + age", "timestamp"},
                {"now - now", "duration"},
                {"any + any", "dyn"},
                {"any + 1", "int"},
                {"-i", "int"},
                {"!any", "bool"},
                {"i < u && u <= d && d > i", "bool"},
                {"any ? 1 : 2", "int"},
                {"true ? any : 2", "dyn"},
                {"1 in xs && 's' in m && any in any", "bool"},
                {"xs[0]", "int"},
                {"m['a']", "int"},
                {"m.a", "int"},
                {"any.a[0].b", "dyn"},
                {"now == null", "bool"}});
}

TEST(Check, deduces_types_of_functions) {
  expect_types({{"size(s) + s.size()", "int"},
                {"string(1) + string(d)", "string"},
                {"dyn(1)", "dyn"},
                {"s.split(',')[0].upperAscii()", "string"},
                {"math.abs(i)", "int"},
                {"math.greatest(1, 2.0)", "dyn"},
                {"math.greatest(1, 2, 3)", "int"},
                {"math.sqrt(4)", "double"},
                {"lists.range(3).reverse()", "list(int)"},
                {"[[1]].flatten()", "list(int)"},
                {"sets.contains([1], [])", "bool"},
                {"xs.first().orValue(3)", "int"},
                {"optional.of(1).or(optional.none())", "optional_type(int)"},
                {"optional.unwrap([o])", "list(int)"},
                {"regex.extract(s, 'a')", "optional_type(string)"},
                {"ip('127.0.0.1').family()", "int"},
                {"cidr('10.0.0.0/8').containsIP('10.0.0.1')", "bool"},
                {"base64.decode(s)", "bytes"},
                {"timestamp('2026-01-01T00:00:00Z').getFullYear('Europe/Paris')", "int"}});
}

TEST(Check, deduces_types_of_macros_and_optionals) {
  expect_types({{"has(m.a)", "bool"},
                {"xs.all(x, x > 0)", "bool"},
                {"xs.map(x, string(x))", "list(string)"},
                {"xs.map(x, x > 0, [x])", "list(list(int))"},
                {"m.map(k, k)", "list(string)"},
                {"m.filter(k, m[k] > 0)", "list(string)"},
                {"m.all(k, v, k != s && v > 0)", "bool"},
                {"xs.transformList(n, x, n + x)", "list(int)"},
                {"m.transformMap(k, v, v * 2.0 > d)", "fault: * does not take (int, double)"},
                {"m.transformMap(k, v, k)", "map(string, string)"},
                {"xs.transformMap(n, x, s)", "map(int, string)"},
                {"m.transformMapEntry(k, v, {v: k})", "map(int, string)"},
                {"xs.sortBy(x, -x)", "list(int)"},
                {"o.optMap(x, x + 1)", "optional_type(int)"},
                {"m.?a.optFlatMap(x, optional.of(s))", "optional_type(string)"},
                {"m.?a", "optional_type(int)"},
                {"m[?'a'].orValue(5)", "int"},
                {"optional.of(m).a", "optional_type(int)"},
                {"xs[?0].hasValue()", "bool"},
                {"cel.bind(x, [i], x + x)", "list(int)"},
                {"cel.block([i, [cel.index(0)]], cel.index(1))", "list(int)"},
                {"[].map(x, x)[0].foo", "dyn"}});
}

TEST(Check, json_is_dynamic_but_its_numbers_are_doubles) {
  expect_types({{"j", "json"},
                {"j.a[0].b", "json"},
                {"features.anything.at.all", "json"},
                {"features['x']", "json"},
                {"features.tier", "string"},
                {"j + j", "json"},
                {"j * 2", "double"},
                {"1 - j", "double"},
                {"j / 2 + 1", "double"},
                {"j == 5 && j > -(3)", "bool"},
                {"j == s && j && j.all(x, x > 0)", "bool"},
                {"j ? j : 0", "json"},
                {"j in [1, 2]", "bool"},
                {"math.greatest(j, 0) * 2", "double"},
                {"math.least(j, 0, 1) * 2", "double"},
                {"math.abs(j)", "double"},
                {"oj.orValue(0) * 2", "double"},
                {"features.?x.orValue(1) + 1", "double"},
                {"xs[j]", "int"},
                {"j[0] < size(s)", "bool"},
                {"features.map(k, k + s)", "list(string)"},
                {"features.exists(k, v, v > 3)", "bool"},
                {"now - j", "dyn"},
                {"timestamp(j) < now", "bool"}});
  expect_faults(
      {{"j * i", "*", "* does not take (json, int)", "write double(i)"},
       {"size(s) + j", "+", "+ does not take (int, json)", "write double(size(s))"},
       {"j % 2", "%", "% does not take (json, int)", "write int(j)"},
       {"lists.range(j)", "range", "no matching overload for lists.range(json)", "write int(j)"}});
}

// The tree after checking: what was promoted is a double literal.
TEST(Check, promotes_int_literals_beside_doubles) {
  const std::vector<TypeCase> cases = {
      {"d + 1", "(_+_ .d 1.0)"},
      {"2 * d", "(_*_ 2.0 .d)"},
      {"d == -5", "(_==_ .d -5.0)"},
      {"d == -(5)", "(_==_ .d (-_ 5.0))"},
      {"d >= 500", "(_>=_ .d 500.0)"},
      {"1 < 2.5", "(_<_ 1.0 2.5)"},
      {"d in [1, 2.5, -3]", "(@in .d (list 1.0 2.5 -3.0))"},
      {"true ? d : 1", "(_?_:_ true .d 1.0)"},
      {"true ? 1 : false ? 2 : d", "(_?_:_ true 1.0 (_?_:_ false 2.0 .d))"},
      {"d * (true ? 1 : 2)", "(_*_ .d (_?_:_ true 1.0 2.0))"},
      {"math.greatest(d, 0)", "(math.@max .d 0.0)"},
      {"math.greatest(2.0, 1)", "(math.@max 2.0 1)"},
      {"math.least(0, d, 1)", "(math.@min (list 0.0 .d 1.0))"},
      {"i + 1", "(_+_ .i 1)"},
      {"i < 1", "(_<_ .i 1)"},
      {"any * 2", "(_*_ .any 2)"},
      {"any in [1]", "(@in .any (list 1))"},
      {"ds[0] > 1", "(_>_ ([] .ds 0) 1.0)"},
      {"j[0] > 1", "(_>_ ([] .j 0) 1.0)"}};
  const Environment environment = test_environment();
  for (const TypeCase& c : cases) {
    const CheckedExpr checked = parse_and_check(c.source, environment);
    ASSERT_TRUE(checked.ok()) << c.source << ": " << checked.faults[0].message;
    EXPECT_EQ(show(checked.ast), c.type) << c.source;
  }
}

TEST(Check, names_operands_that_do_not_fit) {
  expect_faults(
      {{"0.5 * i", "*", "* does not take (double, int)", "write double(i)"},
       {"i == 0.5", "==", "== does not take (int, double)", "write double(i)"},
       {"i in [0.5]", "in", "in does not take (int, list(double))", "write double(i)"},
       {"i == u", "==", "== does not take (int, uint)", "write int(u)"},
       {"u + 1", "+", "+ does not take (uint, int)", "write 1u"},
       {"s + 1", "+", "+ does not take (string, int)", "write string(1)"},
       {"s == 1", "==", "== does not take (string, int)", ""},
       {"'a' in s", "in", "in does not take (string, string)", "write s.contains('a')"},
       {"now > '2026'", ">", "> does not take (timestamp, string)", "write timestamp('2026')"},
       {"now - 5", "-", "- does not take (timestamp, int)",
        "write a length of time as duration(\"5m\")"},
       {"1 < 2 < 3", "<", "< does not take (bool, int)", ""},
       {"i && true", "i", "&& needs a bool, not int", ""},
       {"true || s", "s", "|| needs a bool, not string", ""},
       {"!i", "!", "! does not take (int)", ""},
       {"i ? 1 : 2", "?", "the condition of ?: needs a bool, not int", ""},
       {"true ? 1 : s", "?", "the two values of ?: have different types: int and string", ""},
       {"xs['a']", "[", "xs is list(int), which takes no string in []", ""},
       {"m[1]", "[", "m is map(string, int), which takes no int in []", ""},
       {"i[0]", "[", "i is int, which has no elements", ""},
       {"s.size > 1", "size", "s is string, which has no fields", "write s.size()"},
       {"s.foo", "foo", "s is string, which has no fields", ""},
       {"i.all(x, true)", "i", "i is int: only lists and maps can be gone through", ""},
       {"xs.all(x, x)", "x", "the condition needs a bool, not int", ""},
       {"xs.map(x, x, x)", "x", "the filter needs a bool, not int", ""},
       {"xs.sortBy(x, [x])", "[x]", "list(int) has no order to sort by", ""},
       {"i.optMap(x, x)", "i", "optMap() needs an optional, not int", ""},
       {"o.optFlatMap(x, x)", "x", "optFlatMap() needs an optional, not int",
        "write optMap() when the body is a plain value"},
       {"m.transformMapEntry(k, v, v)", "v", "transformMapEntry() needs a map, not int",
        "write the entry as {key: value}"},
       {"[?i]", "i", "an entry marked with ? needs an optional, not int",
        "write optional.of(i), or leave the ? away"}});
}

TEST(Check, names_functions_that_do_not_fit) {
  expect_faults(
      {{"size(i)", "size", "no matching overload for size(int)",
        "it takes size(string), size(bytes), size(list(dyn)), size(map(dyn, dyn))"},
       {"s.startsWith(1)", "startsWith", "no matching overload for string.startsWith(int)",
        "it takes string.startsWith(string)"},
       {"startsWith(s, s)", "startsWith", "no matching overload for startsWith(string, string)",
        "it is called as string.startsWith(string)"},
       {"math.greatest(i, s)", "greatest", "no matching overload for math.greatest(int, string)",
        "it takes math.greatest(double), math.greatest(int), math.greatest(uint), "
        "math.greatest(double, double)"},
       {"s.strtsWith('a')", "strtsWith", "unknown function strtsWith", "did you mean startsWith?"},
       {"mth.abs(i)", "abs", "unknown function mth.abs", "did you mean math.abs?"},
       {"math.foor(d)", "foor", "unknown function math.foor", "did you mean math.floor?"},
       {"math.floor(i)", "floor", "no matching overload for math.floor(int)", "write double(i)"},
       {"math.floor(2)", "floor", "no matching overload for math.floor(int)", "write 2.0"},
       {"s.substring(d, 3)", "substring", "no matching overload for string.substring(double, int)",
        "write int(d)"},
       {"abs(i)", "abs", "unknown function abs", "did you mean math.abs?"},
       {"s.lower()", "lower", "unknown function lower", "did you mean lowerAscii?"},
       {"len(s)", "len", "unknown function len", "did you mean size?"},
       {"xs.all(x)", "all", "unknown function all", "write xs.all(x, condition)"},
       {"now() > now", "now", "unknown function now",
        "now is a variable: write now without parentheses"}});
}

TEST(Check, suggests_names) {
  expect_faults(
      {{"metrics.cvr_1 < 1", "cvr_1", "metrics has no field cvr_1", "did you mean cvr_1h?"},
       {"has(metrics.foo)", "foo", "metrics has no field foo", "declared are cvr_1h, tags"},
       {"action['typ'] == s", "'typ'", "action has no field typ", "did you mean type?"},
       {"cvr_1h < 0.5", "cvr_1h", "unknown name cvr_1h", "did you mean metrics.cvr_1h?"},
       {"metric.cvr_1h < 0.5", "metric", "unknown name metric", "did you mean metrics?"},
       {"size == 1", "size", "unknown name size", "size is a function: write size(…)"},
       {"xs.all(thing, thng > 0)", "thng", "unknown name thng", "did you mean thing?"},
       {"cel.index(0)", "cel.index(0)", "cel.index(0) is not a slot seen from here", ""}});
}

TEST(Check, reports_every_fault_once) {
  const CheckedExpr checked =
      parse_and_check("foo.bar + 1 > 2 && s == 1 || i * 0.5 > baz", test_environment());
  ASSERT_EQ(checked.faults.size(), 4u);
  EXPECT_EQ(checked.faults[0].message, "unknown name foo");
  EXPECT_EQ(checked.faults[1].message, "== does not take (string, int)");
  EXPECT_EQ(checked.faults[2].message, "* does not take (int, double)");
  EXPECT_EQ(checked.faults[3].message, "unknown name baz");
}

TEST(Check, stops_after_twenty_faults) {
  std::string source = "x0";
  for (int i = 1; i < 20'000; ++i) source += " || x" + std::to_string(i);
  ExpressionOptions options;
  options.parse.max_bytes = source.size();
  EXPECT_EQ(parse_and_check(source, test_environment(), options).faults.size(), 20u);
}

TEST(Check, tries_constant_literals_only_when_asked) {
  expect_faults(
      {{"s.matches('[')", "'['", "missing ]: [",
        "patterns are RE2's; r\"…\" needs no doubled backslashes"},
       {"matches(s, '(a')", "'(a'", "missing ): (a",
        "patterns are RE2's; r\"…\" needs no doubled backslashes"},
       {"duration('7d') < age", "'7d'", "\"7d\" is no duration: write 168h", ""},
       {"duration('5') < age", "'5'", "\"5\" is no duration: its units are h, m, s, ms, us, ns",
        ""},
       {"duration('') < age", "''", "\"\" is no duration", ""},
       {"duration('9999999h') < age", "'9999999h'",
        "\"9999999h\" is no duration: the longest one is about 292 years", ""},
       {"timestamp('2026-02-30T00:00:00Z') < now", "'2026-02-30T00:00:00Z'",
        "\"2026-02-30T00:00:00Z\" is no timestamp: write it as 2026-11-20T10:01:00Z", ""}});
  expect_types({{"duration('1h30m') + duration('-1.5s') + duration('0')", "duration"},
                {"duration('1h1m1s1ms1us1ns')", "duration"},
                {"s.matches('^a+$')", "bool"},
                {"timestamp('2026-11-20T10:01:00.5+01:00')", "timestamp"},
                {"s.matches(s)", "bool"}});
  Environment lax = test_environment();
  lax.validate_literals = false;
  EXPECT_EQ(type_of("s.matches('[')", lax), "bool");
  EXPECT_EQ(type_of("duration('7d')", lax), "duration");
}

TEST(Check, resolves_names_in_containers_and_scopes) {
  Environment environment;
  environment.container = "com.example";
  environment.variables = {
      {"com.example.y", Type(TypeKind::boolean)}, {"com.x", kInt},    {"y", kString},
      {"a.b", Type::map(kString, kString)},       {"a.b.c", kDouble}, {"y.z", kUint}};
  EXPECT_EQ(type_of("y", environment), "bool");
  EXPECT_EQ(type_of(".y", environment), "string");
  EXPECT_EQ(type_of("x", environment), "int");
  EXPECT_EQ(type_of("a.b.c", environment), "double");
  EXPECT_EQ(type_of("a.b.d", environment), "string");
  EXPECT_EQ(type_of("y.z", environment), "uint");
  EXPECT_EQ(type_of("[1].exists(y, y == 1)", environment), "bool");
  EXPECT_EQ(type_of("['a'].exists(y, .y == y)", environment), "bool");
  EXPECT_EQ(type_of("[{'z': 'a'}].exists(y, y.z == 'a')", environment), "bool");
  EXPECT_EQ(type_of("[{'z': 'a'}].exists(y, .y.z == 1u)", environment), "bool");
  EXPECT_EQ(type_of("[1].exists(y, [true].exists(y, y))", environment), "bool");
  EXPECT_EQ(type_of("has(a.b.c)", environment), "bool");
}

TEST(Check, writes_resolved_names_into_the_tree) {
  Environment environment;
  environment.container = "com";
  environment.variables = {{"com.a.b", Type::map(kString, kInt)}, {"x", kInt}};
  const std::vector<TypeCase> cases = {{"a.b.c", "(.c .com.a.b)"},
                                       {"a.b.c.d", "fault"},
                                       {"[1].map(x, x + .x)", "(map x (list 1) (_+_ x .x))"},
                                       {"type(x) == int", "(_==_ (type .x) <int>)"},
                                       {"google.protobuf.Duration", "<google.protobuf.Duration>"},
                                       {"math.abs(x)", "(math.abs .x)"},
                                       {"optional.none()", "(optional.none)"}};
  for (const TypeCase& c : cases) {
    const CheckedExpr checked = parse_and_check(c.source, environment);
    EXPECT_EQ(checked.ok() ? show(checked.ast) : "fault", c.type) << c.source;
  }
}

TEST(Check, uses_declared_functions_with_type_parameters) {
  const Type a = Type::param("A");
  Environment environment;
  environment.functions["pair"] = {{"pair",
                                    false,
                                    {"A", "B"},
                                    {a, Type::param("B")},
                                    Type::abstract("pair", {a, Type::param("B")})}};
  environment.functions["twin"] = {{"twin", true, {"A"}, {Type::abstract("pair", {a, a})}, a}};
  environment.functions["size"] = {
      {"size_pair", false, {}, {Type::abstract("pair", {a, a})}, kInt}};
  EXPECT_EQ(type_of("pair(1, 'a')", environment), "pair(int, string)");
  EXPECT_EQ(type_of("pair(1, 2).twin()", environment), "int");
  EXPECT_EQ(type_of("pair(1, dyn(2)).twin()", environment), "dyn");
  EXPECT_EQ(type_of("size(pair(1, 2)) + size('a')", environment), "int");
  EXPECT_EQ(type_of("pair(1, 'a').twin()", environment),
            "fault: no matching overload for pair(int, string).twin()");
}

TEST(LeaveUnchecked, resolves_names_and_nothing_else) {
  Environment environment;
  environment.container = "com";
  environment.variables = {{"com.y", Type()}, {"a.b", Type()}, {"x.y", Type()}};
  ExpressionOptions options;
  options.check = false;
  const std::vector<TypeCase> cases = {
      {"y + a.b.c", "(_+_ .com.y (.c .a.b))"},
      {"unknown.field", "(.field .unknown)"},
      {"1 + 'a'", "(_+_ 1 'a')"},
      {"f_unknown(1)", "(f_unknown 1)"},
      {"math.abs(-1)", "(math.abs -1)"},
      {"z.abs(-1)", "(abs. .z -1)"},
      {"[1].map(x, x.y + y)", "(map x (list 1) (_+_ (.y x) .com.y))"},
      {"[1].map(x, .x.y)", "(map x (list 1) .x.y)"},
      {"{'k': 1}.all(k, v, k == v)", "(all k v (map 'k' 1) (_==_ k v))"},
      {"has(a.b.c) && has(a.b)", "(_&&_ (has .c .a.b) (has .b .a))"},
      {"a.?b.c", "(.c (.?b .a))"},
      {"cel.bind(y, 1, y) + y", "(_+_ (bind y 1 y) .com.y)"},
      {"cel.block([1, cel.index(0)], cel.index(1))", "(block 1 @index0 @index1)"},
      {"type(1) == int", "(_==_ (type 1) <int>)"}};
  for (const TypeCase& c : cases) {
    const CheckedExpr expression = parse_and_check(c.source, environment, options);
    ASSERT_TRUE(expression.ok()) << c.source;
    EXPECT_EQ(show(expression.ast), c.type) << c.source;
    EXPECT_EQ(expression.types.size(), expression.ast.nodes.size());
  }
}

TEST(ParseAndCheck, gives_parse_faults_with_the_source) {
  const CheckedExpr expression = parse_and_check("1 +", Environment());
  ASSERT_EQ(expression.faults.size(), 1u);
  EXPECT_EQ(expression.ast.source, "1 +");
}

TEST(Signatures, can_be_read_and_listed) {
  const Signature signature = parse_signature("map(A, list(B)).(net.IP, A) -> optional(B)");
  EXPECT_TRUE(signature.member);
  EXPECT_EQ(signature.variables, 2u);
  ASSERT_EQ(signature.params.size(), 3u);
  EXPECT_EQ(signature.params[1].text(), "net.IP");
  EXPECT_EQ(signature.result.text(), "optional_type(dyn)");
  const auto& names = standard_function_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "math.abs"));
  for (const std::string& name : names) EXPECT_NE(standard_function(name), nullptr) << name;
}

}  // namespace
}  // namespace autopilot::expr
