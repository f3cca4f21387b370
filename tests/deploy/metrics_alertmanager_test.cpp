// Alerts that fire.
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::Providers;

TEST_F(Providers, alertmanager_counts_the_alerts_that_fire) {
  answers(FakeHttp::says(200, R"([{"labels":{"alertname":"Down"}},{"labels":{}}])"));
  const std::string spec =
      R"j({"provider":"alertmanager","matchers":["severity=\"critical\"","v=\"{{version}}\""]})j";
  EXPECT_EQ(value(spec), 2);
  EXPECT_EQ(read(spec).warnings[0], "firing: Down, ?");
  EXPECT_EQ(fake.http.requests[0].url,
            "http://127.0.0.1:9093/api/v2/alerts?active=true&silenced=false&inhibited=false"
            "&filter=severity%3D%22critical%22&filter=v%3D%222.4.1%22");
  answers(FakeHttp::says(200, "[]"));
  EXPECT_EQ(value(R"({"provider":"alertmanager"})"), 0);
  answers(FakeHttp::says(200, "{}"));
  EXPECT_NE(why(R"({"provider":"alertmanager"})").find("does not answer as Alertmanager"),
            std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
