// The provider exec, with a program that answers as it is told.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/traffic.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using testing::FakeProcesses;
using testing::FakeWorld;

class ExecTraffic : public ::testing::Test {
 protected:
  ExecTraffic() {
    fakes.processes.answer = [this](const FakeProcesses::Call& call) {
      Captured done;
      if (call.words[1] == "read") {
        done.out = reads.size() > 1 ? reads.front() : reads.at(0);
        if (reads.size() > 1) reads.erase(reads.begin());
      }
      if (call.words[1] == "set") done.status = set_status, done.err = "loading\nno such pool\n";
      return done;
    };
  }

  std::unique_ptr<Traffic> traffic() {
    return make_traffic(parse_json(R"({"provider": "exec", "pass": ["TOKEN"],
        "set": ["./lb", "set", "{{canary}}", "{{stable}}", "{{bp}}", "{{percent}}"],
        "read": ["./lb", "read"]})")
                            .value,
                        {"shop", {{"blue", 1}, {"green", 2}}, "/site"}, fakes.world);
  }

  FakeWorld fakes;
  std::vector<std::string> reads{R"({"weights": {"blue": 9500, "green": 500}})"};
  int set_status = 0;
};

TEST_F(ExecTraffic, the_program_is_told_the_split_in_words) {
  traffic()->set({"green", "blue", 1250});
  EXPECT_EQ(fakes.processes.captured[0].words,
            (std::vector<std::string>{"./lb", "set", "green", "blue", "1250", "12.5"}));
  EXPECT_EQ(fakes.processes.captured[0].limits.pass, std::vector<std::string>{"TOKEN"});
}

TEST_F(ExecTraffic, its_last_words_say_why_it_failed) {
  set_status = 3;
  try {
    traffic()->set({"green", "blue", 500});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::outside);
    EXPECT_STREQ(e.what(), "./lb set green failed (exit 3): no such pool");
  }
}

TEST_F(ExecTraffic, what_it_reads_back_decides_and_not_its_exit_code) {
  EXPECT_TRUE(traffic()->verify({"green", "blue", 500}).holds);
  const SplitCheck check = traffic()->verify({"green", "blue", 2500});
  EXPECT_FALSE(check.holds);
  EXPECT_EQ(check.why, "green has 500 basis points, blue has 9500, not 2500 and 7500");
  EXPECT_EQ(traffic()->shares(), (std::map<std::string, int>{{"blue", 9500}, {"green", 500}}));
}

TEST_F(ExecTraffic, a_match_and_copies_are_told_to_a_program_that_takes_them_and_read_back) {
  const auto able = make_traffic(parse_json(R"({"provider": "exec", "read": ["./lb", "read"],
        "set": ["./lb", "set", "{{canary}}", "{{bp}}", "{{match}}", "{{mirror}}"]})")
                                     .value,
                                 {"shop", {{"blue", 1}, {"green", 2}}, "/site"}, fakes.world);
  const Match testers{{false, "X-Beta", Matcher::How::exact, {"1", "\"; rm"}}};
  const Split split{"green", "blue", 0, testers, 2000};
  able->set(split);
  EXPECT_EQ(fakes.processes.captured[0].words,
            (std::vector<std::string>{"./lb", "set", "green", "0",
                                      R"([{"header":"X-Beta","exact":["1","\"; rm"]}])", "2000"}));
  const std::string weights = R"("weights": {"blue": 10000, "green": 0})";
  const std::string match = R"("match": [{"exact": ["1", "\"; rm"], "header": "X-Beta"}])";
  for (const auto& [text, why] :
       {std::pair("{" + weights + "}", "traffic.read printed nothing as match"),
        {"{" + weights + ", " + match + "}", "traffic.read printed nothing as mirror, not 2000"},
        {"{" + weights + ", " + match + R"(, "mirror": 20})",
         "traffic.read printed 20 as mirror, not 2000"}}) {
    reads = {text};
    const SplitCheck check = able->verify(split);
    EXPECT_FALSE(check.holds);
    EXPECT_EQ(check.why.substr(0, std::string(why).size()), why);
  }
  reads = {"{" + weights + ", " + match + R"(, "mirror": 2000})"};
  EXPECT_TRUE(able->verify(split).holds);
  // Gone must be seen, too.
  EXPECT_FALSE(able->verify({"green", "blue", 0}).holds);
  reads = {"{" + weights + R"(, "match": [], "mirror": 0})"};
  EXPECT_TRUE(able->verify({"green", "blue", 0}).holds);
  // One that takes neither is never asked for it.
  EXPECT_THROW(traffic()->set(split), Error);
}

TEST_F(ExecTraffic, counts_that_cannot_come_from_the_weights_are_a_lie) {
  reads = {R"({"weights": {"blue": 9500, "green": 500}, "requests": {"blue": 100, "green": 10}})",
           R"({"weights": {"blue": 9500, "green": 500}, "requests": {"blue": 500, "green": 410}})"};
  const SplitCheck check = traffic()->verify({"green", "blue", 500});
  EXPECT_FALSE(check.holds);
  EXPECT_EQ(check.why, "400 of 800 requests went to green, whose weight is 500 basis points");
}

TEST_F(ExecTraffic, at_zero_a_single_request_is_too_much) {
  reads = {R"({"weights": {"blue": 10000, "green": 0}, "requests": {"blue": 0, "green": 0}})",
           R"({"weights": {"blue": 10000, "green": 0}, "requests": {"blue": 900, "green": 1}})"};
  EXPECT_FALSE(traffic()->verify({"green", "blue", 0}).holds);
}

TEST_F(ExecTraffic, output_that_is_no_answer_does_not_hold) {
  for (const auto& [text, why] :
       {std::pair("yes", "./lb read printed no JSON"),
        std::pair("{}", "traffic.read printed no whole number as weights.green"),
        std::pair(R"({"weights": {"green": "5%"}})", "printed no whole number as weights.green")}) {
    reads = {text};
    const SplitCheck check = traffic()->verify({"green", "blue", 500});
    EXPECT_FALSE(check.holds);
    EXPECT_NE(check.why.find(why), std::string::npos) << check.why;
  }
}

TEST_F(ExecTraffic, open_connections_are_known_only_where_it_tells_them) {
  EXPECT_FALSE(traffic()->open_connections("green").has_value());
  reads = {R"({"weights": {"blue": 1, "green": 2}, "open": {"blue": 3, "green": 4}})"};
  EXPECT_EQ(traffic()->open_connections("green"), 4);
}

TEST_F(ExecTraffic, an_unknown_provider_is_told_with_what_was_meant) {
  try {
    make_traffic(Map{{"provider", "ngnix"}}, {"shop", {}, "/site"}, fakes.world);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unknown traffic provider ngnix");
    EXPECT_NE(e.hint().find("nginx"), std::string::npos);
  }
}

}  // namespace
}  // namespace autopilot::deploy
