#include "core/evaluate/weights.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace autopilot::evaluate {
namespace {

// "red=0.4 green@1=0.5", or where what is wrong: "2:5 the weight …".
std::string read(const std::string& text, const std::string& file = "w.csv") {
  Diagnostics faults;
  const Weights weights = read_weights(text, file, faults);
  std::string out;
  for (const Diagnostic& fault : faults.all()) {
    const Position at = faults.sources().position(fault.span.source, fault.span.begin);
    out += fmt::format("{}{}:{} {}", out.empty() ? "" : "; ", at.line, at.column, fault.message);
  }
  if (!out.empty()) return out;
  for (const ActionWeight& w : weights.of)
    out += fmt::format("{}{}{}={}", out.empty() ? "" : " ", w.action,
                       w.position ? "@" + *w.position : std::string(), w.weight);
  return out;
}

TEST(WeightsFile, is_csv_of_actions_of_actions_and_positions_or_a_column_for_each_position) {
  EXPECT_EQ(read("arm,weight\nred,0.4\n\ngreen,1e-3\r\n"), "red=0.4 green=0.001");
  EXPECT_EQ(read("arm;slot;weight\nred;1;0.4\nred;2;1\n"), "red@1=0.4 red@2=1");
  EXPECT_EQ(read("arm,1,2\nred,0.4,0.6\n"), "red@1=0.4 red@2=0.6");
  EXPECT_EQ(read("arm,weight\n\"a, \"\"b\"\"\",3\n"), "a, \"b\"=3");
}

TEST(WeightsFile, is_a_map_in_json_or_yaml) {
  EXPECT_EQ(read(R"({"red":0.4,"green":{"1":2}})", "w.json"), "red=0.4 green@1=2");
  EXPECT_EQ(read("weights:\n  red: 1\n  no: 2\n", "w.yaml"), "red=1 no=2");
}

TEST(WeightsFile, takes_shares_and_refuses_what_cannot_be_added_up) {
  EXPECT_EQ(read(R"({"red":"10%","green":"90 %"})", "w.json"),
            "1:22 the weight of green is '90 %', not a number from 0 on");
  EXPECT_EQ(read("arm,weight\nred,10%\ngreen,0.9\n"), "red=0.1 green=0.9");
  EXPECT_EQ(read("arm,weight\nred,1e308\n"),
            "2:5 the weight of red is '1e308', not a number from 0 on");
}

TEST(WeightsFile, says_where_each_fault_is) {
  EXPECT_EQ(read("arm,weight\nred,x\ngreen,-1\nblue,NaN\n\nred,1\ngrey\n"),
            "2:5 the weight of red is 'x', not a number from 0 on; "
            "3:7 the weight of green is '-1', not a number from 0 on; "
            "4:6 the weight of blue is 'NaN', not a number from 0 on; "
            "6:5 red has a weight already; 7:1 the row has 1 fields, the header 2");
  EXPECT_EQ(read("arm,slot,weight\nred,1,2\nred,1,3\n"), "3:7 red at 1 has a weight already");
  EXPECT_EQ(read("red: 1\ngreen: abc\n", "w.yaml"),
            "2:8 the weight of green is 'abc', not a number from 0 on");
  EXPECT_EQ(read("red: 1\nred: 2\n", "w.yml"), "2:1 the key \"red\" appears twice in one map");
  EXPECT_EQ(read("{\n \"red\": [1]}", "w.json"),
            "2:9 the weight of red is '', not a number from 0 on");
  EXPECT_EQ(read("{\n \"red\": 1,}", "w.json").substr(0, 5), "2:11 ");
}

TEST(WeightsFile, whose_header_is_missing_does_not_lose_its_first_action) {
  const std::string why = "1:1 the first line holds weights: it should name the columns";
  EXPECT_EQ(read("red,0.4\ngreen,0.6\n"), why);
  EXPECT_EQ(read("red,1\ngreen,2\n"), why);
  EXPECT_EQ(read("red,0.4,0.2\ngreen,0.6,0.8\n"), why);
  EXPECT_EQ(read("red\ngreen\n"), "1:1 there is one column: actions without weights");
}

TEST(WeightsFile, without_weights_is_refused) {
  for (const char* file : {"w.csv", "w.yaml"})
    EXPECT_EQ(read("", file), fmt::format("1:1 {} holds no weights", file));
  EXPECT_EQ(read("arm,weight\n"), "1:1 w.csv holds no weights");
  EXPECT_EQ(read("[1, 2]", "w.json"), "1:1 w.json holds no weights");
  EXPECT_EQ(read("{}", "w.json"), "1:1 w.json holds no weights");
}

}  // namespace
}  // namespace autopilot::evaluate
