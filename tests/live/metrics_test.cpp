// Metrics providers on real servers: Prometheus, nginx, HAProxy.
#include "core/deploy/metrics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <mutex>

#include "core/base/json.h"
#include "core/deploy/deltas.h"
#include "tests/live/rig.h"
#include "tests/web_server.h"

namespace autopilot::live {
namespace {

using testing::WebAnswer;
using testing::WebRequest;
using testing::WebServer;

struct Sums {
  std::int64_t bad = 0, total = 0;
};

Sums sum(const std::vector<deploy::Sample>& samples) {
  Sums out;
  for (const deploy::Sample& s : samples) {
    out.bad += s.bad;
    out.total += s.total;
  }
  return out;
}

// A program that serves, fails from its 4th scrape on, starts again at its 8th and comes to rest
// after its 12th.
class Exporter {
 public:
  int port() const { return server_.port(); }
  int scrapes() {
    const std::lock_guard lock(mutex_);
    return scrapes_;
  }

 private:
  WebAnswer answer() {
    const std::lock_guard lock(mutex_);
    ++scrapes_;
    const bool fails = scrapes_ >= 4;
    if (scrapes_ == 8) now_ = {};
    if (scrapes_ <= 12) {
      now_.total += 40 + scrapes_ % 7;
      if (fails) now_.bad += 3;
    }
    std::string text = fmt::format(
        "requests_total{{version=\"2\"}} {}\nroi NaN\nhttp_seconds_count {}\n"
        "http_seconds_bucket{{le=\"0.2\"}} {}\nhttp_seconds_bucket{{le=\"1.0\"}} {}\n"
        "http_seconds_bucket{{le=\"+Inf\"}} {}\n",
        now_.total, now_.total, now_.total - now_.bad, now_.total, now_.total);
    if (fails) text += fmt::format("errors_total{{version=\"2\"}} {}\n", now_.bad);
    return WebAnswer::says(200, text, "text/plain; version=0.0.4");
  }

  std::mutex mutex_;
  Sums now_;
  int scrapes_ = 0;
  WebServer server_{[this](const WebRequest&) { return answer(); }};
};

class LivePrometheus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("prometheus")) GTEST_SKIP() << "prometheus is not installed";
    folder.write("prometheus.yml",
                 fmt::format("global: {{scrape_interval: 400ms, scrape_timeout: 400ms}}\n"
                             "scrape_configs:\n  - job_name: shop\n    static_configs:\n"
                             "      - targets: ['127.0.0.1:{}']\n",
                             exporter.port()));
    prometheus = std::make_unique<Program>(
        std::vector<std::string>{"prometheus", "--config.file=" + folder.path("prometheus.yml"),
                                 "--storage.tsdb.path=" + folder.path("data"),
                                 fmt::format("--web.listen-address=127.0.0.1:{}", port)},
        folder.path("prometheus.log"));
    ASSERT_TRUE(wait_for_port(port)) << folder.read("prometheus.log");
    // It looks for targets some seconds after its start.
    ASSERT_TRUE(comes([&] { return why(R"("query":"requests_total")").empty(); }))
        << folder.read("prometheus.log");
  }

  // Within 15 seconds?
  static bool comes(const std::function<bool()>& condition) {
    const std::int64_t until = monotonic_ms() + 15'000;
    while (!condition()) {
      if (monotonic_ms() > until) return false;
      sleep_ms(50);
    }
    return true;
  }

  std::unique_ptr<deploy::Metrics> metrics(const std::string& fields) {
    const std::string spec =
        fmt::format(R"({{"provider":"prometheus","url":"http://127.0.0.1:{}",{}}})", port, fields);
    return deploy::make_metrics(parse_json(spec).value, system.world());
  }

  deploy::Query query() {
    deploy::Query q;
    q.metric = "errors";
    q.arm = "canary";
    q.version = "2";
    q.from = start;
    q.to = system.world().clock.now();
    q.step = Duration::milliseconds(50);  // sees each scrape by itself
    return q;
  }

  std::string why(const std::string& fields) { return metrics(fields)->read(query()).no_data; }

  // What Prometheus stored of a counter, scrape by scrape, told by itself.
  std::vector<double> stored(const std::string& series) {
    HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}/api/v1/query?query={}[1h]", port, series);
    const Value answer = parse_json(system.world().http.send(request).response.body).value;
    std::vector<double> out;
    for (const Value& one : answer.get("data")->get("result")->as_list()) {
      for (const Value& point : one.get("values")->as_list())
        out.push_back(std::stod(point.as_list()[1].as_string()));
    }
    return out;
  }

  // The events between the scrapes; `before`: what the counter showed when it was absent.
  static std::int64_t events(const std::vector<double>& values, double before) {
    double sum = 0;
    for (const double v : values) {
      sum += v >= before ? v - before : v;
      before = v;
    }
    return std::llround(sum);
  }

  System system;
  Folder folder;
  Exporter exporter;
  Instant start = system.world().clock.now();
  int port = free_port();
  std::unique_ptr<Program> prometheus;
};

// Reads come when they come; a restart, first errors and a cursor that goes through JSON lie
// between. In the end every event that Prometheus knows of was counted once.
TEST_F(LivePrometheus, counts_what_its_scrapes_saw_through_restarts_and_new_series) {
  const auto m = metrics(
      R"j("bad":"errors_total{version=\"{{version}}\"}","total":"requests_total{version=\"{{version}}\"}")j");
  Sums taken;
  Value cursor;
  const auto read = [&] {
    const deploy::Taken t = deploy::read_samples(*m, query(), cursor);
    taken.bad += sum(t.samples).bad;
    taken.total += sum(t.samples).total;
    cursor = parse_json(to_json(t.cursor)).value;
  };
  int seen = 0;
  ASSERT_TRUE(comes([&] {
    if (exporter.scrapes() > seen + 2) {
      seen = exporter.scrapes();
      read();
    }
    return exporter.scrapes() >= 15;  // at rest, and stored
  }));
  read();
  const std::vector<double> totals = stored("requests_total"), errors = stored("errors_total");
  ASSERT_GT(totals.size(), 8u);
  EXPECT_EQ(taken.total, events(totals, totals[0]));
  EXPECT_EQ(taken.bad, events(errors, 0));
  EXPECT_GT(taken.bad, 10);
}

TEST_F(LivePrometheus, tells_what_is_wrong_with_a_query_and_what_has_no_data) {
  EXPECT_NE(why(R"("query":"sum(")").find("Prometheus refuses the query for query:"),
            std::string::npos);
  EXPECT_NE(why(R"("query":"no_such_series")").find("has no series"), std::string::npos);
  EXPECT_NE(why(R"j("histogram":"http_seconds","above":"300ms")j").find("is 0.3 a bound"),
            std::string::npos);
  for (const char* bound : {"200ms", "1s"}) {
    EXPECT_EQ(why(fmt::format(R"("histogram":"http_seconds","above":"{}")", bound)), "") << bound;
  }
  const deploy::Taken nan = deploy::read_samples(*metrics(R"("query":"roi")"), query(), {});
  EXPECT_FALSE(nan.samples.empty());
  for (const deploy::Sample& s : nan.samples) {
    EXPECT_FALSE(s.value);
    EXPECT_NE(s.no_data, "");
  }
  prometheus.reset();
  EXPECT_NE(why(R"("query":"up")").find("cannot connect to"), std::string::npos);
}

TEST(LiveMetrics, a_certificate_must_be_trusted_and_for_that_name) {
  if (!is_installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  System system;
  Folder folder;
  const int port = free_port();
  Program make({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=shop", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                folder.path("key.pem"), "-out", folder.path("cert.pem")},
               folder.path("openssl.log"));
  make.wait();
  const Program server({"openssl", "s_server", "-accept", fmt::format("127.0.0.1:{}", port),
                        "-cert", folder.path("cert.pem"), "-key", folder.path("key.pem"), "-www"},
                       folder.path("server.log"));
  ASSERT_TRUE(wait_for_port(port)) << folder.read("server.log");
  const auto ask = [&](const char* host, const std::string& ca_file) {
    HttpRequest request;
    request.url = fmt::format("https://{}:{}/", host, port);
    request.ca_file = ca_file;
    request.timeout = Duration::seconds(5);
    return system.world().http.send(request);
  };
  const HttpResult stranger = ask("127.0.0.1", "");
  EXPECT_EQ(stranger.fault, HttpResult::Fault::tls) << stranger.why;
  EXPECT_NE(stranger.why.find("certificate"), std::string::npos) << stranger.why;
  EXPECT_EQ(ask("127.0.0.1", folder.path("cert.pem")).response.status, 200);
  EXPECT_EQ(ask("localhost", folder.path("cert.pem")).fault, HttpResult::Fault::tls);
  EXPECT_EQ(ask("127.0.0.1", folder.path("none.pem")).fault, HttpResult::Fault::tls);
}

TEST(LiveMetrics, nginx_log_and_status_say_what_nginx_served) {
  if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
  System system;
  Folder folder;
  const int port = free_port();
  folder.write("nginx.conf", fmt::format(R"(
daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log;
events {{}}
http {{
  client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0};
  scgi_temp_path {0};
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                   '"$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_addr';
  access_log {0}/access.log timed;
  upstream app {{ server 127.0.0.1:{2}; }}
  server {{
    listen 127.0.0.1:{1};
    location /status {{ stub_status; access_log off; }}
    location /down {{ proxy_pass http://app; }}
    location / {{ return 200 "ok"; }}
  }}
}}
)",
                                         folder.path(), port, testing::unused_port()));
  const Program nginx({"nginx", "-p", folder.path(), "-c", folder.path("nginx.conf"), "-e",
                       folder.path("error.log")},
                      folder.path("nginx.log"));
  ASSERT_TRUE(wait_for_port(port)) << folder.read("nginx.log");
  deploy::Query q;
  q.from = system.world().clock.now() - Duration::seconds(1);
  HttpRequest request;
  for (const char* path : {"/", "/", "/down", "/a%22%20b", "/", "/down"}) {
    request.url = fmt::format("http://127.0.0.1:{}{}", port, path);
    request.headers = {{"User-Agent", "x\" 200 0.1 \"y"}};
    ASSERT_TRUE(system.world().http.send(request).ok());
  }
  sleep_ms(3200);
  q.to = system.world().clock.now();
  const auto read = [&](const std::string& spec) {
    return deploy::read_samples(*deploy::make_metrics(parse_json(spec).value, system.world()), q,
                                {});
  };
  const std::string log = folder.path("access.log");
  const deploy::Taken counts = read(fmt::format(
      R"({{"provider":"nginx","path":"{}","log_format":"timed","kind":"count"}})", log));
  EXPECT_EQ(sum(counts.samples).total, 6) << folder.read("access.log");
  EXPECT_EQ(sum(counts.samples).bad, 2);
  EXPECT_TRUE(counts.warnings.empty());
  const deploy::Taken p95 = read(
      fmt::format(R"({{"provider":"nginx","path":"{}","log_format":"timed","query":"p95"}})", log));
  EXPECT_TRUE(p95.samples.back().value) << p95.samples.back().no_data;
  const deploy::Taken active = read(fmt::format(
      R"({{"provider":"nginx","url":"http://127.0.0.1:{}/status","query":"requests"}})", port));
  EXPECT_GE(active.samples.back().value.value_or(0), 7);
}

TEST(LiveMetrics, haproxy_says_what_a_server_answered_and_what_it_failed_to) {
  if (!is_installed("haproxy")) GTEST_SKIP() << "haproxy is not installed";
  System system;
  Folder folder;
  std::atomic<int> n{0};
  WebServer up([&](const WebRequest&) { return WebAnswer::says(++n % 4 == 0 ? 500 : 200, "x"); });
  const int port = free_port();
  folder.write("haproxy.cfg", fmt::format(R"(
global
  stats socket {0}/admin.sock level admin
defaults
  mode http
  retries 0
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend in
  bind 127.0.0.1:{1}
  use_backend gone if {{ path /gone }}
  default_backend shop
backend shop
  server blue 127.0.0.1:{2}
backend gone
  server green 127.0.0.1:{3}
)",
                                          folder.path(), port, up.port(), testing::unused_port()));
  const Program haproxy({"haproxy", "-db", "-f", folder.path("haproxy.cfg")},
                        folder.path("haproxy.log"));
  ASSERT_TRUE(wait_for_port(port)) << folder.read("haproxy.log");
  const auto read = [&](const std::string& backend, const std::string& server) {
    const std::string spec = fmt::format(
        R"({{"provider":"haproxy","socket":"{}","backend":"{}","server":"{}","kind":"count"}})",
        folder.path("admin.sock"), backend, server);
    deploy::Query q;
    q.to = system.world().clock.now();
    return deploy::make_metrics(parse_json(spec).value, system.world())->read(q);
  };
  HttpRequest request;
  for (int i = 0; i < 8; ++i) {
    request.url = fmt::format("http://127.0.0.1:{}/{}", port, i < 5 ? "" : "gone");
    ASSERT_TRUE(system.world().http.send(request).ok());
  }
  const deploy::Reply blue = read("shop", "blue"), green = read("gone", "green");
  ASSERT_EQ(blue.no_data, "");
  ASSERT_EQ(green.no_data, "");
  EXPECT_EQ(blue.total[0].points[0].value, 5);
  EXPECT_EQ(blue.bad[0].points[0].value, 1);
  EXPECT_EQ(green.total[0].points[0].value, 3);
  EXPECT_EQ(green.bad[0].points[0].value, 3);
  EXPECT_EQ(read("gone", "BACKEND").bad[0].points[0].value, 3);
  EXPECT_NE(read("shop", "red").no_data.find("it has blue"), std::string::npos);
}

}  // namespace
}  // namespace autopilot::live
