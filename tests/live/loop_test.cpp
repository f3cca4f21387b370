// An algorithm that closes the loop over a real HAProxy: its logs are read, its weights are moved.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/json.h"
#include "core/deploy/haproxy_runtime.h"
#include "core/loop/actuator.h"
#include "tests/integration/project.h"
#include "tests/live/rig.h"

namespace autopilot::live {
namespace {

using integration::Ended;
using integration::Project;

struct Destination {
  const char* name;
  const char* errors;  // share of its answers that fail
};
constexpr Destination kDestinations[] = {{"a", "0.5"}, {"b", "0.4"}, {"c", "0.3"}, {"d", "0.1"}};

constexpr double kOff = 0.002;

constexpr const char* kDocuments = R"(apiVersion: autopilot/v1
kind: Policy
metadata: {{id: small-steps}}
spec:
  scope: algorithm
  algorithm: split
  mutations:
    - {{field: weight, max_delta: 0.1, from: old_weight}}
    - {{field: weight, clamp: [0.02, 0.9]}}
---
apiVersion: autopilot/v1
kind: Algorithm
metadata: {{id: split}}
spec:
  arms: {{a: {{}}, b: {{}}, c: {{}}, d: {{}}}}
  events: {{files: proxy.log, columns: {{generation: gen}}}}
  optimizer: {{method: thompson, floor: 3%}}
  actuator: {{provider: haproxy, socket: "{}", backend: shop}}
)";

// HAProxy writes one JSON object for each request: when, who answered, and whether it was well.
constexpr const char* kProxy = R"(global
  stats socket {0} mode 600 level admin
  log stdout format raw local0
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend web
  bind 127.0.0.1:{1}
  log global
  http-response set-var(txn.ok) int(0)
  http-response set-var(txn.ok) int(1) if {{ status 200 }}
  log-format '{{"time":%[date],"arm":"%s","reward":%[var(txn.ok)]}}'
  default_backend shop
backend shop
  balance roundrobin
)";

class LiveLoop : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"haproxy", "wrk"}) {
      if (!is_installed(program)) GTEST_SKIP() << program << " is not installed";
    }
    start_destinations();
    start_proxy();
    project.write("policies/split.yaml", fmt::format(kDocuments, socket()));
    project.must({"apply", "--yes"});
  }

  std::string socket() const { return project.path("admin.sock"); }

  void start_destinations() {
    for (const Destination& one : kDestinations) {
      ports.push_back(free_port());
      backends.push_back(std::make_unique<Program>(
          std::vector<std::string>{LIVE_BACKEND, std::to_string(ports.back()), one.name, "--errors",
                                   one.errors},
          project.path(fmt::format("{}.log", one.name))));
      ASSERT_TRUE(wait_for_port(ports.back()));
    }
  }

  void start_proxy() {
    port = free_port();
    std::string text = fmt::format(kProxy, socket(), port);
    for (std::size_t i = 0; i < std::size(kDestinations); ++i) {
      text += fmt::format("  server {} 127.0.0.1:{} weight 64\n", kDestinations[i].name, ports[i]);
    }
    project.write("haproxy.cfg", text);
    proxy = std::make_unique<Program>(
        std::vector<std::string>{"haproxy", "-db", "-f", project.path("haproxy.cfg")},
        project.path("proxy.log"));
    ASSERT_TRUE(wait_for_port(port)) << project.read("proxy.log");
  }

  void load() {
    Program wrk({"wrk", "-t1", "-c8", "-d1s", fmt::format("http://127.0.0.1:{}/", port)},
                project.path("wrk.log"));
    wrk.wait();
    sleep_ms(100);  // until the log is written
  }

  Value step() {
    const Ended ended = project.must({"run", "split", "--json"});
    return parse_json_or_throw(ended.out, "run");
  }

  static double share(const Value& report, const std::string& arm, const char* field) {
    for (const Value& entry : report.get("step")->get("arms")->as_list()) {
      if (entry.get("arm")->as_string() == arm) return entry.get(field)->as_double();
    }
    return -1;
  }

  System system;
  Project project;
  int port = 0;
  std::vector<int> ports;
  std::vector<std::unique_ptr<Program>> backends;
  std::unique_ptr<Program> proxy;
};

TEST_F(LiveLoop, weights_converge_to_the_best_of_four_destinations_in_steps_that_policies_allow) {
  double best = 0.25;
  std::int64_t modified = 0;
  for (int i = 0; i < 10; ++i) {
    load();
    const Value report = step();
    ASSERT_TRUE(report.get("step")->is_map()) << to_json(report);
    double sum = 0;
    for (const Destination& one : kDestinations) {
      const double before = share(report, one.name, "before");
      const double after = share(report, one.name, "after");
      EXPECT_LE(std::abs(after - before), 0.1 + 1e-9) << one.name;
      // HAProxy's weights are whole numbers: what was set is read back a little off.
      EXPECT_GE(after, 0.02 - kOff) << one.name;
      EXPECT_LE(after, 0.9 + kOff) << one.name;
      sum += after;
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    for (const Value& entry : report.get("step")->get("arms")->as_list()) {
      const Value* result = entry.get("result");
      modified += result != nullptr && result->as_string() == "modified";
    }
    EXPECT_GE(share(report, "d", "after"), best - 0.01) << "step " << i;
    best = share(report, "d", "after");
  }
  EXPECT_GT(best, 0.85);
  EXPECT_GT(modified, 3) << "the policy had to clamp";
  // What the proxy does is what was recorded.
  deploy::HaproxyRuntime runtime(system.world(), socket());
  std::map<std::string, std::int64_t> before, after;
  for (const auto& count : runtime.counts("shop")) before[count.server] = count.total;
  load();
  std::int64_t all = 0;
  for (const auto& count : runtime.counts("shop")) {
    after[count.server] = count.total - before[count.server];
    all += after[count.server];
  }
  EXPECT_NEAR(static_cast<double>(after["d"]) / static_cast<double>(all), best, 0.02);
}

TEST_F(LiveLoop, a_proxy_that_is_gone_keeps_the_step_open_until_it_is_back) {
  load();
  step();
  load();
  proxy.reset();
  const Ended gone = project.run({"run", "split"});
  EXPECT_EQ(gone.exit, 8) << integration::describe(gone);
  EXPECT_NE(gone.err.find("admin.sock"), std::string::npos) << gone.err;
}

// Two arms behind the provider that deployments use.
TEST(LiveLoopSplit, nginx_divides_between_two_arms_as_it_is_told) {
  if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
  Rig rig(Proxy::nginx);
  rig.start("blue", "v0");
  rig.start("green", "v1");
  loop::Algorithm algorithm;
  algorithm.id = "shop";
  for (const char* name : {"blue", "green"}) {
    loop::AlgorithmArm arm;
    arm.name = name;
    arm.port = rig.slot(name).port;
    algorithm.arms.push_back(arm);
  }
  Map traffic = rig.traffic_spec().as_map();
  traffic.erase("provider");
  algorithm.actuator = Map{{"provider", "nginx"}, {"traffic", traffic}};
  Masker masker;
  Secrets secrets(rig.world(), masker, rig.folder().path());
  const auto actuator = loop::make_actuator(algorithm, {rig.world(), secrets, rig.folder().path()});
  for (const int green : {3000, 4512}) {
    const loop::Order order{
        "shop", 1, "shop/1", {{loop::Segment(), {{"blue", 10000 - green}, {"green", green}}}}};
    actuator->set(order);
    deploy::SplitCheck check;
    for (int i = 0; i < 100 && !check.holds; ++i) {
      check = actuator->verify(order);
      if (!check.holds) sleep_ms(50);
    }
    EXPECT_TRUE(check.holds) << check.why;
    EXPECT_NEAR(actuator->current().at({}).at("green"), green, 1);
  }
}

}  // namespace
}  // namespace autopilot::live
