// What the steps smoke and load of a rollout answer.
#include "core/deploy/step_tasks.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeHttp;
using autopilot::testing::FakeWorld;

// Answers each request after `took`, or never when `status` is 0.
class EchoWire final : public HttpWire {
 public:
  EchoWire(autopilot::testing::FakeClock& clock, int status, Duration took)
      : clock_(clock), status_(status), took_(took) {}
  void start(int connection) override {
    const std::int64_t at = clock_.monotonic_nanos() + took_.nanos;
    if (status_ > 0) coming_.push_back({connection, WireEvent::Fault::none, status_, at, 10});
  }
  bool wait(std::int64_t until, std::vector<WireEvent>& events) override {
    if (!coming_.empty()) until = std::min(until, coming_.front().at);
    const std::int64_t now = clock_.monotonic_nanos();
    clock_.tick(Duration{std::max<std::int64_t>(0, until - now)});
    while (!coming_.empty() && coming_.front().at <= until) {
      events.push_back(coming_.front());
      coming_.erase(coming_.begin());
    }
    return interrupt;
  }
  void drop(int) override {}

  bool interrupt = false;

 private:
  autopilot::testing::FakeClock& clock_;
  int status_;
  Duration took_;
  std::vector<WireEvent> coming_;
};

class StepTasks : public ::testing::Test {
 protected:
  FakeWorld fake;
  Placeholders known{{"host", "127.0.0.1"}, {"port", "8002"}, {"version", "2.0"}};
  WirePlan asked;
  bool interrupt = false;

  StepAnswer smoke(const std::string& text) {
    fake.files.texts["smoke.yaml"] = text;
    return smoke_step("smoke.yaml", known, fake.world);
  }
  StepAnswer load(const std::string& spec, int status = 200, int took_ms = 5) {
    fake.sockets.open = [&, status, took_ms](const WirePlan& wire) {
      asked = wire;
      auto made = std::make_unique<EchoWire>(fake.clock, status, Duration::milliseconds(took_ms));
      made->interrupt = interrupt;
      return WireOpened{std::move(made), {}};
    };
    return load_step(parse_json(spec).value, known, fake.world);
  }
};

TEST_F(StepTasks, a_smoke_file_is_asked_of_the_canary) {
  fake.http.answer = [](const HttpRequest&) { return FakeHttp::says(200, R"({"v":"2.0"})"); };
  const StepAnswer answer = smoke("checks: [{get: /health, json: {v: '{{version}}'}}]\n");
  EXPECT_TRUE(answer.ok) << answer.why;
  EXPECT_EQ(answer.why, "");
  EXPECT_EQ(fake.http.requests.at(0).url, "http://127.0.0.1:8002/health");
  EXPECT_EQ(*answer.data.find("passed"), Value(true));
}

TEST_F(StepTasks, what_failed_is_told_and_counted) {
  fake.http.answer = [](const HttpRequest&) { return FakeHttp::says(503, ""); };
  const StepAnswer answer =
      smoke("checks: [{name: up, get: /}, {get: /b}, {get: /c}, {get: /d}, {get: /e}]\n");
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.why,
            "up: status: 2xx is expected, got 503; GET /b: status: 2xx is expected, got 503; "
            "GET /c: status: 2xx is expected, got 503; and 2 more");
}

TEST_F(StepTasks, a_smoke_file_that_is_wrong_or_absent_has_not_passed) {
  EXPECT_EQ(smoke("checks: [{gte: /}]\n").why, "smoke.yaml:1:11: a check has no field \"gte\"");
  const StepAnswer absent = smoke_step("absent.yaml", known, fake.world);
  EXPECT_FALSE(absent.ok);
  EXPECT_NE(absent.why.find("absent.yaml"), std::string::npos) << absent.why;
  const StepAnswer secret = smoke("headers: {X-Key: '${env:KEY}'}\nchecks: [{get: /}]\n");
  EXPECT_FALSE(secret.ok);
  EXPECT_NE(secret.why.find("X-Key refers to secrets"), std::string::npos) << secret.why;
}

TEST_F(StepTasks, a_secret_that_a_service_repeats_is_not_kept) {
  fake.environment.variables["KEY"] = "s3cr3t-word";
  Masker masker;
  Secrets secrets(fake.world, masker, "/site");
  fake.http.answer = [](const HttpRequest& r) {
    EXPECT_EQ(r.headers.at(0).second, "s3cr3t-word");
    return FakeHttp::says(200, "{\"you\": \"s3cr3t-word\"}");
  };
  fake.files.texts["smoke.yaml"] =
      "headers: {X-Key: '${env:KEY}'}\nchecks: [{get: /, json: {you: me}, contains: hello}]\n";
  const StepAnswer answer = smoke_step("smoke.yaml", known, fake.world, &secrets);
  EXPECT_FALSE(answer.ok);
  const std::string all = answer.why + to_json(Value(answer.data));
  EXPECT_NE(all.find("***"), std::string::npos) << all;
  EXPECT_EQ(all.find("s3cr3t"), std::string::npos) << all;
}

TEST_F(StepTasks, a_load_goes_to_the_canary_on_this_machine_alone) {
  const StepAnswer answer = load(R"({"rate":"600/m","for":"10s"})");
  EXPECT_TRUE(answer.ok) << answer.why;
  EXPECT_EQ(asked.host, "127.0.0.1");
  EXPECT_EQ(asked.port, 8002);
  EXPECT_EQ(asked.reach, HttpReach::loopback_only);
  EXPECT_EQ(*answer.data.find("answered"), Value(100));
  EXPECT_TRUE(load(R"({"rate":"1/s","for":"1s","url":"http://shop:{{port}}/{{version}}"})").ok);
  EXPECT_EQ(asked.host, "shop");
  EXPECT_EQ(asked.reach, HttpReach::no_metadata);
  EXPECT_NE(asked.request.find("GET /2.0 HTTP/1.1"), std::string::npos);
}

TEST_F(StepTasks, a_load_fails_by_what_the_step_allows) {
  EXPECT_EQ(load(R"({"rate":"10/s","for":"10s"})", 500).why, "errors<=1%: it is 100%");
  EXPECT_TRUE(load(R"({"rate":"10/s","for":"10s","max_errors":"100%"})", 500).ok);
  EXPECT_TRUE(load(R"({"rate":"10/s","for":"10s","max_p95":"100ms"})", 200, 50).ok);
  EXPECT_EQ(load(R"({"rate":"10/s","for":"10s","max_p95":"20ms"})", 200, 50).why,
            "p95<=20ms: it is 50.00 ms");
  EXPECT_EQ(load(R"({"rate":"10/s","for":"1s"})", 0).why,
            "http://127.0.0.1:8002/ answered nothing");
}

TEST_F(StepTasks, a_load_that_cannot_be_or_was_interrupted_has_not_passed) {
  EXPECT_EQ(load(R"({"rate":"10","for":"1s"})").why,
            "load: rate is no rate; write 500/m, 20/s or 1000/h");
  EXPECT_NE(load(R"({"rate":"1/s","for":"1s","url":"https://shop/"})").why.find("not https"),
            std::string::npos);
  EXPECT_NE(load(R"({"rate":"1/s","for":"1s","url":"http://h/{{nope}}"})").why.find("nope"),
            std::string::npos);
  interrupt = true;
  EXPECT_THROW(load(R"({"rate":"10/s","for":"10s"})"), Error);
}

}  // namespace
}  // namespace autopilot::deploy
