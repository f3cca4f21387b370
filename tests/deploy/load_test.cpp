#include "core/deploy/load.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "core/render/text.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeClock;
using autopilot::testing::FakeWorld;

// A server in virtual time: when a request that is sent at `now` is answered, and how.
struct Served {
  std::int64_t at = 0;  // 0: never
  int status = 200;
  WireEvent::Fault fault = WireEvent::Fault::none;
};

class FakeWire final : public HttpWire {
 public:
  FakeWire(FakeClock& clock, std::function<Served(std::int64_t now)> serve)
      : clock_(clock), serve_(std::move(serve)) {}

  void start(int connection) override {
    EXPECT_FALSE(waiting_.contains(connection));
    const Served served = serve_(clock_.monotonic_nanos());
    waiting_.insert(connection);
    if (served.at > 0)
      coming_.emplace(served.at,
                      WireEvent{connection, served.fault, served.status, served.at, 100});
  }
  bool wait(std::int64_t until, std::vector<WireEvent>& events) override {
    EXPECT_GE(until, clock_.monotonic_nanos());
    if (!coming_.empty()) until = std::min(until, coming_.begin()->first);
    until = std::max(until, clock_.monotonic_nanos());
    if (stop_at > 0 && until >= stop_at) return true;
    clock_.tick(Duration{until - clock_.monotonic_nanos()});
    while (!coming_.empty() && coming_.begin()->first <= until) {
      if (waiting_.erase(coming_.begin()->second.connection) > 0)
        events.push_back(coming_.begin()->second);
      coming_.erase(coming_.begin());
    }
    return false;
  }
  void drop(int connection) override { waiting_.erase(connection); }

  std::int64_t stop_at = 0;

 private:
  FakeClock& clock_;
  std::function<Served(std::int64_t)> serve_;
  std::set<int> waiting_;
  std::multimap<std::int64_t, WireEvent> coming_;
};

constexpr std::int64_t kMs = 1'000'000;

class Load : public ::testing::Test {
 protected:
  FakeWorld fake;
  LoadPlan plan = [] {
    LoadPlan p;
    p.url = "http://127.0.0.1:8001/a?b=c";
    p.rate = 100;
    p.duration = Duration::seconds(10);
    p.timeout = Duration::seconds(2);
    return p;
  }();
  WirePlan asked;
  std::int64_t stop_at = 0;

  LoadResult run(std::function<Served(std::int64_t now)> serve) {
    fake.clock.tick(Duration{1});
    fake.sockets.open = [&](const WirePlan& wire) {
      asked = wire;
      auto made = std::make_unique<FakeWire>(fake.clock, serve);
      made->stop_at = stop_at;
      return WireOpened{std::move(made), {}};
    };
    return run_load(plan, fake.world);
  }
  static Served after(std::int64_t now, std::int64_t ms) { return {now + ms * kMs}; }
};

TEST_F(Load, requests_are_sent_at_the_rate_whatever_the_answers_do) {
  const LoadResult r = run([](std::int64_t now) { return after(now, 5); });
  EXPECT_EQ(r.due, 1000);
  EXPECT_EQ(r.answered, 1000);
  EXPECT_EQ(r.failed, 0);
  EXPECT_EQ(r.late, 0);
  EXPECT_EQ(r.most_connections, 1);
  EXPECT_NEAR(r.throughput(), 100, 0.1);
  EXPECT_NEAR(static_cast<double>(r.latency.quantile(0.99).nanos), 5e6, 5e6 / 200);
}

TEST_F(Load, the_request_is_http) {
  plan.method = "POST";
  plan.body = "{}";
  plan.headers = {{"X-A", "1"}};
  run([](std::int64_t now) { return after(now, 1); });
  EXPECT_EQ(asked.request,
            "POST /a?b=c HTTP/1.1\r\nX-A: 1\r\nHost: 127.0.0.1:8001\r\nContent-Length: 2\r\n"
            "User-Agent: autopilot/" AUTOPILOT_VERSION "\r\n\r\n{}");
  EXPECT_EQ(asked.port, 8001);
  EXPECT_EQ(asked.reach, HttpReach::loopback_only);
}

// The server stops for a second: those who would have come meanwhile wait, too. A generator that
// waits for answers on one connection would see one slow request in a thousand.
TEST_F(Load, a_stall_is_seen_by_all_who_would_have_come_meanwhile) {
  for (const int connections : {1, 256}) {
    plan.connections = connections;
    const std::int64_t start = fake.clock.monotonic_nanos();
    const LoadResult r = run([&](std::int64_t now) {
      const std::int64_t in = now - start;
      const bool stalled = in >= 4000 * kMs && in < 5000 * kMs;
      return Served{stalled ? start + 5000 * kMs : now + kMs};
    });
    EXPECT_EQ(r.due, 1000);
    EXPECT_GT(r.latency.quantile(0.99), Duration::milliseconds(850));
    EXPECT_GT(r.latency.quantile(0.95), Duration::milliseconds(400));
    EXPECT_LT(r.latency.quantile(0.85), Duration::milliseconds(5));
    if (connections == 1) {
      EXPECT_LT(r.service.quantile(0.99), Duration::milliseconds(5));
      EXPECT_GT(r.late, 80);
    }
  }
}

TEST_F(Load, what_is_never_answered_counts_with_the_time_that_was_waited) {
  const LoadResult r = run([](std::int64_t) { return Served{}; });
  EXPECT_EQ(r.answered, 0);
  EXPECT_EQ(r.failed, r.due);
  EXPECT_EQ(r.timed_out + r.unsent, r.due);
  EXPECT_EQ(r.latency.count(), r.due);
  EXPECT_GE(r.latency.quantile(0.5), Duration::seconds(2));
}

TEST_F(Load, failures_are_counted_by_kind) {
  int n = 0;
  const LoadResult r = run([&](std::int64_t now) {
    Served s = after(now, 1);
    switch (n++ % 5) {
      case 0:
        s.fault = WireEvent::Fault::refused;
        break;
      case 1:
        s.fault = WireEvent::Fault::closed;
        break;
      case 2:
        s.status = 500;
        break;
      case 3:
        s.status = 302;
        break;
    }
    return s;
  });
  EXPECT_EQ(r.refused, 200);
  EXPECT_EQ(r.closed, 200);
  EXPECT_EQ(r.statuses[500], 200);
  EXPECT_EQ(r.failed, 600);
  EXPECT_DOUBLE_EQ(r.error_share(), 0.6);
}

TEST_F(Load, what_is_asked_for_beyond_the_connections_waits_and_is_said_to_be_late) {
  plan.connections = 1;
  const LoadResult r = run([](std::int64_t now) { return after(now, 20); });
  EXPECT_LT(r.answered, 510);
  EXPECT_NEAR(static_cast<double>(r.unsent), 500, 10);
  EXPECT_EQ(r.due, 1000);
  EXPECT_GT(r.latency.quantile(0.9), Duration::seconds(4));
  const std::string text = render::report_text(describe_load(plan, r), {});
  EXPECT_NE(text.find("At times all of --connections 1 waited for answers"), std::string::npos)
      << text;
  EXPECT_NE(text.find("no connection was free to send it"), std::string::npos);
}

// A server that does 50 a second under 100 a second: what it answers after the load has ended, from
// the queue, is no throughput.
TEST_F(Load, throughput_is_what_was_answered_while_the_load_lasted) {
  std::int64_t free_at = 0;
  plan.timeout = Duration::seconds(30);
  plan.connections = 1000;
  const LoadResult r = run([&](std::int64_t now) {
    free_at = std::max(free_at, now) + 20 * kMs;
    return Served{free_at};
  });
  EXPECT_EQ(r.answered, 1000);
  EXPECT_EQ(r.failed, 0);
  EXPECT_NEAR(r.throughput(), 50, 0.2);
  EXPECT_GT(r.latency.most(), Duration::seconds(9));
}

TEST_F(Load, an_interrupt_shows_what_there_is) {
  stop_at = fake.clock.monotonic_nanos() + 3000 * kMs;
  const LoadResult r = run([](std::int64_t now) { return after(now, 5); });
  EXPECT_TRUE(r.interrupted);
  EXPECT_NEAR(static_cast<double>(r.answered), 300, 2);
  EXPECT_EQ(r.failed, 0);
}

TEST_F(Load, plans_that_cannot_be_are_refused) {
  const auto refused = [&](const std::function<void(LoadPlan&)>& change) {
    LoadPlan wrong = plan;
    change(wrong);
    EXPECT_THROW(run_load(wrong, fake.world), Error);
  };
  for (const char* url : {"https://h/", "ftp://h", "h", "http://", "http://h:0/", "http://h:99999/",
                          "http://h:x/", "http://u:p@h/", "http://h/a b", "http://h/\r\nX: 1"})
    refused([&](LoadPlan& p) { p.url = url; });
  refused([](LoadPlan& p) { p.rate = 0; });
  refused([](LoadPlan& p) { p.duration = {}; });
  refused([](LoadPlan& p) { p.connections = 0; });
  for (const char* method : {"", "GET / HTTP", "G\r\nT"})
    refused([&](LoadPlan& p) { p.method = method; });
  refused([](LoadPlan& p) { p.rate = 1e12; });
  refused([](LoadPlan& p) { p.headers = {{"A", "1\r\nB: 2"}}; });
}

TEST(Objectives, are_met_or_not) {
  LoadResult r;
  r.due = 100;
  r.answered = r.in_time = 99;
  r.failed = 1;
  r.took = Duration::seconds(10);
  for (int i = 1; i <= 100; ++i) r.latency.record(Duration::milliseconds(i));
  const auto met = [&](const char* text) { return judge(parse_objectives(text)[0], r).met; };
  EXPECT_TRUE(met("p95<200ms"));
  EXPECT_FALSE(met("p95 < 90ms"));
  EXPECT_FALSE(met("errors<1%"));
  EXPECT_TRUE(met("errors<=1%"));
  EXPECT_TRUE(met("throughput>9/s"));
  EXPECT_FALSE(met("throughput>600/m"));
  EXPECT_EQ(parse_objectives("p95<200ms,errors<1%,max<=1s").size(), 3u);
  for (const char* wrong : {"", "p95", "p95<", "p95<5", "errors<2", "errors<", "foo<1s",
                            "p95<200ms,", "throughput>5", "p95=5ms"})
    EXPECT_THROW(parse_objectives(wrong), Error) << wrong;
  r.answered = 0;
  EXPECT_FALSE(met("p95<200ms"));
}

}  // namespace
}  // namespace autopilot::deploy
