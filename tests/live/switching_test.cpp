// Traffic moved under load on real proxies: the short form. bench/deploy_switch_bench.cpp has the
// long one.
#include "tests/live/switching.h"

#include <gtest/gtest.h>

#include "core/deploy/counts_fit.h"

namespace autopilot::live {
namespace {

class LiveSwitching : public ::testing::TestWithParam<Proxy> {
 protected:
  void SetUp() override {
    const std::string proxy = GetParam() == Proxy::nginx ? "nginx" : "haproxy";
    for (const std::string& program : {proxy, std::string("wrk"), std::string("hey")}) {
      if (!is_installed(program)) GTEST_SKIP() << program << " is not installed";
    }
  }
};

TEST_P(LiveSwitching, versions_come_and_go_under_load_and_no_request_is_lost) {
  Rig rig(GetParam());
  SwitchingPlan plan;
  plan.hold_ms = 300;
  plan.stream_seconds = 2;
  const SwitchingResult r = run_switching(rig, plan);
  for (const std::string& fault : r.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(r.failed, 0) << "of " << r.requests;
  EXPECT_GT(r.requests, 5000);
  EXPECT_EQ(r.switches, 14);
  EXPECT_EQ(r.stops, 2);
  EXPECT_EQ(r.broken_streams, 0);
  EXPECT_GT(r.streams, 2);
  EXPECT_EQ(r.broken_websockets, 0);
  EXPECT_GT(r.echoes, 50);
  for (const SharePoint& point : r.shares) {
    EXPECT_GT(point.total, 100) << point.bp;
    EXPECT_TRUE(deploy::counts_fit(point.canary, point.total, point.bp / 1e4))
        << point.canary << " of " << point.total << " at " << point.bp;
  }
}

TEST_P(LiveSwitching, a_rollback_is_verified_within_two_seconds_and_leaks_nothing) {
  Rig rig(GetParam());
  const RollbackResult r = run_rollbacks(rig, 20);
  for (const std::string& fault : r.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(r.failed, 0) << "of " << r.requests;
  EXPECT_GE(r.ms.front(), 0);
  EXPECT_LE(r.ms.back(), 2000);
  EXPECT_EQ(r.leaks, 0);
}

INSTANTIATE_TEST_SUITE_P(Proxies, LiveSwitching, ::testing::Values(Proxy::nginx, Proxy::haproxy),
                         [](const auto& test) {
                           return test.param == Proxy::nginx ? "nginx" : "haproxy";
                         });

}  // namespace
}  // namespace autopilot::live
