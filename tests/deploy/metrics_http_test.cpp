// JSON over HTTP, and the faults that all providers over HTTP share.
#include <cmath>

#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::Providers;

constexpr char kJson[] =
    R"({"provider":"http","url":"http://127.0.0.1:{{port}}/s?v={{version}}","query":"$.p95"})";

TEST_F(Providers, http_takes_a_number_from_its_place) {
  query.version = "a b&c";
  answers(FakeHttp::says(200, R"({"p95": 0.25})"));
  EXPECT_EQ(value(kJson), 0.25);
  EXPECT_EQ(fake.http.requests[0].url, "http://127.0.0.1:8002/s?v=a%20b%26c");
  answers(FakeHttp::says(200, R"({"p95": "NaN"})"));
  EXPECT_TRUE(std::isnan(value(kJson)));
  answers(FakeHttp::says(200, "17"));
  EXPECT_EQ(value(R"({"provider":"http","url":"http://h/"})"), 17);
  answers(FakeHttp::says(200, R"({"value": 18})"));
  EXPECT_EQ(value(R"({"provider":"http","url":"http://h/"})"), 18);
}

TEST_F(Providers, http_counts_are_running_totals_unless_it_is_said_otherwise) {
  answers(FakeHttp::says(200, R"({"e": 3, "n": 100})"));
  const std::string spec = R"("provider":"http","url":"http://h/","bad":"e","total":"$.n")";
  EXPECT_EQ(read("{" + spec + "}").reading, Reading::counters);
  const Reply reply = read("{" + spec + R"(,"counts":"increments"})");
  EXPECT_EQ(reply.reading, Reading::increments);
  EXPECT_EQ(reply.total[0].points[0].value, 100);
}

TEST_F(Providers, every_way_in_which_http_fails_is_told_and_is_no_data) {
  const auto expect = [&](HttpResult result, const std::string& part) {
    answers(std::move(result));
    EXPECT_NE(why(kJson).find(part), std::string::npos) << why(kJson);
  };
  expect(FakeHttp::says(500, "boom"), "http://127.0.0.1:8002/s answered with status 500");
  expect(FakeHttp::says(429, ""), "too many requests; ask less often");
  expect(FakeHttp::says(401, ""), "give credentials in headers");
  expect(FakeHttp::says(404, ""), "check the path");
  HttpResult redirect = FakeHttp::says(302, "");
  redirect.response.headers.emplace_back("location", "http://h/login?next=1");
  expect(redirect, "redirects are not followed; ask http://h/login");
  expect(FakeHttp::says(200, "<html></html>", "text/html"), "it is a page");
  expect(FakeHttp::says(200, "hello", "text/plain"), "its content type is text/plain");
  expect(FakeHttp::says(200, ""), "it is empty");
  expect(FakeHttp::says(200, R"({"p95": 0.2)"), "is no JSON");
  expect(FakeHttp::says(200, R"({"p96": 1})"), "has nothing at $.p95");
  expect(FakeHttp::says(200, R"({"p95": [1]})"), "has a list at $.p95 where a number is wanted");
  expect(FakeHttp::says(200, R"({"p95": "fast"})"), "has a string at $.p95");
  expect({HttpResult::Fault::timeout, "it did not answer within 10s", "", {}}, "within 10s");
  expect({HttpResult::Fault::tls, "no trusted connection", "use ca_file", {}},
         "no trusted connection; use ca_file");
}

TEST_F(Providers, secrets_of_headers_are_resolved_as_the_request_goes_out) {
  fake.environment.variables["TOKEN"] = "s3cret";
  answers(FakeHttp::says(200, "1"));
  const Value spec =
      parse_json(
          R"({"provider":"http","url":"http://h/","headers":{"Authorization":"Bearer ${env:TOKEN}"}})")
          .value;
  Masker masker;
  Secrets secrets(fake.world, masker, "/");
  const auto metrics = make_metrics(spec, fake.world, &secrets);
  EXPECT_EQ(metrics->read(query).no_data, "");
  EXPECT_EQ(fake.http.requests[0].headers[0].second, "Bearer s3cret");
  EXPECT_EQ(masker.masked("s3cret"), "***");
  const Value echo =
      parse_json(R"({"provider":"prom","query":"q","headers":{"X":"${env:TOKEN}"}})").value;
  answers(FakeHttp::says(400, R"({"status":"error","error":"who is s3cret?"})"));
  EXPECT_EQ(make_metrics(echo, fake.world, &secrets)->read(query).no_data,
            "Prometheus refuses the query for query: who is ***?");
  EXPECT_NE(make_metrics(spec, fake.world)->read(query).no_data.find("refers to secrets"),
            std::string::npos);
  fake.environment.variables.clear();
  Secrets without(fake.world, masker, "/");
  EXPECT_NE(make_metrics(spec, fake.world, &without)->read(query).no_data.find("TOKEN"),
            std::string::npos);
}

TEST_F(Providers, an_unknown_placeholder_is_told) {
  EXPECT_NE(why(R"({"provider":"http","url":"http://h/{{vresion}}"})")
                .find("unknown placeholder {{vresion}}"),
            std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
