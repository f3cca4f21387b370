#include "core/loop/arm_rows.h"

#include <gtest/gtest.h>

#include "core/loop/cells.h"

namespace autopilot::loop {
namespace {

std::vector<ArmRow> rows(std::string_view text, const std::string& name = "arms",
                         const ArmFormat& format = {}) {
  Diagnostics diagnostics;
  auto out = read_arm_rows(text, name, format, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << diagnostics.all().front().message;
  return out;
}

std::string fault(std::string_view text, const ArmFormat& format = {}) {
  Diagnostics diagnostics;
  read_arm_rows(text, "arms", format, diagnostics);
  if (diagnostics.ok()) return "";
  const Diagnostic& first = diagnostics.all().front();
  return place(diagnostics.sources(), first.span) + " " + first.message;
}

TEST(ArmRows, mean_the_same_in_every_format) {
  for (const std::string_view text :
       {"arm,trials,sum,weight\na,10,3,0.25\n", "arm,trials,sum,weight\r\na,10,3,25%\r\n",
        "\xEF\xBB\xBF\"arm\",trials,sum,weight\na,10,3,0.25\n",
        "arm;trials;sum;weight\na;10;3;0.25\n",
        "{\"arm\":\"a\",\"trials\":10,\"sum\":3,\"weight\":0.25}\n",
        "{\"schema\":\"x/v1\"}\n{\"arm\":\"a\",\"trials\":10,\"sum\":3,\"weight\":\"25%\"}",
        "[{\"arm\":\"a\",\"trials\":10,\"sum\":3,\"weight\":0.25}]",
        "{\"arms\":[{\"arm\":\"a\",\"trials\":10,\"sum\":3,\"weight\":0.25}]}",
        "arms:\n  - {arm: a, trials: 10, sum: 3, weight: 25%}\n",
        "- arm: a\n  trials: 10\n  sum: 3\n  weight: 0.25\n"}) {
    const auto read = rows(text);
    ASSERT_EQ(read.size(), 1u) << text;
    EXPECT_EQ(read[0].arm, "a");
    EXPECT_EQ(read[0].count, 10);
    EXPECT_EQ(read[0].sum, 3);
    EXPECT_EQ(read[0].weight, 0.25);
  }
}

TEST(ArmRows, names_that_others_use_are_understood_where_they_are_clear) {
  for (const std::string_view text :
       {"variant,n,successes\na,10,3\n", "Destination ID,Impressions,Clicks\na,10,3\n",
        "Arm,Trials,Sum\na,10,3\n", "arm,visits,conversions,revenue\na,10,3,99\n",
        "{\"action\":\"a\",\"pulls\":10,\"wins\":3}\n"}) {
    const auto read = rows(text);
    ASSERT_EQ(read.size(), 1u) << text;
    EXPECT_EQ(read[0].arm, "a");
    EXPECT_EQ(read[0].count, 10);
    EXPECT_EQ(read[0].sum, 3);
  }
  EXPECT_EQ(rows("arm,converted\na,true\n").at(0).sum, 1);
  EXPECT_EQ(rows("arm,trials,sum,old_weight\na,10,3,25%\n").at(0).weight, 0.25);
  std::map<std::string, std::string> understood;
  Diagnostics diagnostics;
  read_arm_rows("variant,n,sum\na,10,3\n", "arms", {}, diagnostics, &understood);
  const std::map<std::string, std::string> expected{{"arm", "variant"}, {"trials", "n"}};
  EXPECT_EQ(understood, expected);
}

// All of them, as "2:5 message; …".
std::string faults(std::string_view text, const ArmFormat& format = {}) {
  Diagnostics diagnostics;
  read_arm_rows(text, "arms", format, diagnostics);
  std::string out;
  for (const Diagnostic& one : diagnostics.all())
    out += (out.empty() ? "" : "; ") + place(diagnostics.sources(), one.span).substr(5) + " " +
           one.message;
  return out;
}

TEST(ArmRows, a_column_that_is_not_there_is_said_once) {
  EXPECT_EQ(faults("time,choice,clicked\n1,a,1\n2,b,0\n3,c,1\n"), "1:1 there is no column arm");
  ArmFormat format;
  format.segment = {"geo"};
  EXPECT_EQ(faults("arm,trials,sum\na,1,1\nb,1,0\n", format), "1:1 there is no column geo");
  EXPECT_EQ(faults("{\"variante\":\"a\",\"reward\":1}\n{\"arm\":\"a\",\"reward\":1}\n"),
            "1:1 there is no column arm");
}

TEST(ArmRows, faults_point_at_the_value) {
  EXPECT_EQ(faults("arm,trials,sum,weight\na,10,x,0.5\n\"b, c\",-1,0,2\n"),
            "2:6 sum is \"x\", not a number; 3:13 weight is 2, not a share such as 25% or 0.25");
  EXPECT_EQ(faults("- {arm: a, trials: 1, sum: 0}\n- {arm: b, trials: many, sum: 0}\n"),
            "2:20 trials is \"many\", not a number");
}

TEST(ArmRows, sums_that_stand_twice_are_told) {
  EXPECT_EQ(faults("arm,trials,sum\na,10,1\nb,10,1\na,20,2\n"),
            "4:1 arm a is here again: its rows are added up");
  for (const char* parts :
       {"arm,trials,sum,time\na,10,1,2026-11-20T00:00:00Z\na,10,1,2026-11-21T00:00:00Z\n",
        "arm,trials,sum,geo\na,10,1,FR\na,10,1,BE\n", "arm,reward\na,1\na,1\n"})
    EXPECT_EQ(faults(parts), "") << parts;
}

TEST(ArmRows, of_several_times_the_newest_tells_the_weight) {
  const auto cells = cells_of(rows("arm,trials,sum,weight,time\na,10,1,0.7,2026-11-21T00:00:00Z\n"
                                   "a,10,1,0.2,2026-11-20T00:00:00Z\n"),
                              {}, Instant());
  EXPECT_EQ(cells.at(0).before, 0.7);
  EXPECT_EQ(cells.at(0).rewards.count, 20);
}

TEST(ArmRows, names_that_could_mean_two_things_are_asked_for) {
  EXPECT_EQ(fault("arm,impressions,clicks,conversions\na,10,3,1\n"),
            "arms:1:1 clicks and conversions could each be sum");
  ArmFormat format;
  format.names = {{"sum", "conversions"}, {"trials", "clicks"}};
  const auto read = rows("arm,impressions,clicks,conversions\na,10,3,1\n", "arms", format);
  EXPECT_EQ(read.at(0).count, 3);
  EXPECT_EQ(read.at(0).sum, 1);
}

TEST(ArmRows, what_is_given_or_called_as_ours_is_not_guessed) {
  EXPECT_EQ(rows("arm,trials,sum,clicks,n\na,10,3,7,99\n").at(0).count, 10);
  EXPECT_EQ(fault("arm,trails,sum\na,10,3\n"), "arms:2:1 trials is missing");
}

TEST(ArmRows, one_reward_is_one_trial) {
  const auto read = rows("arm,reward\na,0.5\nb,true\n7,0\n");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].count, 1);
  EXPECT_EQ(read[0].square_sum, 0.25);
  EXPECT_EQ(read[1].sum, 1);
  EXPECT_EQ(read[2].arm, "7");
}

TEST(ArmRows, columns_may_be_called_otherwise) {
  ArmFormat format;
  format.names = {{"arm", "item_id"}, {"reward", "click"}};
  format.segment = {"geo"};
  const auto read = rows("item_id,click,geo,noise\n3,1,FR,x\n", "arms.csv", format);
  EXPECT_EQ(read.at(0).arm, "3");
  EXPECT_EQ(read.at(0).segment, std::vector<std::string>{"FR"});
}

TEST(ArmRows, what_is_wrong_is_named_with_its_place) {
  EXPECT_EQ(fault("arm,trials,sum\na,1,0\nb,x,0\n"), "arms:3:3 trials is \"x\", not a number");
  EXPECT_EQ(fault("arm,trials,sum\n\nb,1\n"), "arms:3:1 the row has 2 fields, the header 3");
  EXPECT_EQ(fault("arm,trials,sum\na,-1,0\n"), "arms:2:3 trials is below 0");
  EXPECT_EQ(fault("arm,trials,sum\na,0,1\n"), "arms:2:1 there are rewards without trials");
  EXPECT_EQ(fault("arm,trials,sum,weight\na,1,1,25\n"),
            "arms:2:7 weight is 25, not a share such as 25% or 0.25");
  EXPECT_EQ(fault("arm,trials\na,1\n"), "arms:2:1 sum is missing");
  EXPECT_EQ(fault("arms,trials,sum\na,1,1\n"), "arms:1:1 there is no column arm");
  EXPECT_EQ(fault("arm,reward\n,1\n"), "arms:2:1 arm is missing");
  EXPECT_EQ(fault("arm,trials,sum,square_sum\na,2,2,1\n"),
            "arms:2:7 square_sum is less than such rewards can have");
  EXPECT_TRUE(fault("{\"arm\":\"a\",\"reward\":NaN}").starts_with("arms:1:21 syntax error"));
  EXPECT_EQ(fault("{\"arm\":\"a\",\"reward\":1}\n3\n"),
            "arms:2:1 a row is a JSON object, not an integer");
  EXPECT_EQ(fault("- 3\n"), "arms:1:3 an arm is no mapping");
}

TEST(ArmRows, of_nothing_are_none) {
  EXPECT_TRUE(rows("").empty());
  EXPECT_TRUE(rows("arm,trials,sum\n").empty());
}

TEST(Cells, old_rewards_count_less) {
  Memory memory;
  memory.half_life = Duration::seconds(3600);
  memory.window = Duration::seconds(7200);
  const auto read = rows(
      "arm,reward,time\n"
      "a,1,2026-11-20T10:00:00Z\n"
      "a,1,2026-11-20T09:00:00Z\n"
      "a,1,2026-11-20T07:59:59Z\n"
      "a,1,2026-11-20T11:00:00Z\n");
  const auto cells = cells_of(read, memory, *parse_rfc3339("2026-11-20T10:00:00Z"));
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_DOUBLE_EQ(cells[0].rewards.count, 2.5);
}

TEST(Cells, are_one_for_each_arm_and_segment) {
  ArmFormat format;
  format.segment = {"geo"};
  const auto read = rows("arm,reward,geo\na,1,FR\nb,0,FR\na,1,BE\na,1,FR\n", "x.csv", format);
  const auto cells = cells_of(read, {}, {});
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_EQ(cells[0].rewards.count, 2);
}

}  // namespace
}  // namespace autopilot::loop
