// The provider haproxy against a real HAProxy.
#include <gtest/gtest.h>

#include <regex>

#include "core/base/error.h"
#include "core/deploy/haproxy_runtime.h"
#include "tests/live/rig.h"

namespace autopilot::live {
namespace {

using deploy::Split;
using deploy::SplitCheck;

class LiveHaproxy : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("haproxy")) GTEST_SKIP() << "haproxy is not installed";
    rig = std::make_unique<Rig>(Proxy::haproxy);
    rig->start("blue", "v0");
    rig->start("green", "v1");
  }

  // With another configuration.
  void reconfigure(const std::string& from, const std::string& to) {
    const std::string text = rig->folder().read("haproxy.cfg");
    const std::string changed = std::regex_replace(text, std::regex(from), to);
    ASSERT_NE(text, changed);
    rig->folder().write("haproxy.cfg", changed);
    rig->stop_proxy();
    rig->start_proxy();
  }

  std::string fault_of_install() {
    try {
      rig->traffic().install({500});
    } catch (const Error& e) {
      return std::string(e.what()) + " | " + e.hint();
    }
    return "none";
  }

  std::string why(const Split& split) {
    const SplitCheck check = rig->traffic().verify(split);
    return check.holds ? "holds" : check.why;
  }

  std::unique_ptr<Rig> rig;
};

TEST_F(LiveHaproxy, takes_any_share_in_both_directions_and_says_what_it_became) {
  rig->traffic().install({});
  for (const int bp : {0, 1, 500, 3333, 9999, 10000}) {
    for (const auto& [canary, stable] : {std::pair("green", "blue"), std::pair("blue", "green")}) {
      const Split split{canary, stable, bp};
      rig->traffic().set(split);
      const SplitCheck check = rig->traffic().verify(split);
      EXPECT_TRUE(check.holds) << check.why;
      EXPECT_NEAR(check.observed.get("share")->as_double(), bp / 1e4, 0.0039);
      EXPECT_EQ(check.observed.get("share")->as_double() == 0, bp == 0);
      EXPECT_NEAR(rig->traffic().shares().at(canary), bp, 39);
    }
  }
}

TEST_F(LiveHaproxy, weights_survive_a_restart_by_the_state_file) {
  rig->traffic().set({"green", "blue", 2500});
  rig->stop_proxy();
  rig->start_proxy();
  EXPECT_EQ(why({"green", "blue", 2500}), "holds");
}

TEST_F(LiveHaproxy, weights_set_by_somebody_else_are_seen) {
  rig->traffic().set({"green", "blue", 500});
  deploy::HaproxyRuntime(rig->world(), rig->socket()).set_weight("shop", "green", 7);
  EXPECT_EQ(why({"green", "blue", 500}), "server shop/green has weight 7, not 1");
}

TEST_F(LiveHaproxy, a_rule_that_ignores_weights_is_caught_by_counting) {
  if (!is_installed("wrk")) GTEST_SKIP() << "wrk is not installed";
  reconfigure("balance roundrobin", "balance roundrobin\n  use-server green if TRUE");
  rig->traffic().set({"green", "blue", 500});
  Load load(*rig, Load::Tool::wrk, 3);
  sleep_ms(500);
  const std::string answer = why({"green", "blue", 500});
  EXPECT_NE(answer.find("is there a cookie, a rule, or balance random"), std::string::npos)
      << answer;
  rig->traffic().set({"green", "blue", 0});
  EXPECT_NE(why({"green", "blue", 0}), "holds");
  load.wait();
}

TEST_F(LiveHaproxy, a_server_that_is_down_does_not_take_its_share) {
  reconfigure("server green ([^ ]*) weight 0",
              "server green $1 weight 0 check inter 100 fall 1 rise 1");
  rig->process().stop(rig->slot("green"), Duration::seconds(1));
  rig->traffic().set({"green", "blue", 500});
  sleep_ms(600);
  EXPECT_EQ(why({"green", "blue", 500}), "server shop/green is down: its share goes elsewhere");
  rig->traffic().set({"green", "blue", 0});
  EXPECT_EQ(why({"green", "blue", 0}), "holds");
}

TEST_F(LiveHaproxy, several_servers_share_what_their_slot_gets) {
  const std::string green = "server green 127.0.0.1:" + std::to_string(rig->slot("green").port);
  reconfigure(green + " weight 0", green + " weight 0\n  server green2 127.0.0.1:" +
                                       std::to_string(rig->slot("green").port) + " weight 0");
  Value spec = rig->traffic_spec();
  spec.as_map()["servers"] = Map{{"green", List{"green", "green2"}}};
  const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
  traffic->set({"green", "blue", 2500});
  const SplitCheck check = traffic->verify({"green", "blue", 2500});
  EXPECT_TRUE(check.holds) << check.why;
  EXPECT_DOUBLE_EQ(check.observed.get("share")->as_double(), 0.25);
  EXPECT_EQ(traffic->shares().at("green"), 2500);
}

TEST_F(LiveHaproxy, a_balance_that_does_not_divide_requests_by_weight_is_told) {
  reconfigure("balance roundrobin", "balance static-rr");
  EXPECT_NE(fault_of_install().find(
                "has balance static-rr, which keeps its weights | shares of requests follow "
                "weights with balance roundrobin or random(1)"),
            std::string::npos)
      << fault_of_install();
  reconfigure("balance static-rr", "balance leastconn");
  EXPECT_NE(
      fault_of_install().find("has balance leastconn, which divides connections, not requests"),
      std::string::npos)
      << fault_of_install();
  reconfigure("balance leastconn", "balance random(1)");
  EXPECT_EQ(fault_of_install(), "none");
}

TEST_F(LiveHaproxy, a_socket_without_admin_rights_is_told) {
  reconfigure("level admin", "level operator");
  const std::string fault = fault_of_install();
  EXPECT_NE(fault.find("has level operator | weights need: stats socket PATH level admin"),
            std::string::npos)
      << fault;
}

TEST_F(LiveHaproxy, names_that_it_does_not_know_are_told) {
  Value spec = rig->traffic_spec();
  spec.as_map()["backend"] = "shopp";
  EXPECT_NE(deploy::make_traffic(spec, rig->site(), rig->world())
                ->verify({"green", "blue", 0})
                .why.find("HAProxy has no backend shopp"),
            std::string::npos);
  spec = rig->traffic_spec();
  spec.as_map()["servers"] = Map{{"green", "grean"}};
  EXPECT_NE(deploy::make_traffic(spec, rig->site(), rig->world())
                ->verify({"green", "blue", 0})
                .why.find("HAProxy's backend shop has no server grean"),
            std::string::npos);
}

TEST_F(LiveHaproxy, one_that_does_not_run_is_told) {
  rig->stop_proxy();
  EXPECT_NE(why({"green", "blue", 0}).find("HAProxy does not run"), std::string::npos);
  EXPECT_FALSE(rig->traffic().open_connections("green").has_value());
  EXPECT_TRUE(rig->traffic().shares().empty());
}

TEST_F(LiveHaproxy, counts_what_a_slot_still_serves) {
  rig->traffic().set({"green", "blue", 10000});
  {
    LongClients clients(rig->port(), 2);
    sleep_ms(500);
    EXPECT_GE(rig->traffic().open_connections("green").value_or(0), 2);
    ASSERT_GE(rig->switch_to("green", "blue", 0), 0) << rig->last_why();
    EXPECT_GE(rig->traffic().open_connections("green").value_or(0), 2);
  }
  sleep_ms(200);
  EXPECT_EQ(rig->traffic().open_connections("green"), 0);
}

}  // namespace
}  // namespace autopilot::live
