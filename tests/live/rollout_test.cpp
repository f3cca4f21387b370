// The executable carries rollouts over real proxies under load: a good version arrives without one
// failed request, and a version that really fails is taken back by itself, with its cause named.
// AUTOPILOT_ROLLBACKS=200 for the long run: how soon the traffic is zero.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "core/base/json.h"
#include "tests/integration/process.h"
#include "tests/integration/project.h"
#include "tests/live/rig.h"
#include "tests/live/switching.h"

namespace autopilot::live {
namespace {

using integration::Ended;

// The log, as the nginx metrics want it, with what each slot's log lines are told apart by.
constexpr const char* kTimed =
    R"(log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_addr';
  access_log {}/access.log timed;)";

// How a version fails, by the first letters of its name.
constexpr const char* kServe = R"(backend=$1 port=$2 version=$3
case $version in
  errors*) set -- --errors 0.1 ;;
  slow*) set -- --delay 300 ;;
  late*) set -- --delay 5200 ;;
  dies*) set -- --die-after 1 ;;
  hangs*) set -- --hang-after 1 ;;
  hog*) set -- --hog 150 ;;
  imprecise*) set -- --precision 0.9 ;;
  costly*) set -- --roi 75000 ;;
  *) set -- ;;
esac
exec "$backend" "$port" "$version" "$@"
)";

constexpr const char* kHealth = "{http: /health, timeout: 1s}";

struct Trigger {
  const char* version;
  const char* metric;  // an entry of `metrics`, with LOG and SOCKET for where these are
  const char* rule;    // an entry of `rollback`
  const char* cause;   // what the status must name
  bool loses_requests = false;
  const char* health = kHealth;
  const char* steps =
      "[{name: canary, weight: 5%, hold: 3s}, {name: extended, weight: 25%, hold: 3s}]";
  const char* deadlines = "{drain: 8s}";
};

constexpr Trigger kGood{"good", "{provider: probe, url: \"http://127.0.0.1:{{port}}/\"}",
                        "canary.m > 0.5", ""};

class Shop {
 public:
  explicit Shop(Proxy kind, bool serves_v0 = true) : rig(kind) {
    if (kind == Proxy::nginx) keep_log();
    project.write("serve", kServe);
    if (!serves_v0) return;
    deploy(kGood);
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
  }
  ~Shop() {
    for (const char* slot : {"blue", "green"}) {
      const std::string name = fmt::format(".autopilot/deploy/shop/{}.process.json", slot);
      const JsonResult record = parse_json(project.read(name));
      const Value* pid = record.ok ? record.value.get("pid") : nullptr;
      if (pid != nullptr && pid->is_integer() && pid->as_int() > 1)
        ::kill(-static_cast<pid_t>(pid->as_int()), SIGKILL);
    }
  }
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  void deploy(const Trigger& t) {
    std::string metric = t.metric;
    put(metric, "LOG", rig.folder().path("access.log"));
    put(metric, "SOCKET", rig.socket());
    project.write(
        "policies/shop.yaml",
        fmt::format(R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {{id: shop}}
spec:
  slots: {{blue: {{port: {}}}, green: {{port: {}}}}}
  interval: 1s
  process: {{provider: exec, argv: [sh, serve, "{}", "{{{{port}}}}", "{{{{version}}}}"], grace: 2s}}
  traffic: {}
  health: {}
  metrics: {{m: {}}}
  steps: {}
  rollback: [{{name: {}, when: {}}}]
  deadlines: {}
)",
                    rig.site().slots[0].port, rig.site().slots[1].port, LIVE_BACKEND,
                    to_json(traffic()), t.health, metric, t.steps, t.version, t.rule, t.deadlines));
    project.must({"apply", "--yes", "-q"});
  }

  Value status() const {
    return parse_json_or_throw(project.run({"deploy", "status", "shop", "--json"}).out, "status");
  }

  // As the rig has it, for a process whose PATH is short and whose folder is its user's alone.
  Value traffic() {
    Map spec = rig.traffic_spec().as_map();
    if (spec.find("nginx") == nullptr) return spec;
    spec["directory"] = rig.folder().path("flags");
    if (!listen.empty()) spec["listen"] = listen;
    List words = spec.find("nginx")->as_list();
    for (const char* path : {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx"}) {
      if (::access(path, X_OK) == 0) words[0] = path;
    }
    spec["nginx"] = std::move(words);
    return spec;
  }

  // Which versions answer to 200 requests, each of a user of its own.
  std::vector<std::string> answering() {
    std::vector<std::string> out;
    for (int i = 0; i < 200; ++i) {
      HttpRequest request;
      request.url = fmt::format("http://127.0.0.1:{}/", rig.port());
      request.headers = {{"Cookie", fmt::format("uid=user-{}", i)}};
      const HttpResult result = rig.world().http.send(request);
      const std::string answer =
          result.ok() ? fmt::format("{} {}", result.response.status, result.response.body)
                      : result.why;
      if (std::find(out.begin(), out.end(), answer) == out.end()) out.push_back(answer);
    }
    return out;
  }

  // nginx listens elsewhere from now on, by somebody's hand, and the next document says so.
  void move_nginx() {
    const std::string before = fmt::format("127.0.0.1:{}", rig.port());
    const int port = free_port();
    listen = fmt::format("127.0.0.1:{}", port);
    std::string config = rig.folder().read("shop.conf");
    for (std::size_t at; (at = config.find(before)) != std::string::npos;)
      config.replace(at, before.size(), listen);
    rig.folder().write("shop.conf", config);
    rig.stop_proxy();
    rig.start_proxy();
    EXPECT_TRUE(wait_for_port(port));
  }

  Rig rig;
  integration::Project project;
  std::string listen;  // where that is; empty: as the rig has it

 private:
  static void put(std::string& text, const std::string& mark, const std::string& value) {
    const std::size_t at = text.find(mark);
    if (at != std::string::npos) text.replace(at, mark.size(), value);
  }

  void keep_log() {
    std::string config = rig.folder().read("nginx.conf");
    put(config, "access_log off;", fmt::format(fmt::runtime(kTimed), rig.folder().path()));
    rig.stop_proxy();
    rig.folder().write("nginx.conf", config);
    rig.start_proxy();
  }
};

void is_taken_back(Shop& shop, const Trigger& t) {
  SCOPED_TRACE(t.version);
  shop.deploy(t);
  const std::int64_t begin = monotonic_ms();
  Load load(shop.rig, Load::Tool::hey, 60);
  const Ended ended = shop.project.run({"deploy", "run", "shop", "--version", t.version, "-q"});
  const Load::Result sent = load.stop();
  const Value status = shop.status();
  EXPECT_EQ(ended.exit, 1) << describe(ended);
  EXPECT_EQ(status.get("state")->as_string(), "rolled_back") << to_pretty_json(status);
  EXPECT_NE(status.get("cause")->as_string().find(t.cause), std::string::npos)
      << to_pretty_json(status);
  EXPECT_EQ(shop.answering(), std::vector<std::string>{"200 v0\n"});
  EXPECT_GT(sent.requests, 100) << sent.text;
  if (!t.loses_requests) {
    EXPECT_EQ(sent.failed, 0) << sent.text;
  }
  const Value* zero = status.get("decision_to_zero_seconds");
  ASSERT_TRUE(zero->is_number()) << to_pretty_json(status);
  EXPECT_LT(zero->as_double(), 2);
  fmt::print(stderr,
             "{}: {} ms from the decision to zero, {:.1f} s in all, {} of {} requests failed; {}\n",
             t.version, static_cast<int>(zero->as_double() * 1000),
             static_cast<double>(monotonic_ms() - begin) / 1000, sent.failed, sent.requests,
             status.get("cause")->as_string());
}

void are_taken_back(Proxy kind, const std::vector<Trigger>& triggers) {
  Shop shop(kind);
  for (const Trigger& t : triggers) is_taken_back(shop, t);
}

void arrives(Proxy kind) {
  Shop shop(kind);
  Load load(shop.rig, Load::Tool::wrk, 60);
  const Ended ended = shop.project.run({"deploy", "run", "shop", "--version", "v1", "-q"});
  sleep_ms(500);
  const Load::Result sent = load.stop();
  EXPECT_EQ(ended.exit, 0) << describe(ended);
  EXPECT_EQ(shop.status().get("state")->as_string(), "promoted");
  EXPECT_EQ(shop.answering(), std::vector<std::string>{"200 v1\n"});
  EXPECT_GT(sent.requests, 1000) << sent.text;
  EXPECT_EQ(sent.failed, 0) << sent.text;
  fmt::print(stderr, "promoted: {} of {} requests failed\n", sent.failed, sent.requests);
}

class LiveRollout : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"nginx", "haproxy", "wrk", "hey"}) {
      if (!is_installed(program)) GTEST_SKIP() << program << " is not installed";
    }
  }
};

TEST_F(LiveRollout, a_good_version_arrives_over_nginx_without_a_failed_request) {
  arrives(Proxy::nginx);
}

TEST_F(LiveRollout, a_good_version_arrives_over_haproxy_without_a_failed_request) {
  arrives(Proxy::haproxy);
}

// What is taken back whatever else the machine does; those above and below count requests that may
// not fail, and seconds.
class LiveFailures : public LiveRollout {};

// Nothing serves yet, and nothing of autopilot's is at the proxy: there is no old version to go
// back to.
void is_taken_back_at_the_first_gate(Proxy kind) {
  Shop shop(kind, false);
  Trigger gated = kGood;
  gated.steps = "[{gate: ops}, {weight: 5%}]";
  shop.deploy(gated);
  shop.project.must({"deploy", "start", "shop", "--version", "v1"});
  EXPECT_EQ(shop.project.run({"deploy", "tick", "shop", "-q"}).exit, 4);
  const Ended back = shop.project.run({"deploy", "abort", "shop"});
  EXPECT_EQ(back.exit, 0) << describe(back);
  EXPECT_EQ(shop.status().get("state")->as_string(), "rolled_back");
  shop.deploy(kGood);
  const Ended ended = shop.project.run({"deploy", "run", "shop", "--version", "v2", "-q"});
  EXPECT_EQ(ended.exit, 0) << describe(ended);
  EXPECT_EQ(shop.answering(), std::vector<std::string>{"200 v2\n"});
}

TEST_F(LiveFailures, the_first_version_can_be_taken_back_from_nginx) {
  is_taken_back_at_the_first_gate(Proxy::nginx);
}

TEST_F(LiveFailures, the_first_version_can_be_taken_back_from_haproxy) {
  is_taken_back_at_the_first_gate(Proxy::haproxy);
}

// At the limits that people want; how long they must hold is shortened.
TEST_F(LiveFailures, each_version_that_really_fails_is_taken_back_by_itself) {
  const char* kLogP95 =
      "{provider: nginx, path: LOG, log_format: timed, where: {upstream_addr: "
      "\"127.0.0.1:{{port}}\"}, query: p95, window: 15s}";
  // Health that leaves it to the rule.
  const char* kPatient = "{http: /health, timeout: 1s, unhealthy: 60}";
  const char* kEval =
      "{provider: http, url: \"http://127.0.0.1:{{port}}/eval\", query: $.precision}";
  const char* kRoi = "{provider: http, url: \"http://127.0.0.1:{{port}}/eval\", query: $.roi}";
  const char* kFailures =
      "{provider: probe, url: \"http://127.0.0.1:{{port}}/health\", query: failures, timeout: "
      "300ms}";
  std::thread nginx([&] {
    are_taken_back(
        Proxy::nginx,
        {{"errors-a4",
          "{provider: nginx, path: LOG, log_format: timed, kind: count, where: {upstream_addr: "
          "\"127.0.0.1:{{port}}\"}, window: 5s}",
          "canary.m > 0.01, for: 2s", "canary.m > 0.01 for 2s", true},
         {"slow-m3", kLogP95, "canary.m > 0.2, for: 2s", "canary.m > 0.2 for 2s"},
         {"late-a4", kLogP95, "canary.m > 5.0, for: 2s", "canary.m > 5.0 for 2s: canary.m = 5.2"},
         {"dies-a4", kFailures, "canary.m > 3.0", "it has ended", true},
         // No patience brings it back.
         {"dies-in-vain-a4", kFailures, "canary.m > 3.0", "it has ended", true, kPatient}});
  });
  are_taken_back(
      Proxy::haproxy,
      {{"errors-m3",
        "{provider: haproxy, socket: SOCKET, backend: shop, server: \"{{slot}}\", kind: count, "
        "window: 5s}",
        "canary.m > 0.02, for: 2s", "canary.m > 0.02 for 2s", true},
       {"hangs-a4", kFailures, "canary.m > 3.0", "canary", true},
       {"hangs-by-rule-a4", kFailures, "canary.m > 3.0", "canary.m > 3.0: canary.m = 4", true,
        kPatient},
       {"hog-a4", "{provider: process, query: rss}", "canary.m > 0.95 * 400000000.0, for: 2s",
        "canary.m > 0.95 * 400000000.0 for 2s"},
       {"imprecise-m3", kEval, "canary.m < 0.94, for: 2s", "canary.m < 0.94 for 2s"},
       {"costly-m3", kRoi, "canary.m < 0.8 * before.m, over: 3s", "canary.m < 0.8 * before.m"}});
  nginx.join();
}

// Connections are taken and never answered: health by TCP sees nothing, and the metric takes its
// ten seconds to say that there is no answer.
TEST_F(LiveRollout, an_abort_is_heard_at_once_while_the_canary_and_its_metrics_hang) {
  Shop shop(Proxy::nginx);
  shop.deploy({"hangs", "{provider: http, url: \"http://127.0.0.1:{{port}}/eval\", query: $.roi}",
               "canary.m < 1.0", "", true, "{tcp: true}",
               "[{name: canary, weight: 5%, hold: 60s}]"});
  Load load(shop.rig, Load::Tool::hey, 60);
  integration::Process runner(
      shop.project.command({"deploy", "run", "shop", "--version", "hangs", "-q"}));
  const std::string hangs = "it was asked";
  const auto waiting = [&] { return shop.status().get("waiting")->as_string(); };
  for (int i = 0; i < 300 && waiting().find(hangs) == std::string::npos; ++i)
    runner.pump_for(100'000);
  EXPECT_NE(waiting().find(hangs), std::string::npos) << waiting();
  const std::int64_t begin = monotonic_ms();
  const Ended answered = shop.project.run({"deploy", "abort", "shop"});
  EXPECT_EQ(answered.exit, 0) << describe(answered);
  EXPECT_LT(monotonic_ms() - begin, 2500);
  EXPECT_EQ(runner.wait().exit, 1);
  EXPECT_EQ(shop.answering(), std::vector<std::string>{"200 v0\n"});
  EXPECT_LT(shop.status().get("decision_to_zero_seconds")->as_double(), 2);
}

constexpr const char* kLogErrors =
    "{provider: nginx, path: LOG, log_format: timed, kind: count, where: {upstream_addr: "
    "\"127.0.0.1:{{port}}\"}, window: 5s}";

// The canary's metrics are of the copies: it is judged before anybody was served.
TEST_F(LiveFailures, a_version_that_fails_on_copies_is_taken_back_and_nobody_sees_it) {
  Shop shop(Proxy::nginx);
  is_taken_back(shop, {"errors-copies", kLogErrors, "canary.m > 0.01, for: 2s",
                       "canary.m > 0.01 for 2s", false, kHealth,
                       "[{name: shadow, mirror: 20%, hold: 20s}, {name: canary, weight: 5%}]"});
  const Value status = shop.status();
  EXPECT_EQ(*status.get("exposure")->get("requests"), Value(0)) << to_pretty_json(status);
  EXPECT_GT(status.get("copies")->get("requests")->as_int(), 50);
  EXPECT_GT(status.get("copies")->get("bad")->as_int(), 5);
}

TEST_F(LiveRollout, a_good_version_arrives_by_testers_and_copies) {
  Shop shop(Proxy::nginx);
  shop.deploy(
      {"good", kLogErrors, "canary.m > 0.5", "", false, kHealth,
       "[{name: testers, match: {header: User-Agent, prefix: hey/}, hold: 3s}, {end: match}, "
       "{name: shadow, mirror: 20%, hold: 3s}, {name: canary, weight: 5%, hold: 3s}]"});
  Load load(shop.rig, Load::Tool::hey, 60);
  const Ended ended = shop.project.run({"deploy", "run", "shop", "--version", "v1", "-q"});
  const Load::Result sent = load.stop();
  EXPECT_EQ(ended.exit, 0) << describe(ended);
  const Value status = shop.status();
  EXPECT_EQ(status.get("state")->as_string(), "promoted") << to_pretty_json(status);
  EXPECT_GT(status.get("exposure")->get("requests")->as_int(), 100);
  EXPECT_GT(status.get("copies")->get("requests")->as_int(), 50);
  EXPECT_EQ(shop.answering(), std::vector<std::string>{"200 v1\n"});
  EXPECT_EQ(sent.failed, 0) << sent.text;
}

// nginx is asked through to the testers' slot time and again: that is no tester.
TEST_F(LiveRollout, what_autopilot_sends_through_nginx_itself_is_no_evidence) {
  Shop shop(Proxy::nginx);
  shop.deploy({"good", kLogErrors, "canary.m > 0.5", "", false, kHealth,
               "[{name: testers, match: {header: X-Beta, exact: '1'}, hold: 2s}, {weight: 50%}]"});
  Load load(shop.rig, Load::Tool::hey, 60);
  integration::Process runner(
      shop.project.command({"deploy", "run", "shop", "--version", "v1", "-q"}));
  runner.pump_for(8'000'000);
  EXPECT_EQ(shop.status().get("state")->as_string(), "stepping");
  EXPECT_EQ(*shop.status().get("exposure")->get("requests"), Value(0));
  EXPECT_EQ(shop.status().get("waiting")->as_string(), "no data of m: no requests in 5s");
  HttpRequest tester;
  tester.url = fmt::format("http://127.0.0.1:{}/", shop.rig.port());
  tester.headers = {{"X-Beta", "1"}};
  for (int i = 0; i < 100 && shop.status().get("state")->as_string() == "stepping"; ++i) {
    EXPECT_EQ(shop.rig.world().http.send(tester).response.body, "v1\n");
    runner.pump_for(100'000);
  }
  EXPECT_EQ(runner.wait().exit, 0);
  EXPECT_GT(shop.status().get("exposure")->get("requests")->as_int(), 3);
}

// The rollout's own copy asks where nobody listens any more.
TEST_F(LiveRollout, the_applied_document_takes_it_back_where_nginx_has_moved) {
  Shop shop(Proxy::nginx);
  Trigger gated = kGood;
  gated.steps = "[{name: canary, weight: 5%, hold: 1s}, {gate: ops}]";
  gated.deadlines = "{drain: 8s, rollback: 2s}";
  shop.deploy(gated);
  shop.project.must({"deploy", "start", "shop", "--version", "v1"});
  int exit = 0;
  for (int i = 0; i < 20 && exit != 4; ++i)
    exit = shop.project.run({"deploy", "tick", "shop", "-q"}).exit;
  EXPECT_EQ(exit, 4);
  shop.move_nginx();
  const Ended stuck = shop.project.run({"deploy", "abort", "shop"});
  EXPECT_EQ(stuck.exit, 8) << describe(stuck);
  EXPECT_NE(stuck.out.find("nginx does not run, or does not listen there"), std::string::npos)
      << describe(stuck);
  EXPECT_EQ(shop.status().get("state")->as_string(), "stuck");

  shop.deploy(gated);  // says where it is
  const Ended back = shop.project.run(
      {"deploy", "abort", "shop", "--use-applied", "--reason", "nginx listens elsewhere now"});
  EXPECT_EQ(back.exit, 0) << describe(back);
  EXPECT_EQ(shop.status().get("state")->as_string(), "rolled_back");
  HttpRequest request;
  request.url = fmt::format("http://{}/", shop.listen);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(shop.rig.world().http.send(request).response.body, "v0\n");
}

int rollbacks_wanted() {
  const char* text = std::getenv("AUTOPILOT_ROLLBACKS");
  return text == nullptr ? 2 : std::atoi(text);
}

TEST_F(LiveRollout, from_the_decision_to_verified_zero_it_takes_less_than_two_seconds) {
  Shop shop(Proxy::nginx);
  shop.deploy(
      {"errors", "{provider: probe, url: \"http://127.0.0.1:{{port}}/\"}", "canary.m > 0.02", ""});
  std::vector<double> seconds;
  for (int i = 0; i < rollbacks_wanted() && !HasFailure(); ++i) {
    Load load(shop.rig, Load::Tool::hey, 60);
    shop.project.run({"deploy", "run", "shop", "--version", fmt::format("errors{}", i), "-q"});
    load.stop();
    const Value status = shop.status();
    EXPECT_EQ(status.get("state")->as_string(), "rolled_back") << to_pretty_json(status);
    const Value* zero = status.get("decision_to_zero_seconds");
    if (zero->is_number()) seconds.push_back(zero->as_double());
  }
  std::sort(seconds.begin(), seconds.end());
  EXPECT_EQ(seconds.size(), static_cast<std::size_t>(rollbacks_wanted()));
  EXPECT_LT(percentile(seconds, 0.99), 2);
  fmt::print("{} rollbacks: p50 {:.3f} s, p99 {:.3f} s, worst {:.3f} s\n", seconds.size(),
             percentile(seconds, 0.5), percentile(seconds, 0.99), percentile(seconds, 1));
  if (std::getenv("AUTOPILOT_SHOW_SAMPLES") != nullptr)
    for (const double s : seconds) fmt::print("sample {:.6f}\n", s);
}

}  // namespace
}  // namespace autopilot::live
