// The decoder of action lines against the JSON parser of core/base as its oracle, and what it makes
// of each field.
#include "core/decide/ingest.h"

#include <gtest/gtest.h>

#include <random>

#include "core/base/json.h"

namespace autopilot::decide {
namespace {

class Reading : public ::testing::Test {
 protected:
  Reading() {
    for (const expr::Path& path : {expr::Path{"action", "type"},
                                   {"action", "algorithm"},
                                   {"action", "risk"},
                                   {"action", "data", "weight"},
                                   {"action", "data", "note"},
                                   {"action", "data", "deep", "inner", "x"},
                                   {"action", "data", "items"},
                                   {"metrics", "cvr"},
                                   {"segment", "geo"},
                                   {"context", "time"},
                                   {"features"}}) {
      table_.slot(path);
    }
    decoder_ = std::make_unique<Decoder>(table_);
  }

  bool read(const std::string& line) {
    text_ = line + std::string(kPadding, ' ');
    scratch_.reset();
    return decoder_->decode(std::string_view(text_).substr(0, line.size()), input_, scratch_,
                            fault_);
  }
  const expr::Val& at(const expr::Path& path) {
    return input_.slots[static_cast<std::size_t>(table_.find(path))];
  }
  std::string_view raw(const expr::Path& path) {
    return input_.raw[static_cast<std::size_t>(table_.find(path))];
  }

  expr::SlotTable table_;
  std::unique_ptr<Decoder> decoder_;
  expr::Scratch scratch_;
  Input input_;
  InputFault fault_;
  std::string text_;
};

const char* const kLine =
    R"({"action":{"type":"a.b","algo_key":"x","risk":0.5,"data":{"weight":0.250,"note":"caf\u00e9 \"q\"","deep":[1,{"k":[null,true]}]}},)"
    R"("context":{"metrics":{"cvr":1e-3,"other":-0},"segment_data":{"geo":"FR"},"features":{"f":[1,2]},"timestamp":"t"}})";

TEST_F(Reading, fields_land_in_their_slots_with_their_spelling) {
  ASSERT_TRUE(read(kLine)) << fault_.message;
  EXPECT_EQ(at({"action", "type"}).text(), "a.b");
  EXPECT_EQ(at({"action", "algorithm"}).text(), "x");
  EXPECT_EQ(at({"action", "data", "weight"}).real, 0.25);
  EXPECT_EQ(raw({"action", "data", "weight"}), "0.250");
  EXPECT_EQ(at({"action", "data", "note"}).text(), "caf\xC3\xA9 \"q\"");
  EXPECT_EQ(at({"metrics", "cvr"}).real, 1e-3);
  EXPECT_EQ(at({"segment", "geo"}).text(), "FR");
  EXPECT_EQ(at({"context", "time"}).text(), "t");
  EXPECT_EQ(at({"features"}).tag, expr::Tag::map);
}

TEST_F(Reading, the_texts_of_action_and_context_are_as_written) {
  ASSERT_TRUE(read(R"({"action": {"type": "a"} , "context": {"metrics": {} } })"));
  EXPECT_EQ(input_.proposed, R"({"type": "a"})");
  EXPECT_EQ(input_.context, R"({"metrics": {} })");
}

TEST_F(Reading, a_line_without_a_context_has_an_empty_one) {
  ASSERT_TRUE(read(R"({"type":"a"})"));
  EXPECT_FALSE(input_.has_context);
  EXPECT_EQ(input_.context, "{}");
}

TEST_F(Reading, faults_name_what_is_wrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type":"a","type":"b"})", "appears twice"},
      {R"({"type":"a","algorithm":"x","algo_key":"y"})", "given twice"},
      {R"({"type":"a","data":[1]})", "must be an object"},
      {R"({"action":{"type":"a"},"context":{"metrics":5}})", "must be an object"},
      {R"({"action":{"type":"a"},"contxt":{}})", "unknown field"},
      {R"({"type":"a","data":{"weight":1e999}})", "out of range"},
      {R"({"type":"a","data":{"unused":1e999}})", "out of range"},
      {R"({"type":"a","data":{"unused":"\q"}})", "escape"},
      {R"({"type":"a"} x)", ""},
      {R"([{"type":"a"}])", "object"},
      {R"({"type":"a",})", ""},
      {R"({"type":01})", "number"},
      {R"({"type":tru})", ""},
      {R"({"type":"a)", ""},
      {"{\"type\":\"\xff\"}", ""},
      {"", ""},
  };
  for (const auto& [line, message] : cases) {
    EXPECT_FALSE(read(line)) << line;
    EXPECT_NE(fault_.message.find(message), std::string::npos) << line << ": " << fault_.message;
    EXPECT_LE(fault_.offset, std::string_view(line).size()) << line;
  }
}

// Each line has a second key that must be refused, and nothing else does: it stands at `again`.
TEST_F(Reading, a_key_that_is_used_stands_once_at_any_depth) {
  struct Case {
    const char *line, *again;
  };
  const Case cases[] = {
      // Of the line, the action and the context: all keys, also those that nobody reads.
      {R"({"action":{"type":"a"},"action":{"type":"a"}})", R"("action":{"type":"a"}})"},
      {R"({"action":{"type":"a"},"context":{},"context":{}})", R"("context":{}})"},
      {R"({"type":"a","type":"a"})", R"("type":"a"})"},
      {R"({"type":"a","odd":1,"odd":1})", R"("odd":1})"},
      {R"({"type":"a","data":{},"data":{}})", R"("data":{}})"},
      {R"({"type":"a","algo_key":"x","algorithm":"x"})", R"("algorithm")"},
      {R"({"action":{"type":"a"},"context":{"odd":1,"odd":1}})", R"("odd":1}})"},
      {R"({"action":{"type":"a"},"context":{"metrics":{},"metrics":{}}})", R"("metrics":{}}})"},
      {R"({"action":{"type":"a"},"context":{"time":"t","timestamp":"t"}})", R"("timestamp")"},
      // Of data, metrics, segment and features likewise.
      {R"({"type":"a","data":{"weight":1,"weight":1}})", R"("weight":1}})"},
      {R"({"type":"a","data":{"odd":1,"odd":1}})", R"("odd":1}})"},
      {R"({"type":"a","data":{"weight":1,"wei\u0067ht":1}})", R"("wei\u0067ht")"},
      {R"({"action":{"type":"a"},"context":{"metrics":{"cvr":1,"cvr":1}}})", R"("cvr":1}}})"},
      {R"({"action":{"type":"a"},"context":{"segment_data":{"geo":1,"geo":1}}})", R"("geo":1}}})"},
      {R"({"action":{"type":"a"},"context":{"features":{"f":1,"f":1}}})", R"("f":1}}})"},
      // Deeper down: on the way to what is read, and in what is read as a whole.
      {R"({"type":"a","data":{"deep":{"inner":{"x":1,"x":1}}}})", R"("x":1}}}})"},
      {R"({"type":"a","data":{"deep":{"inner":{},"inner":{}}}})", R"("inner":{}}}})"},
      {R"({"type":"a","data":{"deep":{"odd":1,"odd":1}}})", R"("odd":1}}})"},
      {R"({"type":"a","data":{"items":{"k":1,"k":1}}})", R"("k":1}}})"},
      {R"({"type":"a","data":{"items":[0,{"k":[{"l":{},"m":"}","l":1}]}]}})", R"("l":1)"},
      {R"({"action":{"type":"a"},"context":{"features":{"f":{"g":[1],"h":2,"g":3}}}})", R"("g":3)"},
  };
  for (const auto& [line, again] : cases) {
    EXPECT_FALSE(read(line)) << line;
    EXPECT_TRUE(fault_.message.find("appears twice") != std::string::npos ||
                fault_.message.find("given twice") != std::string::npos)
        << line << ": " << fault_.message;
    EXPECT_EQ(fault_.offset, std::string(line).rfind(again)) << line;
  }
}

TEST_F(Reading, below_what_nobody_reads_a_key_may_stand_twice) {
  EXPECT_TRUE(read(R"({"type":"a","data":{"odd":{"k":1,"k":1}}})")) << fault_.message;
  EXPECT_TRUE(read(R"({"action":{"type":"a"},"context":{"odd":[{"k":1,"k":1}]}})"))
      << fault_.message;
}

TEST_F(Reading, deep_nesting_is_a_fault_and_no_crash) {
  std::string line = R"({"type":"a","data":{"x":)";
  line += std::string(100'000, '[') + std::string(100'000, ']') + "}}";
  EXPECT_FALSE(read(line));
  EXPECT_NE(fault_.message.find("deeper"), std::string::npos) << fault_.message;
}

// What the decoder refuses beyond JSON itself, and what the oracle refuses that the decoder need
// not see.
bool is_own_rule(const std::string& message) {
  for (const char* part : {"twice", "must be", "unknown field", "deeper", "beside"}) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST_F(Reading, mutated_lines_are_accepted_exactly_when_they_are_json) {
  std::mt19937_64 random(20261120);
  const std::string alphabet = "{}[]\",:\\0123456789.eE+-truefalsn \t\x01\x80\xC3u";
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line = kLine;
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t place = random() % line.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          line[place] = c;
          break;
        case 1:
          line.insert(place, 1, c);
          break;
        default:
          line.erase(place, 1);
      }
    }
    const bool mine = read(line);
    const JsonResult oracle = parse_json(line);
    accepted += mine ? 1 : 0;
    if (mine) {
      EXPECT_TRUE(oracle.ok || is_own_rule(oracle.fault.message)) << line << "\n"
                                                                  << oracle.fault.message;
    } else {
      EXPECT_TRUE(!oracle.ok || is_own_rule(fault_.message)) << line << "\n" << fault_.message;
    }
  }
  EXPECT_GT(accepted, 1000u);  // otherwise the mutations prove nothing about what is accepted
}

TEST_F(Reading, numbers_are_what_the_oracle_reads_to_the_bit) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string number = random() % 2 ? "-" : "";
    number += std::to_string(random() % (random() % 2 ? 1000 : 100'000'000'000'000'000));
    if (random() % 2) number += "." + std::to_string(random() % 1'000'000'000'000);
    if (random() % 4 == 0) number += (random() % 2 ? "e-" : "E+") + std::to_string(random() % 320);
    const JsonResult oracle = parse_json(number);
    const bool mine = read(R"({"type":"a","data":{"weight":)" + number + "}}");
    ASSERT_EQ(mine, oracle.ok) << number << " " << fault_.message;
    if (!mine) continue;
    const double got = at({"action", "data", "weight"}).real;
    const double want = oracle.value.as_double();
    ASSERT_EQ(std::bit_cast<std::uint64_t>(got == 0 ? 0.0 : got),
              std::bit_cast<std::uint64_t>(want == 0 ? 0.0 : want))
        << number;
    ASSERT_EQ(raw({"action", "data", "weight"}), number);
  }
}

}  // namespace
}  // namespace autopilot::decide
