#include "core/expr/parser.h"

#include <gtest/gtest.h>

#include "tests/expr/show.h"

namespace autopilot::expr {
namespace {

using testing::pointed;
using testing::show;

struct TreeCase {
  std::string source;
  std::string tree;
};

std::string tree_of(const std::string& source, const ParseOptions& options = {}) {
  const ParseResult result = parse(source, options);
  return result.faults.empty() ? show(result.ast) : "fault: " + result.faults[0].message;
}

void expect_trees(const std::vector<TreeCase>& cases) {
  for (const TreeCase& c : cases) EXPECT_EQ(tree_of(c.source), c.tree) << c.source;
}

struct FaultCase {
  std::string source;
  std::string pointed;
  std::string message;  // a part of it
  std::string help;     // likewise
};

void expect_faults(const std::vector<FaultCase>& cases) {
  for (const FaultCase& c : cases) {
    const ParseResult result = parse(c.source);
    ASSERT_EQ(result.faults.size(), 1u) << c.source;
    const Fault& fault = result.faults[0];
    EXPECT_EQ(pointed(c.source, fault), c.pointed) << c.source;
    EXPECT_NE(fault.message.find(c.message), std::string::npos) << fault.message;
    EXPECT_NE(fault.help.find(c.help), std::string::npos) << c.source << ": " << fault.help;
  }
}

TEST(Parser, reads_numbers) {
  expect_trees({{"0", "0"},
                {"0x1F", "31"},
                {"-0x1", "-1"},
                {"9223372036854775807", "9223372036854775807"},
                {"-9223372036854775808", "-9223372036854775808"},
                {"- 9223372036854775808", "-9223372036854775808"},
                {"18446744073709551615u", "18446744073709551615u"},
                {"0xFFU", "255u"},
                {"1.5", "1.5"},
                {".5e-1", "0.05"},
                {"1e3", "1000.0"},
                {"-2.0", "-2.0"},
                {"1.0e-400", "0.0"},
                {"--1", "(-_ -1)"},
                {"-x", "(-_ x)"},
                {"1-1", "(_-_ 1 1)"},
                {"1 - -1", "(_-_ 1 -1)"}});
}

TEST(Parser, refuses_numbers_that_do_not_fit) {
  expect_faults({{"9223372036854775808", "9223372036854775808", "does not fit int", "double"},
                 {"-9223372036854775809", "9223372036854775809", "does not fit int", ""},
                 {"-(9223372036854775808)", "9223372036854775808", "does not fit int", ""},
                 {"18446744073709551616u", "18446744073709551616u", "does not fit uint", ""},
                 {"1e999", "1e999", "does not fit double", ""},
                 {"now - 5m", "5m", "malformed number", "duration(\"5m\")"},
                 {"1_000", "1_000", "malformed number", "underscore"},
                 {"0x", "0x", "malformed number", ""},
                 {"0b1", "0b1", "malformed number", ""}});
}

TEST(Parser, reads_strings_and_bytes) {
  expect_trees({{R"("a")", "'a'"},
                {R"('a"b')", "'a\"b'"},
                {R"("\a\b\f\n\r\t\v\\\?\"\'\`")", "'\a\b\f\n\r\t\v\\?\"'`'"},
                {R"("\x41\X42\103\u00e9\U0001F600")", "'ABC\u00e9\U0001F600'"},
                {R"("\xff")", "'\u00ff'"},
                {R"(b"\xff\377é")", "bffffc3a9"},
                {R"(r"\n")", "'\\n'"},
                {R"(R'\')", "'\\'"},
                {R"(bR"\x")", "b5c78"},
                {"'''a\n'b''c'''", "'a\n'b''c'"},
                {"\"\"\"\"\"\"", "''"},
                {"'''a\r\nb\rc'''", "'a\nb\nc'"},
                {"r'''a\r\n\\b'''", "'a\n\\b'"},
                {R"('''\'''')", "'''"}});
}

TEST(Parser, refuses_bad_strings) {
  expect_faults({{R"("abc)", R"("abc)", "does not end", "close it with \""},
                 {"'a\nb'", "'a", "does not end", "same line"},
                 {"'''abc''", "'''abc''", "does not end", "'''"},
                 {R"("a\qb")", R"(\q)", "unknown escape", "\\\\"},
                 {R"("\u12")", R"(\u12)", "incomplete escape", "4 hex digits"},
                 {R"("\400")", R"(\4)", "unknown escape", ""},
                 {R"("\ud800")", R"(\ud800)", "no code point", ""},
                 {R"("\U00110000")", R"(\U00110000)", "no code point", ""},
                 {R"(b"\u0041")", R"(\u)", "unicode escape", "\\x"},
                 {"\"\\", "\"\\", "does not end", ""}});
}

TEST(Parser, reads_operators_by_precedence) {
  expect_trees({{"a || b && c == d + e * -f", "(_||_ a (_&&_ b (_==_ c (_+_ d (_*_ e (-_ f))))))"},
                {"a * b / c % d", "(_%_ (_/_ (_*_ a b) c) d)"},
                {"a - b - c", "(_-_ (_-_ a b) c)"},
                {"a < b == c", "(_==_ (_<_ a b) c)"},
                {"a in b", "(@in a b)"},
                {"a ? b : c ? d : e", "(_?_:_ a b (_?_:_ c d e))"},
                {"a ? b ? c : d : e", "(_?_:_ a (_?_:_ b c d) e)"},
                {"!a.b", "(!_ (.b a))"},
                {"!!a", "(!_ (!_ a))"},
                {"-a.b[0]", "(-_ ([] (.b a) 0))"},
                {"(a + b) * c", "(_*_ (_+_ a b) c)"},
                {"a >= b != c <= d", "(_<=_ (_!=_ (_>=_ a b) c) d)"}});
}

TEST(Parser, makes_one_call_of_a_chain_of_and_or_or) {
  expect_trees({{"a && b && c", "(_&&_ a b c)"},
                {"a || b || c || d", "(_||_ a b c d)"},
                {"(a && b) && c", "(_&&_ (_&&_ a b) c)"},
                {"a || b && c && d || e", "(_||_ a (_&&_ b c d) e)"}});
}

TEST(Parser, reads_members_and_aggregates) {
  expect_trees({{"a.b.c", "(.c (.b a))"},
                {".a.b", "(.b .a)"},
                {"a.`b.c-d/e f`", "(.b.c-d/e f a)"},
                {"a.?b[?c]", "([?] (.?b a) c)"},
                {"a.for", "(.for a)"},
                {"a.package(1)", "(package. a 1)"},
                {"f()", "(f)"},
                {".f(a, b)", "(.f a b)"},
                {"a.f(b)(", "fault: expected the end of the expression, found ("},
                {"[]", "(list)"},
                {"[,]", "(list)"},
                {"[1, 2,]", "(list 1 2)"},
                {"[?a, b]", "(list ?a b)"},
                {"{}", "(map)"},
                {"{'a': 1, ?b: c,}", "(map 'a' 1 ?b c)"},
                {"1 // comment\n + 2", "(_+_ 1 2)"},
                {"1 // comment", "1"},
                {"\t1\f+\r\n2 ", "(_+_ 1 2)"}});
}

TEST(Parser, expands_macros) {
  expect_trees(
      {{"has(a.b)", "(has .b a)"},
       {"has(a.`b.c`)", "(has .b.c a)"},
       {"xs.all(x, x > 0)", "(all x xs (_>_ x 0))"},
       {"xs.all(i, x, c)", "(all i x xs c)"},
       {"xs.exists(x, c)", "(exists x xs c)"},
       {"xs.exists_one(x, c)", "(exists_one x xs c)"},
       {"xs.existsOne(i, x, c)", "(exists_one i x xs c)"},
       {"xs.map(x, t)", "(map x xs t)"},
       {"xs.map(x, p, t)", "(map x xs p t)"},
       {"xs.filter(x, p)", "(filter x xs p)"},
       {"m.transformList(k, v, t)", "(transformList k v m t)"},
       {"m.transformMap(k, v, p, t)", "(transformMap k v m p t)"},
       {"m.transformMapEntry(k, v, {v: k})", "(transformMapEntry k v m (map v k))"},
       {"xs.sortBy(x, -x)", "(sortBy x xs (-_ x))"},
       {"o.optMap(x, t)", "(optMap x o t)"},
       {"o.optFlatMap(x, t)", "(optFlatMap x o t)"},
       {"cel.bind(x, 1, x + x)", "(bind x 1 (_+_ x x))"},
       {"cel.block([1, cel.index(0)], cel.index(1))", "(block 1 @index0 @index1)"},
       {"xs.map(cel.iterVar(0, 1), cel.iterVar(0, 1))", "(map @iterVar:0:1 xs @iterVar:0:1)"},
       {"math.least(1)", "(math.@min 1)"},
       {"math.greatest(1, x)", "(math.@max 1 x)"},
       {"math.greatest(1, 2u, x)", "(math.@max (list 1 2u x))"},
       {"math.least([1, x])", "(math.@min (list 1 x))"}});
}

TEST(Parser, leaves_calls_that_only_look_like_macros) {
  expect_trees({{"all(x, y)", "(all x y)"},
                {"xs.all(x)", "(all. xs x)"},
                {"x.has(a.b)", "(has. x (.b a))"},
                {".has(a.b)", "(.has (.b a))"},
                {"my.bind(x, 1, x)", "(bind. my x 1 x)"},
                {".math.least(1)", "(least. .math 1)"}});
  ParseOptions options;
  options.macros = false;
  EXPECT_EQ(tree_of("has(a.b)", options), "(has (.b a))");
  EXPECT_EQ(tree_of("xs.all(x, x)", options), "(all. xs x x)");
  EXPECT_EQ(tree_of("math.least(1, 2)", options), "(least. math 1 2)");
}

TEST(Parser, says_what_a_macro_needs) {
  expect_faults({{"has(\"a\")", "\"a\"", "has() needs a field", "has(action"},
                 {"has(m[\"k\"])", "m[\"k\"]", "has() needs a field", "write \"k\" in m"},
                 {"has(a.?b)", "a.?b", "has() needs a field", "a.?b.hasValue()"},
                 {"has(a)", "a", "has() needs a field", ""},
                 {"xs.all(x.y, true)", "x.y", "name of a variable", "xs.all(x, "},
                 {"xs.all(.x, true)", ".x", "name of a variable", ""},
                 {"xs.map(1, 2)", "1", "name of a variable", ""},
                 {"m.all(k, k, true)", "k", "both variables are called k", ""},
                 {"cel.bind(1, 2, 3)", "1", "name of a variable", "cel.bind(x,"},
                 {"cel.block(1, 2)", "1", "list literal", ""},
                 {"cel.index(-1)", "-1", "non-negative int", ""},
                 {"math.least()", "math.least()", "at least one argument", ""},
                 {"math.least('a', 1)", "'a'", "numbers only", ""},
                 {"math.least([])", "[]", "numbers only", ""}});
}

TEST(Parser, points_at_what_is_wrong) {
  expect_faults({{"", "", "is empty", ""},
                 {"1 +", "", "ends where a value should follow", ""},
                 {"a b", "b", "found b", ""},
                 {"a and b", "and", "found and", "&&"},
                 {"a OR b", "OR", "found OR", "||"},
                 {"not a", "a", "found a", ""},
                 {"a = 1", "=", "unexpected character", "=="},
                 {"a & b", "&", "unexpected character", "&&"},
                 {"a | b", "|", "unexpected character", "||"},
                 {"a # b", "#", "unexpected character", "//"},
                 {"a €", "€", "unexpected character", ""},
                 {std::string("a\0", 2), std::string("\0", 1), "control character 0x00", ""},
                 {"[1, 2", "[", "never closed by ]", ""},
                 {"f(1, 2", "(", "never closed by )", ""},
                 {"(1]", "]", "found ]", ""},
                 {"{1: 2", "{", "never closed by }", ""},
                 {"{1, 2}", ",", "expected ':'", ""},
                 {"f(1,)", ")", "argument after the comma", ""},
                 {"a ? b", "", "':'", ""},
                 {"a.", "", "field name after the dot", ""},
                 {"a.1", ".1", "found .1", ""},
                 {"a.in", "in", "field name after the dot", ""},
                 {"a.?f(1)", "(", "found (", ""},
                 {"if", "if", "reserved word", "? value :"},
                 {"a not in b", "not", "found not", "!(x in xs)"},
                 {"`a`", "`a`", "field names only", ""},
                 {"a.`b", "`b", "malformed quoted name", ""},
                 {"a.``", "`", "malformed quoted name", ""},
                 {"T{a: 1}", "T{", "message literals are not supported: T{", "map"},
                 {"a.b.T{}", "a.b.T{", "message literals", ""},
                 {"a\xff", "\xff", "not UTF-8", ""}});
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Parser, accepts_what_the_specification_asks_for_and_more) {
  const std::vector<std::string> sources = {"a" + repeat(" && a", 2000),
                                            "a" + repeat(" || a", 2000),
                                            "[1" + repeat(", 1", 2000) + "]",
                                            "f(1" + repeat(", 1", 2000) + ")",
                                            repeat("a ? b : ", 200) + "c",
                                            "1" + repeat(" + 1", 200),
                                            "a" + repeat(" < a", 200),
                                            "a" + repeat(".b", 200),
                                            "a" + repeat("[0]", 200),
                                            repeat("(", 200) + "1" + repeat(")", 200),
                                            repeat("[", 200) + repeat("]", 200),
                                            repeat("f(", 200) + "1" + repeat(")", 200),
                                            repeat("{1: ", 200) + "2" + repeat("}", 200),
                                            repeat("!", 200) + "a",
                                            repeat("-", 200) + "a"};
  for (const std::string& source : sources) {
    EXPECT_TRUE(parse(source).faults.empty()) << source.substr(0, 40);
  }
}

TEST(Parser, refuses_endless_nesting_instead_of_crashing) {
  constexpr std::size_t kDeep = 100'000;
  const std::vector<std::string> sources = {repeat("(", kDeep),
                                            repeat("[", kDeep),
                                            repeat("{", kDeep),
                                            repeat("!", kDeep) + "a",
                                            repeat("-", kDeep) + "a",
                                            repeat("f(", kDeep),
                                            "a" + repeat(".b", kDeep),
                                            "a" + repeat("[0]", kDeep),
                                            "1" + repeat("+1", kDeep),
                                            repeat("a?b:", kDeep) + "c",
                                            repeat("a?", kDeep),
                                            "a" + repeat("<a", kDeep),
                                            "x" + repeat(".map(x,x)", kDeep)};
  for (const std::string& source : sources) {
    ParseOptions options;
    options.max_bytes = source.size();
    const ParseResult result = parse(source, options);
    ASSERT_EQ(result.faults.size(), 1u) << source.substr(0, 40);
    EXPECT_NE(result.faults[0].message.find("deeper than 250 levels"), std::string::npos)
        << result.faults[0].message;
  }
}

TEST(Parser, refuses_long_sources) {
  const ParseResult result = parse(repeat("1 + ", 30'000) + "1");
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_NE(result.faults[0].message.find("more than the 100000 allowed"), std::string::npos);
}

// Each node spans its source; `at` is where its operator or name stands.
TEST(Parser, knows_where_each_node_stands) {
  const std::string source = "a.b(c) + d[1].e";
  const ParseResult result = parse(source);
  ASSERT_TRUE(result.faults.empty());
  const Ast& ast = result.ast;
  const auto span = [&](const Node& n) { return source.substr(n.begin, n.end - n.begin); };
  const Node& sum = ast[ast.root];
  const Node& call = ast[sum.children[0]];
  const Node& select = ast[sum.children[1]];
  const Node& index = ast[select.children[0]];
  EXPECT_EQ(span(sum), source);
  EXPECT_EQ(source[sum.at], '+');
  EXPECT_EQ(span(call), "a.b(c)");
  EXPECT_EQ(source.substr(call.at, 1), "b");
  EXPECT_EQ(span(select), "d[1].e");
  EXPECT_EQ(source.substr(select.at, 1), "e");
  EXPECT_EQ(span(index), "d[1]");
  EXPECT_EQ(source[index.at], '[');
}

TEST(Parser, spans_of_negative_numbers_hold_the_sign) {
  const ParseResult result = parse("x + - 5");
  const Node& literal = result.ast[result.ast[result.ast.root].children[1]];
  EXPECT_EQ(literal.begin, 4u);
  EXPECT_EQ(literal.end, 7u);
}

}  // namespace
}  // namespace autopilot::expr
