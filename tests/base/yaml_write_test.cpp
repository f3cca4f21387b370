#include <gtest/gtest.h>

#include <random>

#include "core/base/json.h"
#include "core/base/yaml.h"
#include "tests/base/yaml_read.h"

namespace autopilot {
namespace {

using testing::faults;
using testing::Read;
using testing::read;

// Values as they may come from documents, with strings that YAML could misread.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  Value value(int depth) {
    switch (pick(depth > 0 ? 8 : 6)) {
      case 0:
        return Value();
      case 1:
        return Value(pick(2) == 0);
      case 2:
        return Value(static_cast<std::int64_t>(engine_()) * (pick(2) == 0 ? 1 : -1));
      case 3:
        return Value(real());
      case 4:
      case 5:
        return Value(text());
      case 6: {
        List list;
        for (std::size_t i = pick(5); i > 0; --i) list.push_back(value(depth - 1));
        return list;
      }
      default: {
        Map map;
        for (std::size_t i = pick(5); i > 0; --i) map[text()] = value(depth - 1);
        return map;
      }
    }
  }

 private:
  std::size_t pick(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_);
  }

  double real() {
    const double reals[] = {0.1, -2.5, 1e300, 1e-300, 5.0, 0.30000000000000004, 123456789.125};
    return reals[pick(std::size(reals))];
  }

  std::string text() {
    static const std::string kPieces[] = {"a",
                                          "null",
                                          "~",
                                          "true",
                                          "no",
                                          "Y",
                                          "1",
                                          "1.5",
                                          "0x1",
                                          ".inf",
                                          ".nan",
                                          "-",
                                          "- a",
                                          "?",
                                          ": ",
                                          ":",
                                          " #",
                                          "#",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          ",",
                                          "&",
                                          "*",
                                          "!",
                                          "|",
                                          ">",
                                          "'",
                                          "\"",
                                          "%",
                                          "@",
                                          "`",
                                          "\n",
                                          "\n\n",
                                          "\t",
                                          " ",
                                          "  ",
                                          "\\",
                                          "é",
                                          "日本",
                                          "😀",
                                          "---",
                                          "...",
                                          "<<",
                                          "=",
                                          "\x01",
                                          "\x7f",
                                          "\xC2\x85",
                                          "\xE2\x80\xA8",
                                          "\xEF\xBB\xBF",
                                          "\r",
                                          "x\n  y\n",
                                          "word word",
                                          "2026-01-01",
                                          "12:30:45",
                                          "1_000",
                                          "metrics.x >= 1 && y",
                                          "!has(a.b)",
                                          "\xC2\xA0"};
    std::string out;
    for (std::size_t i = pick(4); i > 0; --i) out += kPieces[pick(std::size(kPieces))];
    return out;
  }

  std::mt19937 engine_;
};

TEST(yaml, what_is_written_reads_back_as_the_same_value) {
  Random random(7);
  for (int i = 0; i < 4'000; ++i) {
    const Value value = random.value(4);
    const std::string text = to_yaml(value);
    Read r = read(text);
    ASSERT_EQ(faults(r), std::vector<std::string>{}) << to_json(value) << "\n" << text;
    const Value back = r.documents.empty() ? Value() : to_value(r.documents[0].root, r.diagnostics);
    ASSERT_EQ(to_canonical_json(back), to_canonical_json(value)) << text;
    ASSERT_EQ(to_yaml(back), text);
  }
}

TEST(yaml, writing_quotes_only_what_needs_it) {
  const Value value =
      Map{{"plain", "metrics.cvr_1h < 0.02 && action.data.x in ['a', 'b']"},
          {"no", "no"},
          {"number", "5"},
          {"bang", "!has(a.b)"},
          {"quote", "say \"hi\""},
          {"colon", "a: b"},
          {"share", "10%"},
          {"cron", "* 9-17 * * 1-5"},
          {"lines", "one\ntwo\n"},
          {"list", List{"FR", "BE", "a,b"}},
          {"empty", Map{}},
          {"maps", List{Map{{"a", 1}, {"b", List{1, 2}}}, Map{{"c", Real{1.0, "1.0"}}}}}};
  const std::string expected = R"yaml(plain: metrics.cvr_1h < 0.02 && action.data.x in ['a', 'b']
"no": "no"
number: "5"
bang: "!has(a.b)"
quote: say "hi"
colon: "a: b"
share: 10%
cron: "* 9-17 * * 1-5"
lines: |
  one
  two
list: [FR, BE, "a,b"]
empty: {}
maps:
  - a: 1
    b: [1, 2]
  - c: 1.0
)yaml";
  EXPECT_EQ(to_yaml(value), expected);
}

}  // namespace
}  // namespace autopilot
