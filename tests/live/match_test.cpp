// Matches and copies on a real nginx: testers always reach the canary, others by weight; copies
// reach it and nobody waits for them, however long it takes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_split.h"
#include "tests/live/rig.h"
#include "tests/live/switching.h"

namespace autopilot::live {
namespace {

using deploy::Carried;
using deploy::Match;
using deploy::Matcher;
using deploy::Routing;
using deploy::Split;
using deploy::SplitCheck;

const Match kTesters{{false, "X-Beta", Matcher::How::exact, {"1", "yes"}}};

// One client with connections of its own, which asks until it is told to stop.
class Client {
 public:
  Client(Rig& rig, std::vector<std::pair<std::string, std::string>> headers)
      : rig_(rig), headers_(std::move(headers)), thread_([this] { ask(); }) {}
  ~Client() { stop(); }
  void stop() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::atomic<std::int64_t> asked{0}, failed{0}, of_canary{0};
  std::vector<double> ms;  // after stop()

 private:
  void ask() {
    System system;
    while (!ending_) {
      HttpRequest request;
      request.url = fmt::format("http://127.0.0.1:{}/", rig_.port());
      request.headers = headers_;
      request.timeout = Duration::seconds(10);
      const std::int64_t begin = system.world().clock.monotonic_nanos();
      const HttpResult result = system.world().http.send(request);
      ms.push_back(static_cast<double>(system.world().clock.monotonic_nanos() - begin) / 1e6);
      ++asked;
      const bool ok = result.ok() && result.response.status == 200;
      failed += !ok;
      of_canary += ok && result.response.body == "v1\n";
      sleep_ms(2);
    }
  }

  Rig& rig_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

class LiveMatch : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    rig = std::make_unique<Rig>(Proxy::nginx);
  }
  void serve(const std::vector<Routing>& steps) {
    rig->start("blue", "v0");
    rig->start("green", "v1");
    rig->traffic().install(steps);
    set({"green", "blue", 0});
  }
  void set(const Split& split) {
    rig->traffic().set(split);
    const SplitCheck check = rig->traffic().verify(split);
    ASSERT_TRUE(check.holds) << check.why;
    observed = check.observed;
  }
  std::int64_t seen(const char* what) const { return observed.get(what)->as_int(); }

  // Rewrites the generated file behind autopilot's back and makes nginx read it.
  void tamper(const std::string& from, const std::string& to) {
    std::string text = rig->folder().read("shop.conf");
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    for (std::size_t i = at; i != std::string::npos; i = text.find(from, i + to.size()))
      text.replace(i, from.size(), to);
    rig->folder().write("shop.conf", text);
    ::kill(static_cast<pid_t>(std::stoi(rig->folder().read("nginx.pid"))), SIGHUP);
    sleep_ms(500);
  }

  std::unique_ptr<Rig> rig;
  Value observed;
};

TEST_F(LiveMatch, every_kind_of_match_is_what_is_computed_in_both_directions) {
  const std::vector<Match> matches{
      kTesters,
      {{true, "ring", Matcher::How::prefix, {"inner", "a$uri#{b}'~*^"}}},
      {{false, "X-Client", Matcher::How::regex, {R"((?:ios|android)/[0-9]{1,3})", "[$;{}\"]+x"}}},
      {{false,
        "X-Beta",
        Matcher::How::exact,
        {"\"; return 200; #", "a\\", "$remote_addr", "\xc3\xa9"}},
       {true, "ring", Matcher::How::exact, {"in"}},
       {false, "User-Agent", Matcher::How::prefix, {"autopilot/"}}},
      // The key itself can be matched.
      {{true, "uid", Matcher::How::exact, {"alice", "bob"}}}};
  std::vector<Routing> steps;
  for (const Match& match : matches) {
    for (const int bp : {0, 500, 9999}) steps.emplace_back(bp, match);
  }
  rig->traffic().install(steps);
  for (const Routing& step : steps) {
    for (const auto& [canary, stable] : {std::pair("green", "blue"), std::pair("blue", "green")}) {
      Split split{canary, stable, step.weight_bp, step.match, 0, matches};
      std::erase(split.past, step.match);
      set(split);
      EXPECT_EQ(seen("wrong"), 0);
      EXPECT_GE(observed.get("matches")->get("chosen")->as_int(), 1) << to_text(step);
      EXPECT_EQ(
          rig->traffic().shares(),
          (std::map<std::string, int>{{canary, step.weight_bp}, {stable, 10000 - step.weight_bp}}));
    }
  }
}

TEST_F(LiveMatch, testers_reach_the_canary_under_load_while_switching_and_nothing_fails) {
  if (!is_installed("wrk")) GTEST_SKIP() << "wrk is not installed";
  const std::vector<Routing> steps{
      {0, kTesters}, {500, kTesters}, {2500, kTesters}, {0, kTesters, 1000}};
  serve(steps);
  set({"green", "blue", 0, kTesters});
  Load load(*rig, Load::Tool::wrk, 60);
  Client tester(*rig, {{"X-Beta", "yes"}}), other(*rig, {{"X-Beta", "no"}, {"Cookie", "uid=u9"}});
  ASSERT_FALSE(deploy::in_first_bucket("u9", 2500));
  int switches = 0;
  std::vector<double> took;
  for (int i = 0; i < 8; ++i) {
    for (const Routing& step : steps) {
      const std::int64_t begin = monotonic_ms();
      set({"green", "blue", step.weight_bp, step.match, step.mirror_bp});
      took.push_back(static_cast<double>(monotonic_ms() - begin));
      ++switches;
      if (HasFatalFailure()) return;
    }
  }
  tester.stop();
  other.stop();
  // The match is gone with the rollback, and that is seen.
  set({"green", "blue", 0, {}, 0, {kTesters}});
  sleep_ms(200);
  const std::int64_t before = rig->served("green");
  Client after(*rig, {{"X-Beta", "1"}});
  sleep_ms(500);
  after.stop();
  const Load::Result sent = load.stop();
  EXPECT_EQ(sent.failed, 0) << sent.text;
  EXPECT_EQ(tester.failed + other.failed + after.failed, 0);
  EXPECT_GT(tester.asked, 50);
  EXPECT_EQ(tester.of_canary, tester.asked);
  EXPECT_EQ(other.of_canary, 0);
  EXPECT_EQ(after.of_canary, 0);
  EXPECT_EQ(rig->served("green"), before);
  std::sort(took.begin(), took.end());
  fmt::print(
      stderr,
      "{} switches, p50 {:.0f} ms, p99 {:.0f} ms to verified; {} of {} failed; {} of {} testers\n",
      switches, percentile(took, 0.5), percentile(took, 0.99), sent.failed, sent.requests,
      tester.of_canary.load(), tester.asked.load());
}

TEST_F(LiveMatch, a_match_that_was_edited_in_the_file_is_found_out) {
  serve({{0, kTesters}});
  set({"green", "blue", 0, kTesters});
  tamper("\"~^yes\\\\z\" 1;", "\"~*^yes\\\\z\" 1;");
  const SplitCheck check = rig->traffic().verify({"green", "blue", 0, kTesters});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("not where they should: key autopilot-"), std::string::npos)
      << check.why;
  EXPECT_NE(check.why.find("X-Beta: YES goes to ap_shop_green"), std::string::npos) << check.why;
}

TEST_F(LiveMatch, a_match_that_stays_when_it_should_be_gone_is_found_out) {
  serve({{500, kTesters}, 500});
  set({"green", "blue", 500, {}, 0, {kTesters}});
  tamper("set $ap_shop_pool $ap_shop_green_500;",
         "set $ap_shop_pool " + std::string("$ap_shop_green_500_m") + id_of(kTesters) + ";");
  EXPECT_FALSE(rig->traffic().verify({"green", "blue", 500, {}, 0, {kTesters}}).holds);
}

TEST_F(LiveMatch, a_strange_match_in_force_stops_an_install) {
  serve({{0, kTesters}});
  set({"green", "blue", 0, kTesters});
  try {
    rig->traffic().install({500});
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("whose match is none of the steps"), std::string::npos);
    EXPECT_NE(e.hint().find("/blue-10000"), std::string::npos) << e.hint();
  }
  set({"green", "blue", 0});
  rig->traffic().install({500});
}

TEST_F(LiveMatch, copies_reach_the_canary_and_answers_come_from_stable) {
  for (const Value& key : {Value(Map{{"cookie", "uid"}}), Value("request_id")}) {
    Value spec = rig->traffic_spec();
    spec.as_map()["key"] = key;
    const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
    if (rig->served("blue") == 0) serve({});
    traffic->install({{0, {}, 3000}, {500, {}, 3000}});
    const Split split{"green", "blue", 0, {}, 3000};
    traffic->set(split);
    const SplitCheck check = traffic->verify(split);
    ASSERT_TRUE(check.holds) << check.why;
    sleep_ms(100);
    const std::int64_t before = rig->served("green");
    int of_stable = 0;
    constexpr int kAsked = 2000;
    for (int i = 0; i < kAsked; ++i) {
      HttpRequest request;
      request.method = i % 2 == 0 ? "GET" : "POST";
      if (i % 2 == 1) request.body = "hello=world";
      request.url = fmt::format("http://127.0.0.1:{}/shop?a={}%20b", rig->port(), i);
      request.headers = {{"Cookie", fmt::format("uid=user-{}", i)}};
      const HttpResult result = rig->world().http.send(request);
      of_stable += result.ok() && result.response.body == "v0\n";
    }
    sleep_ms(300);
    EXPECT_EQ(of_stable, kAsked);
    std::int64_t expected = 0;
    for (int i = 0; i < kAsked; ++i)
      expected += deploy::in_second_bucket(fmt::format("user-{}", i), 0, 3000);
    const std::int64_t copied = rig->served("green") - before;
    if (key.is_map()) {
      EXPECT_EQ(copied, expected);
    } else {
      EXPECT_NEAR(static_cast<double>(copied), 600, 120);
    }
    const Split both{"green", "blue", 500, {}, 3000};
    traffic->set(both);
    EXPECT_TRUE(traffic->verify(both).holds) << traffic->verify(both).why;
    traffic->set({"green", "blue", 0});
    EXPECT_TRUE(traffic->verify({"green", "blue", 0}).holds);
  }
}

TEST_F(LiveMatch, the_log_of_copies_is_emptied_when_it_is_long_and_nginx_writes_on) {
  const Routing copies{0, {}, 3000};
  serve({copies});
  const Split split{"green", "blue", 0, {}, 3000};
  rig->traffic().set(split);
  ASSERT_TRUE(rig->traffic().verify(split).holds);
  const std::string log =
      deploy::copy_log(deploy::read_nginx_spec(rig->traffic_spec(), rig->site()));
  { std::ofstream(log, std::ios::app) << std::string(2 << 20, '\n'); }
  for (int i = 0; i < 2; ++i) {
    const SplitCheck check = rig->traffic().verify(split);
    EXPECT_TRUE(check.holds) << check.why;
    EXPECT_GE(check.observed.get("copies_seen")->as_int(), 1);
    EXPECT_LT(std::filesystem::file_size(log), 1U << 20);
  }
}

// What a hanging canary must not do: the next request of a connection would wait for the copy.
TEST_F(LiveMatch, nobody_waits_for_copies_to_a_canary_that_hangs) {
  if (!is_installed("wrk")) GTEST_SKIP() << "wrk is not installed";
  rig = std::make_unique<Rig>(Proxy::nginx, std::vector<std::string>{"--delay", "0"});
  rig->start("blue", "v0");
  const Routing copies{0, {}, 5000};
  rig->traffic().install({copies});
  set({"green", "blue", 0});
  const auto latency = [&](const char* what) {
    Client client(*rig, {{"Cookie", "uid=u1"}});
    Load load(*rig, Load::Tool::wrk, 60);
    sleep_ms(4000);
    const Load::Result sent = load.stop();
    client.stop();
    EXPECT_EQ(sent.failed, 0) << sent.text;
    EXPECT_EQ(client.failed, 0);
    std::sort(client.ms.begin(), client.ms.end());
    fmt::print(stderr,
               "{}: {} requests, {} failed, p50 {:.1f} ms, p99 {:.1f} ms, worst {:.1f} ms\n", what,
               sent.requests, sent.failed, percentile(client.ms, 0.5), percentile(client.ms, 0.99),
               client.ms.back());
    return client.ms.back();
  };
  latency("no copies");
  // It takes connections and requests, and never answers.
  const Program hanging(
      {LIVE_BACKEND, std::to_string(rig->slot("green").port), "v1", "--delay", "60000"},
      rig->folder().path("hanging.log"));
  ASSERT_TRUE(wait_for_port(rig->slot("green").port));
  rig->traffic().set({"green", "blue", 0, {}, 5000});
  const SplitCheck check = rig->traffic().verify({"green", "blue", 0, {}, 5000});
  EXPECT_TRUE(check.holds) << check.why;
  EXPECT_EQ(*check.observed.get("copies_answered"), Value(0)) << to_json(check.observed);
  EXPECT_LT(latency("copies of half to a canary that hangs"), 1000);
  EXPECT_GT(rig->served("green"), 100);
}

TEST_F(LiveMatch, a_location_with_a_mirror_of_its_own_is_told) {
  serve({{0, {}, 5000}});
  set({"green", "blue", 0, {}, 5000});
  EXPECT_GE(seen("copies_seen"), 1);
  tamper("location / {", "location / { mirror off;");
  const SplitCheck check = rig->traffic().verify({"green", "blue", 0, {}, 5000});
  EXPECT_FALSE(check.holds);
  EXPECT_NE(check.why.find("Has its location a mirror of its own"), std::string::npos) << check.why;
}

TEST_F(LiveMatch, a_server_of_ones_own_includes_matches_and_copies) {
  rig->start("blue", "v0");
  rig->start("green", "v1");
  const Folder& folder = rig->folder();
  folder.write("server.conf", "");
  std::string conf = folder.read("nginx.conf");
  const std::string mark = "shop.conf;";
  conf.replace(
      conf.find(mark), mark.size(),
      fmt::format("shop.conf; server {{ listen 127.0.0.1:{}; include server.conf; location / {{ "
                  "proxy_pass http://$ap_shop_pool; }} }}",
                  rig->port()));
  folder.write("nginx.conf", conf);
  Value spec = rig->traffic_spec();
  spec.as_map().erase("listen");
  spec.as_map()["server_config"] = folder.path("server.conf");
  spec.as_map()["probe"] = Map{{"address", fmt::format("127.0.0.1:{}", rig->port())}};
  const auto traffic = deploy::make_traffic(spec, rig->site(), rig->world());
  traffic->install({{500, kTesters, 2000}});
  for (const Split& split : {Split{"green", "blue", 500, kTesters, 2000},
                             Split{"green", "blue", 0, {}, 0, {kTesters}}}) {
    traffic->set(split);
    const SplitCheck check = traffic->verify(split);
    EXPECT_TRUE(check.holds) << check.why;
  }
}

// What they cost: every request is looked at for copies as soon as a step has some.
TEST_F(LiveMatch, a_configuration_with_matches_and_copies_serves_on) {
  if (!is_installed("wrk")) GTEST_SKIP() << "wrk is not installed";
  rig->start("blue", "v0");
  rig->start("green", "v1");
  for (const auto& [what, step] :
       {std::pair("shares only", Routing(500)), std::pair("a match", Routing(0, kTesters)),
        std::pair("copies of 5 %", Routing(0, {}, 500))}) {
    rig->traffic().install({step});
    set({"green", "blue", step.weight_bp, step.match, step.mirror_bp});
    Load load(*rig, Load::Tool::wrk, 2);
    const Load::Result sent = load.wait();
    EXPECT_EQ(sent.failed, 0) << sent.text;
    fmt::print(stderr, "{}: {} requests in 2 s\n", what, sent.requests);
    set({"green", "blue", 0});
  }
}

TEST_F(LiveMatch, who_is_not_nginx_cannot_send_copies) {
  serve({{0, {}, 5000}});
  set({"green", "blue", 0, {}, 5000});
  const std::int64_t before = rig->served("green");
  for (const char* path : {"mirror", "copy", "copy-probe", "canary", "canary-probe"}) {
    HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}/.autopilot/shop/{}", rig->port(), path);
    request.headers = {{"X-Autopilot-Token", "guess"}, {"X-Autopilot-To", "ap_shop_green_copy"},
                       {"X-Autopilot-Uri", "/"},       {"X-Autopilot-Method", "GET"},
                       {"X-Autopilot-Host", "x"},      {"Cookie", "uid=autopilot-none"}};
    const HttpResult result = rig->world().http.send(request);
    EXPECT_EQ(result.response.status, 404) << path;
  }
  sleep_ms(200);
  EXPECT_EQ(rig->served("green"), before);
}

TEST_F(LiveMatch, an_nginx_that_is_not_there_is_told_with_what_to_do) {
  for (const auto& [words, why] :
       {std::pair(List{"nginx-of-nobody"}, "nginx-of-nobody was not found on PATH ("),
        {List{"/nowhere/nginx"}, "/nowhere/nginx cannot be started"}}) {
    Value spec = rig->traffic_spec();
    spec.as_map()["nginx"] = words;
    try {
      deploy::make_traffic(spec, rig->site(), rig->world())->install({500});
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).substr(0, std::string(why).size()), why);
      EXPECT_NE(e.hint().find("traffic.nginx"), std::string::npos) << e.hint();
    }
  }
}

}  // namespace
}  // namespace autopilot::live
