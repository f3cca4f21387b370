#include "core/deploy/health.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::FakeWorld;

class HealthChecks : public ::testing::Test {
 protected:
  HealthAnswer check(const std::string& spec) {
    return make_health(parse_json_or_throw(spec, "health"), {"shop", {blue}, "/site"}, fakes.world)
        ->check(blue, "v1");
  }
  FakeWorld fakes;
  Slot blue{"blue", 8001};
};

TEST_F(HealthChecks, over_http_any_status_below_400_is_healthy_unless_one_is_named) {
  int status = 204;
  fakes.http.answer = [&](const HttpRequest&) { return FakeHttp::says(status, ""); };
  EXPECT_TRUE(check(R"({"http": "/up?v={{version}}"})").healthy);
  EXPECT_EQ(fakes.http.requests[0].url, "http://127.0.0.1:8001/up?v=v1");
  EXPECT_FALSE(check(R"({"http": "/up", "status": 200})").healthy);
  status = 503;
  EXPECT_EQ(check(R"({"http": "/up"})").why, "503 from /up");
}

TEST_F(HealthChecks, nobody_there_is_unhealthy_with_the_reason) {
  EXPECT_NE(check(R"({"http": "/up"})").why.find("connection refused"), std::string::npos);
  EXPECT_NE(check(R"({"tcp": true})").why.find("connection refused"), std::string::npos);
  fakes.sockets.listening = {"127.0.0.1:8001"};
  EXPECT_TRUE(check(R"({"tcp": true})").healthy);
}

TEST_F(HealthChecks, a_program_says_it_by_its_exit_code) {
  EXPECT_NE(check(R"({"exec": ["./probe", "{{port}}"]})").why.find("cannot be started"),
            std::string::npos);
  fakes.processes.answer = [](const auto&) { return Captured{}; };
  EXPECT_TRUE(check(R"({"exec": ["./probe", "{{port}}"]})").healthy);
  EXPECT_EQ(fakes.processes.captured.back().words[1], "8001");
}

TEST(HealthCount, turns_over_only_after_so_many_equal_answers_in_a_row) {
  const HealthThresholds limits{2, 3};
  HealthCount count;
  const auto feed = [&](const char* answers) {
    for (const char* a = answers; *a != 0; ++a) count = count_answer(count, *a == '+', limits);
    return count.state;
  };
  EXPECT_EQ(feed("+"), HealthCount::State::unknown);
  EXPECT_EQ(feed("-+-"), HealthCount::State::unknown);
  EXPECT_EQ(feed("++"), HealthCount::State::healthy);
  EXPECT_EQ(feed("--+--+"), HealthCount::State::healthy);
  EXPECT_EQ(feed("---"), HealthCount::State::unhealthy);
  EXPECT_EQ(count.in_a_row, 3);
  EXPECT_EQ(feed("+-+"), HealthCount::State::unhealthy);
  EXPECT_EQ(feed("+"), HealthCount::State::healthy);
}

}  // namespace
}  // namespace autopilot::deploy
