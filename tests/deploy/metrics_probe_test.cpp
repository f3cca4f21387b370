// The built-in prober.
#include "core/deploy/deltas.h"
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::Providers;

TEST_F(Providers, the_prober_counts_what_fails_and_what_is_slow) {
  int n = 0;
  fake.http.answer = [&](const HttpRequest&) {
    HttpResult r = FakeHttp::says(n % 5 == 0 ? 503 : 200, "");
    r.response.took = Duration::milliseconds(n % 5 == 1 ? 300 : 20);
    if (n % 10 == 2) r = {HttpResult::Fault::timeout, "it did not answer within 2s", "", {}};
    ++n;
    return r;
  };
  const std::string spec = R"({"provider":"probe","url":"http://127.0.0.1:{{port}}/")";
  const Reply reply = read(spec + R"(,"above":"200ms"})");
  EXPECT_EQ(reply.reading, Reading::increments);
  EXPECT_EQ(reply.total[0].points[0].value, 10);
  EXPECT_EQ(reply.bad[0].points[0].value, 5);
  EXPECT_EQ(reply.warnings[0], "5 of 10 requests failed: status 503");
  n = 0;
  EXPECT_NEAR(value(spec + R"(,"query":"error_rate"})"), 0.3, 1e-9);
  n = 0;
  EXPECT_NEAR(value(spec + R"(,"query":"max","requests":100})"), 0.3, 1e-3);
}

TEST_F(Providers, the_prober_counts_failures_in_a_row_across_readings) {
  const std::string spec = R"({"provider":"probe","url":"http://h/","query":"failures"})";
  const auto prober = make_metrics(parse_json(spec).value, fake.world);
  Value cursor;
  std::vector<double> seen;
  for (int i = 0; i < 5; ++i) {
    const bool up = i == 3;
    if (up)
      answers(FakeHttp::says(200, ""));
    else
      fake.http.answer = nullptr;  // refused
    query.to = query.to + Duration::seconds(10);
    const Taken taken = read_samples(*prober, query, cursor);
    cursor = taken.cursor;
    seen.push_back(taken.samples.back().value.value_or(-1));
  }
  EXPECT_EQ(seen, (std::vector<double>{1, 2, 3, 0, 1}));
}

TEST_F(Providers, what_says_nothing_about_the_arm_is_no_data_of_the_prober) {
  answers({HttpResult::Fault::unresolved, "no address is known for http://h", "", {}});
  EXPECT_EQ(why(R"({"provider":"probe","url":"http://h/"})"), "no address is known for http://h");
}

}  // namespace
}  // namespace autopilot::deploy
