// Hostile and broken text: a clear message with its place, the right exit code, never a crash.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

std::string utf16(std::string_view ascii) {
  std::string out = "\xFF\xFE";
  for (const char c : ascii) {
    out += c;
    out += '\0';
  }
  return out;
}

// Each anchor holds ten of the one before.
std::string alias_bomb() {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i)
    text +=
        fmt::format("a{0}: &a{0} [{1}*a{2}]\n", i, repeated(fmt::format("*a{},", i - 1), 9), i - 1);
  return text;
}

std::string guard(std::string_view expression) {
  return policy("p",
                fmt::format("  guards:\n    - name: g\n      deny: >-\n        {}\n", expression));
}

// A text of documents, the place that the first message has to name, and what it has to say.
struct BadText {
  const char* name;
  std::string text;
  const char* place;  // line:column
  const char* message;
};

const std::vector<BadText>& bad_texts() {
  constexpr std::size_t kMany = 100'000;
  const std::string head = policy("p");
  static const std::vector<BadText> all{
      {"alias bomb", alias_bomb(), "6:", "more than one run may hold"},
      {"alias to itself", "a: &a [*a]\n", "1:8:", "the alias stands inside the value"},
      {"deep flow list", "a: " + repeated("[", kMany) + repeated("]", kMany),
       "1:", "nested deeper than 64 levels"},
      {"deep flow list, open", "a: " + repeated("[", kMany), "1:", "nested deeper than 64 levels"},
      {"deep flow map", "a: " + repeated("{a: ", kMany), "1:", "nested deeper than 64 levels"},
      {"deep block list", repeated("- ", kMany), "1:", "nested deeper than 64 levels"},
      {"invalid UTF-8", head + "  labels: \xff\xfe\n", "6:", "not valid UTF-8"},
      {"overlong UTF-8", head + "  labels: \xc0\xaf\n", "6:", "not valid UTF-8"},
      {"NUL", head + std::string("  labels: a\0b\n", 14), "6:12:", "NUL byte"},
      {"UTF-16", utf16(head), "1:1:", "the text is UTF-16"},
      {"binary",
       std::string("\x7f"
                   "ELF\x02\x01\x00",
                   7),
       "1:1:", "control character"},
      {"duplicate keys", policy("p", "  priority: 1\n  priority: 2\n"),
       "6:3:", "the key \"priority\" appears twice"},
      {"long key", head + "  " + repeated("k", 200'000) + ": 1\n",
       "6:", "a key may have at most 1024 characters"},
      {"large document", head + repeated("# comment\n", 200'000),
       "1:1:", "at most 1048576 are allowed"},
      {"open quote", head + "  labels: \"" + repeated("x", 200'000), "6:", "never closed"},
      {"long kind", "apiVersion: autopilot/v1\nkind: " + repeated("k", 900'000), "1:", ""},
      {"tab as indentation", policy("p", "\tpriority: 1\n"), "5:10:", "a tab cannot indent"},
      {"deep CEL parentheses", guard(repeated("(", 40'000) + "1" + repeated(")", 40'000)),
       "8:", "nests deeper than 250 levels"},
      {"deep CEL negation", guard(repeated("!", 90'000) + "true"),
       "8:", "nests deeper than 250 levels"},
      {"deep CEL lists", guard(repeated("[", 90'000)), "8:", "nests deeper than 250 levels"},
      {"deep CEL fields", guard("metrics" + repeated(".a", 45'000)),
       "8:", "nests deeper than 250 levels"},
      {"deep CEL indexes", guard("metrics.a" + repeated("[0]", 30'000)),
       "8:", "nests deeper than 250 levels"},
      {"deep CEL conditionals", guard(repeated("true?true:", 9'000) + "true"),
       "8:", "nests deeper than 250 levels"},
      {"deep CEL macros", guard(repeated("[1].map(x,", 5'000)),
       "8:", "nests deeper than 250 levels"},
      {"long CEL", guard(repeated("true&&", 20'000) + "true"),
       "8:", "more than the 100000 allowed"},
      {"CEL number out of range", guard(repeated("9", 50'000) + " > 1"), "8:", "999"},
      {"CEL pattern too large", guard("action.id.matches('(((a{100}){100}){100}){100}')"),
       "8:", "invalid repetition size"},
  };
  return all;
}

TEST(BadInputTest, documents_that_cannot_be_read_are_named_with_their_place) {
  const Project project;
  for (const BadText& bad : bad_texts()) {
    SCOPED_TRACE(bad.name);
    project.write("policies/bad.yaml", bad.text);
    const Ended ended = project.run({"validate"});
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    const std::string said = ended.out + ended.err;
    EXPECT_THAT(said, HasSubstr(fmt::format("policies/bad.yaml:{}", bad.place)));
    EXPECT_THAT(said, HasSubstr(bad.message));
    EXPECT_LT(said.size(), 20'000U) << "a message as long as the input";
  }
}

TEST(BadInputTest, a_bad_document_stops_plan_and_apply_and_creates_no_state) {
  const Project project;
  project.write("policies/good.yaml", policy("good"));
  project.write("policies/bad.yaml", alias_bomb());
  for (const auto& command :
       {std::vector<std::string>{"plan", "-o", "a.plan"}, {"apply", "--yes"}}) {
    const Ended ended = project.run(command);
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr("policies/bad.yaml:6:"));
  }
  EXPECT_EQ(project.files(), (std::set<std::string>{"autopilot.yaml", "policies",
                                                    "policies/bad.yaml", "policies/good.yaml"}));
}

TEST(BadInputTest, windows_line_ends_and_a_byte_order_mark_are_no_fault) {
  const Project project;
  std::string text = "\xEF\xBB\xBF" + policy("p", "  priority: 7\n");
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.replace(at, 1, "\r\n");
  project.write("policies/p.yaml", text);
  EXPECT_EQ(project.run({"validate"}).exit, 0);
  const Ended plan = project.must({"plan", "-o", "-"});
  EXPECT_THAT(plan.out, HasSubstr(R"("priority":7)"));
}

TEST(BadInputTest, a_bad_project_file_is_named) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  for (const std::string& text : {alias_bomb(), std::string("paths: [\n"), utf16("paths: [a]\n"),
                                  std::string("pathes: [policies]\n"), std::string("[]\n")}) {
    project.write("autopilot.yaml", text);
    const Ended ended = project.run({"plan"});
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    EXPECT_THAT(ended.err, StartsWith("autopilot.yaml:"));
  }
}

// Lines of actions that get no decision: the column and the message.
struct BadLine {
  const char* name;
  std::string line;
  std::uint32_t column;  // 0: any
  const char* message;
};

const std::vector<BadLine>& bad_lines() {
  constexpr std::size_t kMany = 100'000;
  static const std::vector<BadLine> all{
      {"cut off", R"({"type":"route)", 0, "never closed"},
      {"cut off in a number", R"({"type":"x","data":{"weight":0.)", 0, "malformed"},
      {"number out of range", R"({"type":"x","data":{"weight":1e999}})", 30, "out of range"},
      {"unused number out of range", R"({"type":"x","other":-1e999})", 0, "out of range"},
      {"NaN", R"({"type":"x","data":{"weight":NaN}})", 30, "malformed"},
      {"duplicate field", R"({"type":"x","type":"y"})", 13, "key \"type\" appears twice"},
      {"duplicate data", R"({"type":"x","data":{"w":1,"w":2}})", 27, "key \"w\" appears twice"},
      {"deep object", repeated("{\"a\":", kMany) + "1" + repeated("}", kMany), 0,
       "nested deeper than 63 levels"},
      {"deep data",
       R"({"type":"x","data":{"a":)" + repeated("[", kMany) + repeated("]", kMany) + "}}", 0,
       "nested deeper than 63 levels"},
      {"deep list", repeated("[", kMany), 1, "a line must be a JSON object"},
      {"a list", "[]", 1, "a line must be a JSON object"},
      {"a number", "5", 1, "a line must be a JSON object"},
      {"no type", "{}", 1, "the action has no type"},
      {"no action", R"({"action":5})", 11, "action must be an object"},
      {"data is no object", R"({"type":"x","data":5})", 20, "data must be an object"},
      {"metrics are no object", R"({"action":{"type":"x"},"context":{"metrics":5}})", 0,
       "metrics must be an object"},
      {"type is a number", R"({"type":5})", 0, "type must be a string"},
      {"algorithm is a number", R"({"type":"x","algorithm":5})", 0, "algorithm must be a string"},
      {"key is a list", R"({"type":"x","idempotency_key":[5]})", 0,
       "idempotency_key must be a string"},
      {"invalid UTF-8", "{\"type\":\"x\xff\"}", 0, "not valid UTF-8"},
      {"half a surrogate pair", R"({"type":"x\ud800"})", 0, "malformed string escape"},
      {"raw NUL", std::string("{\"type\":\"x\0\"}", 13), 0, "unescaped characters"},
      {"two on a line", R"({"type":"x"}{"type":"y"})", 13, "text after the JSON object"},
      {"binary",
       std::string("\x7f"
                   "ELF\x02\x01\x00",
                   7),
       1, "a line must be a JSON object"},
      {"too long", R"({"type":")" + repeated("x", 5'000'000) + "\"}", 0, "longer than 4 MiB"},
  };
  return all;
}

TEST(BadInputTest, a_bad_line_gets_no_decision_and_the_others_do) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.must({"apply", "--yes"});
  const std::string good = action_line("bandit", "");
  for (const BadLine& bad : bad_lines()) {
    SCOPED_TRACE(bad.name);
    const Ended ended = project.run({"decide"}, good + bad.line + "\n" + good);
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    EXPECT_EQ(lines_of(ended.out).size(), 3U) << describe(ended);  // with the line of the schema
    EXPECT_THAT(ended.err, StartsWith(bad.column == 0 ? std::string("<stdin>:2:")
                                                      : fmt::format("<stdin>:2:{}: ", bad.column)));
    EXPECT_THAT(ended.err, HasSubstr(bad.message));
    EXPECT_LT(ended.err.size(), 20'000U) << "a message as long as the input";
  }
  EXPECT_EQ(project.run({"state", "check"}).exit, 0);
}

TEST(BadInputTest, lines_may_end_as_on_windows_begin_with_a_byte_order_mark_and_lack_the_last_end) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.must({"apply", "--yes"});
  std::string line = action_line("bandit", "");
  line.pop_back();
  const Ended ended = project.must({"decide"}, "\xEF\xBB\xBF" + line + "\r\n\r\n\n" + line);
  EXPECT_EQ(lines_of(ended.out).size(), 3U) << describe(ended);
}

TEST(BadInputTest, a_bad_plan_changes_nothing) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  const std::string plan = project.must({"plan", "-o", "-"}).out;
  const std::size_t hash = plan.find("\"digest\":\"") + 10;
  std::string forged = plan, other = plan;
  forged.replace(plan.find("nothing"), 7, "another");
  other[hash] = other[hash] == '0' ? '1' : '0';
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "is cut short or no plan"},
      {plan.substr(0, plan.size() / 2), "is cut short or no plan"},
      {repeated("[", 100'000), "nested deeper than"},
      {R"({"format":"autopilot.plan/v9","changes":[]})", "autopilot.plan/v9"},
      {R"({"changes":1e999})", "no plan"},
      {forged, "its digest does not match"},
      {other, "its digest does not match"},
      {std::string("\0\xff", 2), "no plan"},
  };
  for (const auto& [text, message] : bad) {
    project.write("bad.plan", text);
    const Ended ended = project.run({"apply", "bad.plan"});
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr("bad.plan"));
    EXPECT_THAT(ended.err, HasSubstr(message));
  }
  EXPECT_EQ(project.files().count(".autopilot/state.db"), 0U);
}

TEST(BadInputTest, a_bad_expression_on_the_command_line_is_shown_with_its_place) {
  const Project project;
  for (const std::string& expression : {repeated("(", 100'000), std::string("1 +"),
                                        std::string("'"), std::string("\xff"), repeated("9", 30)}) {
    const Ended ended = project.run({"eval", expression});
    EXPECT_EQ(ended.exit, 1) << describe(ended);
    EXPECT_FALSE(ended.err.empty());
    EXPECT_LT(ended.err.size(), 5'000U);
  }
}

}  // namespace
}  // namespace autopilot::integration
