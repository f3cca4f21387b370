// Lines of JSON become slots, or faults; the general reader of core/base/json.h is the oracle.
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <random>

#include "core/base/json.h"
#include "core/decide/ingest.h"
#include "core/expr/map.h"
#include "tests/instrumented.h"

namespace autopilot::decide {
namespace {

const std::vector<expr::Path>& paths() {
  static const std::vector<expr::Path> all = {
      {"action", "type"},      {"action", "algorithm"},    {"action", "risk"},
      {"action", "data", "x"}, {"action", "data", "deep"}, {"action", "data", "deep", "y"},
      {"metrics", "cvr_1h"},   {"segment", "geo"},         {"context", "role"}};
  return all;
}

// A decoder with what it needs. Slots by place in paths().
class Reader {
 public:
  Reader() {
    for (const expr::Path& path : paths()) slots_.slot(path);
    decoder_ = std::make_unique<Decoder>(slots_);
  }

  bool read(std::string_view line) {
    text_.assign(line);
    text_.append(kPadding, '7');  // whatever stands there must not matter
    scratch_.reset();
    fault = {};
    return decoder_->decode(std::string_view(text_).substr(0, line.size()), input, scratch_, fault);
  }

  double number(std::string_view text) {
    EXPECT_TRUE(read("{\"data\":{\"x\":" + std::string(text) + "}}")) << text << fault.message;
    EXPECT_EQ(input.raw[3], text);
    return input.slots[3].tag == expr::Tag::real ? input.slots[3].real : std::nan("");
  }

  // All slots and their texts.
  std::string said() const {
    std::string out;
    for (std::size_t i = 0; i < input.slots.size(); ++i) {
      out += expr::to_text(input.slots[i]) + " from " + std::string(input.raw[i]) + "\n";
    }
    return out + std::string(input.action) + std::string(input.context) + std::string(input.data);
  }

  Input input;
  InputFault fault;

 private:
  expr::SlotTable slots_;
  std::unique_ptr<Decoder> decoder_;
  expr::Scratch scratch_;
  std::string text_;
};

double exact(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(Ingest, reads_numbers_of_every_length_exactly) {
  Reader reader;
  for (const char* text : {"0",
                           "-0",
                           "7",
                           "-7",
                           "12345678",
                           "123456789",
                           "0.1",
                           "-0.1",
                           "0.00000001",
                           "0.000000001",
                           "12345678.12345678",
                           "123456789.5",
                           "9007199254740992",
                           "9007199254740993",
                           "99999999.99999999",
                           "1e5",
                           "1E+5",
                           "1.5e-7",
                           "18446744073709551616",
                           "1e308",
                           "5e-324",
                           "0.30000000000000004",
                           "123456789012345678901234567890.123456789012345678901234567890"}) {
    EXPECT_EQ(reader.number(text), exact(text)) << text;
  }
  EXPECT_EQ(reader.number("1e-400"), 0);
  EXPECT_EQ(reader.number("0e999999999999"), 0);
  EXPECT_TRUE(std::signbit(reader.number("-1e-400")));
  EXPECT_TRUE(std::signbit(reader.number("-0")));
}

TEST(Ingest, reads_any_number_as_the_standard_library_does) {
  Reader reader;
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = i % 2 == 0 ? "-" : "";
    text += std::to_string(random() >> (random() % 64));
    if (i % 3 != 0) text += "." + std::to_string(random() >> (random() % 64));
    if (i % 11 == 0) text += "e" + std::to_string(static_cast<int>(random() % 600) - 300);
    if (!std::isfinite(exact(text)) || exact(text) == 0) continue;
    ASSERT_EQ(reader.number(text), exact(text)) << text;
  }
}

// Numbers of up to nine bytes, with a point anywhere or nowhere and what may follow them.
TEST(Ingest, reads_short_numbers_as_the_standard_library_does) {
  Reader reader;
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(1 + random() % 9, '0');
    for (char& c : text) c = static_cast<char>('0' + random() % 10);
    const std::size_t point = random() % 10;
    if (point < text.size()) text[point] = '.';
    const bool is_number = text.front() != '.' && text.back() != '.' &&
                           (text.front() != '0' || text.size() == 1 || text[1] == '.');
    for (const char* behind : {"", " ", "\n\t "}) {
      for (const char* field : {"x", "unknown"}) {
        const std::string line =
            std::string("{\"data\":{\"") + field + "\":" + text + behind + "}}";
        ASSERT_EQ(reader.read(line), is_number) << line;
        if (!is_number || *field != 'x') continue;
        ASSERT_EQ(reader.input.slots[3].real, exact(text)) << line;
        ASSERT_EQ(reader.input.raw[3], text) << line;
      }
    }
  }
}

// White space may stand between any two tokens, also where the line before had none.
TEST(Ingest, reads_white_space_anywhere) {
  const std::vector<std::string> tokens = {
      "{", "\"action\"", ":",     "{",     "\"type\"", ":", "\"t\"",    ",",           "\"data\"",
      ":", "{",          "\"x\"", ":",     "12.5",     ",", "\"deep\"", ":",           "[",
      "1", ",",          "true",  "]",     "}",        "}", ",",        "\"context\"", ":",
      "{", "\"role\"",   ":",     "\"a\"", "}",        "}"};
  Reader reader;
  std::mt19937_64 random(4);
  for (int i = 0; i < 2'000; ++i) {
    std::string line;
    for (const std::string& token : tokens)
      line += token + (random() % 4 == 0 ? std::string(random() % 3, " \t\r"[random() % 3]) : "");
    ASSERT_TRUE(reader.read(line)) << line << reader.fault.message;
    ASSERT_EQ(reader.input.slots[0].text(), "t");
    ASSERT_EQ(reader.input.slots[3].real, 12.5);
    ASSERT_EQ(reader.input.raw[3], "12.5");
    ASSERT_EQ(reader.input.slots[8].text(), "a");
  }
}

TEST(Ingest, refuses_what_is_no_number_whether_it_is_read_or_not) {
  Reader reader;
  for (const char* text : {"01",     "-01",        "00",           "1.",   "-",        ".5",
                           "+1",     "1e",         "1e+",          "0x1",  "1a",       "1e999",
                           "-1e999", "--1",        "1.2.3",        "1.5x", "Infinity", "NaN",
                           "1\"2\"", "123456789a", "1.123456789a", "1 2",  "1_000"}) {
    for (const char* field : {"x", "unknown"}) {
      const std::string line =
          "{\"data\":{\"" + std::string(field) + "\":" + std::string(text) + "}}";
      EXPECT_FALSE(reader.read(line)) << line;
      EXPECT_FALSE(reader.fault.message.empty());
    }
  }
}

TEST(Ingest, says_where_the_fault_is) {
  Reader reader;
  const auto place_of = [&](const std::string& line, std::string_view marked) {
    EXPECT_FALSE(reader.read(line)) << line;
    EXPECT_EQ(reader.fault.offset, line.find(marked)) << line << ": " << reader.fault.message;
  };
  place_of("{\"type\":\"t\",\"data\":{\"x\":01}}", "01");
  place_of("{\"type\":\"t\",\"type\" :\"u\"}", "\"type\" ");
  place_of("{\"type\":\"t\"} x", "x");
  place_of("{\"action\":{\"type\":\"t\"},\"contxt\":{}}", "\"contxt\"");
  place_of("{\"type\":\"t\" \"x\":1}", "\"x\"");
  place_of("{\"action\":{\"type\":\"t\"},\"context\":{\"metrics\":[]}}", "[]");
}

TEST(Ingest, refuses_a_text_that_ends_too_early_at_any_byte) {
  const std::string line =
      R"({"action":{"type":"t","data":{"x":12.5,"deep":{"y":[1,{"z":true}]}}},"context":{"role":"a"}})";
  Reader reader;
  ASSERT_TRUE(reader.read(line)) << reader.fault.message;
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(reader.read(line.substr(0, size))) << size;
  }
}

TEST(Ingest, reads_escapes_in_keys_and_strings) {
  Reader reader;
  ASSERT_TRUE(reader.read(
      R"({"ty\u0070e":"a\n\"b\"\u00e9\ud83d\ude00","data":{"x":"\\","\"":1,"deep":{"y\\":2}}})"))
      << reader.fault.message;
  EXPECT_EQ(reader.input.slots[0].text(), "a\n\"b\"\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(reader.input.slots[3].text(), "\\");
  for (const char* text : {"\\x", "\\ud800", "\\udc00", "\\ud800\\u0041", "\\u12g4"}) {
    for (const char* field : {"x", "unknown"}) {
      EXPECT_FALSE(reader.read("{\"data\":{\"" + std::string(field) + "\":\"" + text + "\"}}"))
          << text;
    }
  }
}

TEST(Ingest, takes_a_whole_object_beside_its_fields) {
  Reader reader;
  ASSERT_TRUE(reader.read(R"({"type":"t","data":{"deep":{"y":1,"z":[2,"three",null]},"x":4}})"));
  ASSERT_EQ(reader.input.slots[4].tag, expr::Tag::map);
  EXPECT_EQ(reader.input.raw[4], R"({"y":1,"z":[2,"three",null]})");
  EXPECT_EQ(to_json(expr::to_value(reader.input.slots[4])), R"({"y":1,"z":[2,"three",null]})");
  EXPECT_EQ(reader.input.slots[5].real, 1);
  EXPECT_EQ(reader.input.slots[3].real, 4);
}

TEST(Ingest, bounds_depth_so_that_the_decision_line_can_be_read_again) {
  Reader reader;
  const auto nested = [](std::size_t levels) {
    return "{\"unknown\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  const std::size_t deepest = static_cast<std::size_t>(kJsonMaxDepth) - 2;
  ASSERT_TRUE(reader.read(nested(deepest))) << reader.fault.message;
  EXPECT_TRUE(parse_json("{\"proposed\":" + nested(deepest) + "}").ok);
  EXPECT_FALSE(reader.read(nested(deepest + 1)));
  EXPECT_FALSE(reader.read(nested(100'000)));
}

// Lines of several shapes, in an order that makes every guess at the next key go wrong sometimes.
TEST(Ingest, reads_a_line_the_same_whatever_came_before) {
  const std::vector<std::string> lines = {
      R"({"type":"t","algorithm":"a","data":{"x":1,"deep":{"y":2}}})",
      R"({"algorithm":"a","type":"t","data":{"deep":{"y":2,"z":3},"x":"one"}})",
      R"({"action":{"algo_key":"b","type":"u"},"context":{"metrics":{"cvr_1h":0.5,"other":1}}})",
      R"({"action":{"type":"u","risk_score":0.5},"context":{"segment_data":{"geo":"FR"},"user_role":"r"}})",
      R"({"type":"t","a key that is longer than the others are":1,"data":{}})",
      R"({"typ":"t","type":"v","types":"w","data":{"x":null}})",
      R"({"type":"t","data":{"x":1,"x":2}})",
      R"({"type":"t","ty\u0070e":"u"})",
      R"({"type":"t","algorithm":"a","algo_key":"a"})"};
  Reader used;
  std::mt19937_64 random(3);
  for (int i = 0; i < 5'000; ++i) {
    const std::string& line = lines[random() % lines.size()];
    Reader fresh;
    const bool reads = fresh.read(line);
    ASSERT_EQ(used.read(line), reads) << line;
    ASSERT_EQ(used.fault.message, fresh.fault.message) << line;
    if (reads) {
      ASSERT_EQ(used.said(), fresh.said()) << line;
    }
  }
}

TEST(Ingest, forgets_keys_that_nobody_reads) {
  Reader reader;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "{\"user-" + std::to_string(i) + "\":1,\"type\":\"t\"}";
    ASSERT_TRUE(reader.read(line)) << reader.fault.message;
    ASSERT_EQ(reader.input.slots[0].text(), "t");
  }
  std::string many = "{\"type\":\"t\"";
  for (int i = 0; i < 5'000; ++i) many += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_TRUE(reader.read(many + "}"));
  EXPECT_FALSE(reader.read(many + ",\"k4321\":2}"));
  EXPECT_TRUE(reader.read("{\"k4321\":1,\"type\":\"t\"}"));
}

// A line of which some bytes were replaced, dropped or doubled.
std::string damaged(std::string line, std::mt19937_64& random) {
  constexpr std::string_view kBytes = "{}[]:,\"\\ 019.eE+-tfnul\n\t\x01\xC3\xA9/";
  for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
    const std::size_t at = random() % line.size();
    switch (random() % 3) {
      case 0:
        line[at] = kBytes[random() % kBytes.size()];
        break;
      case 1:
        line.erase(at, 1 + random() % 4);
        break;
      default:
        line.insert(at, line.substr(random() % line.size(), 1 + random() % 6));
    }
    if (line.empty()) line = "{";
  }
  return line;
}

// What this reader does not accept although it is JSON, or leaves to whoever reads that part.
bool is_about_meaning(const std::string& message) {
  for (const char* part : {"must be", "twice", "unknown field", "nested"}) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(Ingest, agrees_with_the_general_reader_about_what_is_json) {
  const std::vector<std::string> lines = {
      R"({"id":"a","type":"t","data":{"x":-0.125,"deep":{"y":[1,2e3,{"z":"\u00e9"}]},"n":null}})",
      R"( {"action" : {"type":"t","risk":1,"o":[true,false]}, "context":{"segment":{"geo":"FR"}}} )"};
  Reader reader;
  std::mt19937_64 random(5);
  int good = 0;
  for (int i = 0; i < autopilot::testing::rounds(60'000); ++i) {
    const std::string line = damaged(lines[static_cast<std::size_t>(i) % lines.size()], random);
    const bool reads = reader.read(line);
    const JsonResult oracle = parse_json(line);
    const std::string& why = reads ? oracle.fault.message : reader.fault.message;
    ASSERT_TRUE(reads == oracle.ok || is_about_meaning(why)) << line << "\n" << why;
    good += reads;
  }
  EXPECT_GT(good, autopilot::testing::rounds(1'000));
}

}  // namespace
}  // namespace autopilot::decide
