// What is asked of Prometheus, and what becomes of its answers.
#include "core/deploy/deltas.h"
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeHttp;
using testing::kNow;
using testing::Providers;

std::string matrix(const std::string& series) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
}

constexpr char kCount[] = R"j({"provider": "prometheus", "url": "http://prom:9090/",
    "bad": "errors_total{version=\"{{version}}\"}", "total": "requests_total"})j";
constexpr char kValue[] = R"({"provider": "prom", "query": "roi"})";

TEST_F(Providers, prometheus_is_asked_for_raw_counters_over_the_range_and_a_step_before) {
  query.version = "1\"} or up{a=\"";
  fake.http.answer = [](const HttpRequest& r) {
    return FakeHttp::says(200, matrix(r.body.find("errors") != std::string::npos
                                          ? ""
                                          : R"({"metric":{"i":"a"},"values":[[1,"5"],[11,"9"]]},)"
                                            R"({"values":[[1,"1"]],"metric":{"i":"b"}})"));
  };
  const Reply reply = read(kCount);
  EXPECT_EQ(reply.no_data, "");
  EXPECT_EQ(reply.reading, Reading::counters);
  ASSERT_EQ(reply.total.size(), 2u);
  EXPECT_EQ(reply.total[0].key, R"({"i":"a"})");
  EXPECT_EQ(reply.total[0].points[1].value, 9);
  EXPECT_TRUE(reply.bad.empty());
  EXPECT_NE(reply.warnings.at(0).find("no series yet"), std::string::npos);
  const HttpRequest& bad = fake.http.requests.at(1);
  EXPECT_EQ(bad.url, "http://prom:9090/api/v1/query_range");
  EXPECT_EQ(bad.method, "POST");
  // errors_total{version="1\"} or up{a=\""}, encoded: the version cannot leave its quotes.
  EXPECT_NE(bad.body.find("version%3D%221%5C%22%7D%20or%20up%7Ba%3D%5C%22%22%7D"),
            std::string::npos)
      << bad.body;
  EXPECT_NE(bad.body.find("&start=1795168790.000000&end=1795168830.000000&step=10.000000"),
            std::string::npos)
      << bad.body;
}

TEST_F(Providers, prometheus_without_total_is_no_data) {
  answers(FakeHttp::says(200, matrix("")));
  EXPECT_NE(why(kCount).find("the query for total has no series"), std::string::npos);
  EXPECT_NE(why(kValue).find("the query for query has no series"), std::string::npos);
}

TEST_F(Providers, prometheus_nan_and_infinities_are_points_and_no_numbers_to_judge_by) {
  answers(FakeHttp::says(
      200,
      matrix(
          R"({"metric":{},"values":[[1795168810,"NaN"],[1795168820,"+Inf"],[1795168830,"0.9"]]})")));
  const Taken taken = take_samples(query, read(kValue), {});
  ASSERT_EQ(taken.samples.size(), 3u);
  EXPECT_EQ(taken.samples[0].no_data, "the value is NaN");
  EXPECT_EQ(taken.samples[1].no_data, "the value is infinite");
  EXPECT_EQ(taken.samples[2].value, 0.9);
}

TEST_F(Providers, prometheus_errors_are_told_in_its_own_words) {
  answers(FakeHttp::says(
      400, R"({"status":"error","errorType":"bad_data","error":"parse error: unexpected }"})"));
  EXPECT_EQ(why(kValue), "Prometheus refuses the query for query: parse error: unexpected }");
  answers(
      FakeHttp::says(503, R"({"status":"error","errorType":"timeout","error":"query timed out"})"));
  EXPECT_EQ(why(kValue), "Prometheus refuses the query for query: query timed out");
}

TEST_F(Providers, prometheus_warnings_are_passed_on) {
  answers(FakeHttp::says(
      200,
      R"({"status":"success","warnings":["slow store"],"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1795168830,"1"]]}]}})"));
  EXPECT_EQ(read(kValue).warnings, std::vector<std::string>{"Prometheus: slow store"});
}

TEST_F(Providers, what_is_no_prometheus_is_no_data_and_no_crash) {
  for (
      const char* body :
      {"", "<html>login</html>", "{}", "[]", "null", "12", R"({"status":"success"})",
       R"({"status":"success","data":null})",
       R"({"status":"success","data":{"resultType":"vector","result":[]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":{}}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[1]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[1]}]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[["x","y"]]}]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[1e300,"1"]]}]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"histograms":[]}]}})",
       R"({"status":"success","data":{"resul)"}) {
    answers(FakeHttp::says(200, body));
    EXPECT_NE(why(kValue), "") << body;
    EXPECT_NE(why(kCount), "") << body;
  }
}

TEST_F(Providers, a_histogram_gives_the_requests_over_a_bound) {
  answers(FakeHttp::says(200, matrix(R"({"metric":{},"values":[[1795168830,"1"]]})")));
  const Reply reply =
      read(R"j({"provider":"prom","histogram":"http_seconds{job=\"a\"}","above":"200ms"})j");
  EXPECT_EQ(reply.no_data, "");
  EXPECT_EQ(reply.good.size(), 1u);
  EXPECT_NE(fake.http.requests[0].body.find("http%5Fseconds%5Fcount%7Bjob%3D%22a%22%7D"),
            std::string::npos);
  EXPECT_NE(
      fake.http.requests[1].body.find("%5Fbucket%7Bjob%3D%22a%22%2Cle%3D%7E%220%5B%2E%5D2%22%7D"),
      std::string::npos)
      << fake.http.requests[1].body;
  fake.http.answer = [](const HttpRequest& r) {
    return FakeHttp::says(200, matrix(r.body.find("bucket") != std::string::npos
                                          ? ""
                                          : R"({"metric":{},"values":[[1795168830,"1"]]})"));
  };
  EXPECT_NE(why(R"({"provider":"prom","histogram":"h","above":"1s"})").find("is 1 a bound (le)"),
            std::string::npos);
}

TEST_F(Providers, very_long_ranges_stay_below_the_points_that_prometheus_gives) {
  query.from = kNow - Duration::seconds(86'400 * 30);
  answers(FakeHttp::says(200, matrix("")));
  read(kValue);
  const std::string& body = fake.http.requests[0].body;
  EXPECT_GT(std::stod(body.substr(body.find("step=") + 5)), 259);
}

}  // namespace
}  // namespace autopilot::deploy
