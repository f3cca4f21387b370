#include "core/deploy/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/access_log.h"
#include "core/deploy/csv.h"
#include "core/deploy/deltas.h"
#include "core/deploy/json_path.h"
#include "core/policy/deployment.h"
#include "core/policy/deployment_shapes.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeHttp;
using autopilot::testing::FakeProcesses;
using autopilot::testing::FakeWorld;

const Instant kNow = *parse_rfc3339("2026-11-20T10:00:30Z");

class Providers : public ::testing::Test {
 protected:
  FakeWorld fake;
  Query query = [] {
    Query q;
    q.metric = "errors";
    q.arm = "canary";
    q.version = "2.4.1";
    q.slot = "green";
    q.port = 8002;
    q.from = kNow - Duration::seconds(30);
    q.to = kNow;
    return q;
  }();

  Reply read(const std::string& spec) {
    return make_metrics(parse_json(spec).value, fake.world)->read(query);
  }
  std::string why(const std::string& spec) { return read(spec).no_data; }
  double value(const std::string& spec) {
    const Reply reply = read(spec);
    if (reply.values.size() != 1 || reply.values[0].points.empty()) {
      ADD_FAILURE() << reply.no_data;
      return -1;
    }
    return reply.values[0].points.back().value;
  }
  void answers(HttpResult result) {
    fake.http.answer = [result](const HttpRequest&) { return result; };
  }
};

// --- Prometheus

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

// --- HTTP faults, which all providers over HTTP share

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

// What the document's check and the machine think of a metric is what its provider does.
TEST_F(Providers, count_or_value_and_history_are_what_the_policy_layer_says) {
  struct Case {
    const char* spec;
    bool is_count, has_history;
  };
  for (const Case& c : std::vector<Case>{
           {R"({"provider":"prom","bad":"b","total":"t"})", true, true},
           {R"({"provider":"prometheus","histogram":"h","above":"1s"})", true, true},
           {R"({"provider":"prom","query":"q"})", false, true},
           {R"({"provider":"http","url":"http://h/","query":"$.a"})", false, false},
           {R"({"provider":"http","url":"http://h/","kind":"count"})", true, false},
           {R"({"provider":"exec","argv":["x"]})", false, false},
           {R"({"provider":"file","path":"f.csv","query":"q"})", false, true},
           {R"({"provider":"nginx","path":"l","bad":500})", true, true},
           {R"({"provider":"nginx","path":"l","log_format":"timed","above":"1s"})", true, true},
           {R"({"provider":"nginx","path":"l","log_format":"timed","query":"p95","above":"1s"})",
            false, true},
           {R"({"provider":"nginx","url":"http://h/"})", false, false},
           {R"({"provider":"haproxy","backend":"b","socket":"s","kind":"count"})", true, false},
           {R"({"provider":"haproxy","backend":"b","socket":"s","query":"rtime"})", false, false},
           {R"({"provider":"probe","url":"http://h/","status":200})", true, false},
           {R"({"provider":"probe","url":"http://h/","query":"failures"})", false, false},
           {R"({"provider":"probe","url":"http://h/","query":"p95","above":"1s"})", false, false},
           {R"({"provider":"process"})", false, false},
           {R"({"provider":"alertmanager"})", false, false}}) {
    const Value spec = parse_json(c.spec).value;
    EXPECT_EQ(policy::metric_is_count(spec), c.is_count) << c.spec;
    EXPECT_EQ(policy::metric_has_history(spec), c.has_history) << c.spec;
    EXPECT_EQ(make_metrics(spec, fake.world)->has_history(), c.has_history) << c.spec;
  }
}

TEST_F(Providers, are_those_of_the_schema) {
  for (const policy::Field& field : policy::deployment::kMetric.fields) {
    if (field.name != "provider") continue;
    for (const std::string_view name : field.shape.choices) {
      try {
        make_metrics(Value(Map{{"provider", std::string(name)}}), fake.world);
      } catch (const Error& e) {
        EXPECT_EQ(std::string(e.what()).find("there is no metrics provider"), std::string::npos)
            << name;
      }
    }
  }
}

TEST_F(Providers, specs_that_cannot_be_are_refused) {
  for (const char* spec :
       {R"({"provider":"promethius"})", R"({"provider":"http"})", R"({"provider":"exec"})",
        R"({"provider":"prom","total":"t"})",
        R"({"provider":"prom","bad":"a","good":"b","total":"t"})", R"({"provider":"prom"})",
        R"({"provider":"prom","histogram":"h{"})",
        R"({"provider":"http","url":"u","query":"$..a"})", R"({"provider":"file","path":"a.csv"})",
        R"({"provider":"nginx"})", R"({"provider":"nginx","path":"l","query":"p95"})",
        R"({"provider":"nginx","path":"l","bad":"5x"})",
        R"({"provider":"nginx","path":"l","log_format":"$status"})",
        R"({"provider":"haproxy","backend":"b"})",
        R"({"provider":"probe","url":"u","query":"p1000"})",
        R"({"provider":"process","query":"cpu"})"}) {
    EXPECT_THROW(make_metrics(parse_json(spec).value, fake.world), Error) << spec;
  }
}

// --- exec

TEST_F(Providers, exec_takes_a_number_or_json_of_what_a_program_prints) {
  std::string out = " 175000.5\n";
  fake.processes.answer = [&](const FakeProcesses::Call&) {
    return Captured{Captured::End::exited, 0, out, {}};
  };
  const std::string spec = R"({"provider":"exec","argv":["./roi","{{arm}}","{{version}}"]})";
  EXPECT_EQ(value(spec), 175000.5);
  EXPECT_EQ(fake.processes.captured[0].words,
            (std::vector<std::string>{"./roi", "canary", "2.4.1"}));
  out = R"({"value": 0.94})";
  EXPECT_EQ(value(spec), 0.94);
  out = "nan\n";
  EXPECT_TRUE(std::isnan(value(spec)));
  out = R"({"bad": 3, "total": 9})";
  const Reply counts = read(R"({"provider":"exec","kind":"count","argv":["x"]})");
  EXPECT_EQ(counts.bad[0].points[0].value, 3);
  EXPECT_EQ(counts.total[0].points[0].value, 9);
}

TEST_F(Providers, every_way_in_which_a_program_fails_is_told) {
  Captured captured;
  fake.processes.answer = [&](const FakeProcesses::Call&) { return captured; };
  const auto expect = [&](Captured one, const std::string& words) {
    captured = std::move(one);
    EXPECT_EQ(why(R"({"provider":"exec","argv":["./roi"],"timeout":"3s"})"), words);
  };
  using End = Captured::End;
  expect({End::exited, 3, "1", "no database\nmore"}, "./roi exited with 3: no database");
  expect({End::killed, 9, "", ""}, "./roi was ended by signal 9");
  expect({End::timed_out, 0, "", ""}, "./roi took longer than 3s");
  expect({End::too_long, 0, "", ""}, "./roi wrote more than 1048576 bytes");
  expect({End::not_started, ENOENT, "", ""}, "./roi cannot be run: No such file or directory");
  expect({End::exited, 0, "", ""}, "./roi printed nothing");
  expect({End::exited, 0, "rather well\n", ""},
         "./roi printed neither a number nor JSON: rather well");
}

// --- file

TEST_F(Providers, a_csv_file_gives_the_rows_of_the_arm_in_the_time_asked_for) {
  fake.files.texts["m.csv"] =
      "time,arm,errors,total\r\n"
      "2026-11-20T09:00:00Z,canary,9,9\n"
      "2026-11-20T10:00:10Z,canary,1,50\n"
      "2026-11-20T10:00:10Z,stable,7,70\n"
      "1795168820,\"canary\",2,60\n"
      "2026-11-20T10:00:25Z,canary,1,";  // being written
  const std::string spec =
      R"({"provider":"file","path":"m.csv","bad":"errors","total":"total","where":{"arm":"{{arm}}"}})";
  const Reply reply = read(spec);
  EXPECT_EQ(reply.no_data, "");
  EXPECT_NE(reply.warnings.at(0).find("line 6 has no end yet"), std::string::npos);
  const Taken taken = take_samples(query, reply, {});
  ASSERT_EQ(taken.samples.size(), 2u);
  EXPECT_EQ(taken.samples[0].bad, 1);
  EXPECT_EQ(taken.samples[1].bad, 2);
  EXPECT_EQ(taken.samples[1].total, 60);
}

TEST_F(Providers, csv_with_missing_columns_or_no_numbers_says_which) {
  const std::string spec = R"({"provider":"file","path":"m.csv","query":"roi"})";
  EXPECT_EQ(why(spec), "there is no file m.csv");
  fake.files.texts["m.csv"] = "";
  EXPECT_EQ(why(spec), "m.csv is empty");
  fake.files.texts["m.csv"] = "time,rio\n";
  EXPECT_EQ(why(spec), "m.csv has no column roi; it has time, rio");
  fake.files.texts["m.csv"] = "time,roi\n2026-11-20T10:00:10Z\n";
  EXPECT_EQ(why(spec), "m.csv: line 2 has no number in roi");
  fake.files.texts["m.csv"] = "time,roi\nyesterday,1\n2026-11-20T10:00:10Z,2\n";
  const Reply reply = read(spec);
  EXPECT_EQ(reply.values[0].points.size(), 1u);
  EXPECT_EQ(reply.warnings[0], "m.csv: line 2 has no RFC 3339 time and no Unix time in time");
  fake.files.texts["m.csv"] = "time,roi\n2020-01-01T00:00:00Z,2\n";
  EXPECT_EQ(why(spec), "m.csv has no new rows");
}

TEST_F(Providers, a_jsonl_file_passes_over_what_is_no_object) {
  fake.files.texts["m.jsonl"] =
      "{\"time\": 1795168810, \"roi\": 1.5}\nrubbish\n[1]\n{\"time\": 1795168820000, \"roi\": "
      "\"2\"}\n{\"time";
  const Reply reply = read(R"({"provider":"file","path":"m.jsonl","query":"roi"})");
  ASSERT_EQ(reply.values[0].points.size(), 2u);
  EXPECT_EQ(reply.values[0].points[1].value, 2);
  EXPECT_EQ(reply.values[0].points[1].at, kNow - Duration::seconds(10));
  EXPECT_EQ(reply.warnings[0], "m.jsonl: 2 lines are no good; line 2 is no JSON object");
}

TEST_F(Providers, a_jsonl_file_is_read_on_from_where_everything_is_old) {
  const std::string spec = R"({"provider":"file","path":"d/m.jsonl*","query":"roi"})";
  std::string& text = fake.files.texts["d/m.jsonl"];
  text = "{\"time\": 1700000000, \"roi\": 9}\n";
  for (int i = 0; i < 500; ++i) text += "{\"time\": 1700000001, \"roi\": 9}\n";
  text += "{\"time\": 1795168810, \"roi\": 1}\n";
  const Reply first = read(spec);
  ASSERT_EQ(first.values.at(0).points.size(), 1u);
  query.place = first.place;
  text += "{\"time\": 1795168820, \"roi\": 2}\n";
  EXPECT_EQ(read(spec).values.at(0).points.size(), 2u);
  // Rotated: what is still asked for is found under its new name; what is old is not read again.
  fake.files.texts["d/m.jsonl.1"] = text;
  text = "{\"time\": 1795168821, \"roi\": 3}\n";
  const Reply rotated = read(spec);
  EXPECT_EQ(rotated.values.at(0).points.size(), 3u);
  EXPECT_TRUE(rotated.warnings.empty());
  // Cut: it is another file, read from its beginning.
  fake.files.texts.erase("d/m.jsonl.1");
  EXPECT_EQ(read(spec).values.at(0).points.size(), 1u);
}

TEST_F(Providers, a_version_cannot_lead_a_path_elsewhere) {
  query.version = "../../etc";
  EXPECT_NE(why(R"({"provider":"file","path":"m/{{version}}.csv","query":"v"})")
                .find("cannot be a part of a path"),
            std::string::npos);
}

// --- nginx

std::string line(const char* time, int status, const char* seconds, const char* upstream) {
  return std::string("10.0.0.1 - - [20/Nov/2026:") + time + " +0000] \"GET / HTTP/1.1\" " +
         std::to_string(status) + " 12 \"-\" \"curl \\x22x\\x22\" " + seconds + " " + seconds +
         " " + upstream + "\n";
}

constexpr char kLog[] =
    R"j({"provider":"nginx","path":"access.log","log_format":"timed","kind":"count","where":{"upstream_addr":"127.0.0.1:{{port}}"}})j";

TEST_F(Providers, the_access_log_counts_the_requests_of_the_arm_by_steps) {
  fake.files.texts["access.log"] =
      line("09:59:59", 500, "0.100", "127.0.0.1:8002") +
      line("10:00:05", 200, "0.100", "127.0.0.1:8002") +
      line("10:00:05", 500, "0.100", "127.0.0.1:8001") +
      line("10:00:15", 502, "0.100", "127.0.0.1:8001, 127.0.0.1:8002") +
      line("10:00:16", 404, "0.900", "127.0.0.1:8002") + "garbage\n" +
      line("10:00:29", 200, "0.100", "127.0.0.1:8002");  // too young
  const Reply reply = read(kLog);
  EXPECT_EQ(reply.no_data, "");
  EXPECT_EQ(reply.warnings[0], "1 of 7 lines of access.log have another form than log_format");
  const Taken taken = take_samples(query, reply, {});
  ASSERT_EQ(taken.samples.size(), 3u);
  EXPECT_EQ(taken.samples[0].total, 1);
  EXPECT_EQ(taken.samples[1].total, 2);
  EXPECT_EQ(taken.samples[1].bad, 1);
  EXPECT_EQ(taken.samples[2].total, 0);
  EXPECT_EQ(taken.samples[2].to, kNow - Duration::seconds(2));
  query.to = kNow + Duration::seconds(10);
  query.from = taken.samples[2].to;
  EXPECT_EQ(take_samples(query, read(kLog), taken.cursor).samples[0].total, 1);
}

TEST_F(Providers, the_access_log_gives_slow_requests_and_quantiles) {
  fake.files.texts["access.log"] = line("10:00:05", 200, "0.100", "127.0.0.1:8002") +
                                   line("10:00:06", 200, "0.300", "127.0.0.1:8002") +
                                   line("10:00:07", 500, "-", "127.0.0.1:8002");
  const Reply slow = read(
      R"({"provider":"nginx","path":"access.log","log_format":"timed","kind":"count","above":"200ms"})");
  EXPECT_EQ(take_samples(query, slow, {}).samples[0].bad, 1);
  EXPECT_NEAR(
      value(R"({"provider":"nginx","path":"access.log","log_format":"timed","query":"max"})"), 0.3,
      1e-6);
}

TEST_F(Providers, a_log_that_is_not_there_foreign_or_empty_is_told) {
  EXPECT_EQ(why(kLog), "there is no log access.log");
  fake.files.texts["access.log"] = "a\nb\n";
  EXPECT_EQ(why(kLog), "no line of access.log has the form of log_format");
  fake.files.texts["access.log"] = "";
  EXPECT_EQ(why(kLog), "");
}

TEST_F(Providers, a_rotated_log_is_read_on_in_the_file_before) {
  fake.files.texts["access.log"] = line("10:00:15", 200, "0.1", "127.0.0.1:8002");
  fake.files.texts["access.log.1"] = line("10:00:05", 200, "0.1", "127.0.0.1:8002");
  const Taken taken = take_samples(query, read(kLog), {});
  EXPECT_EQ(taken.samples[0].total + taken.samples[1].total, 2);
}

TEST(AccessLog, times_of_all_three_kinds_are_read) {
  EXPECT_EQ(format_rfc3339(*parse_time_local("20/Nov/2026:10:00:00 +0100")),
            "2026-11-20T09:00:00Z");
  for (const char* wrong : {"", "20/Foo/2026:10:00:00 +0100", "31/Feb/2026:10:00:00 +0100",
                            "20/Nov/2026:25:00:00 +0100", "20/Nov/2026 10:00:00 +0100"})
    EXPECT_FALSE(parse_time_local(wrong)) << wrong;
  std::vector<std::string_view> values;
  const AccessLogFormat json(R"({"t":"$msec","s":$status,"u":"$uri"})");
  ASSERT_TRUE(json.split(R"({"t":"1795168830.250","s":404,"u":"/a"})", values));
  EXPECT_EQ(format_rfc3339(*json.time_of(values)), "2026-11-20T10:00:30.250Z");
  EXPECT_EQ(values[1], "404");
  EXPECT_FALSE(json.split(R"({"t":"1)", values));
  EXPECT_THROW(AccessLogFormat("$msec$status"), Error);
}

TEST_F(Providers, stub_status_gives_connections_and_those_that_were_dropped) {
  const std::string spec = R"({"provider":"nginx","url":"http://h/status")";
  answers(FakeHttp::says(200,
                         "Active connections: 2 \nserver accepts handled requests\n 10 9 50 \n"
                         "Reading: 0 Writing: 1 Waiting: 4 \n",
                         "text/plain"));
  EXPECT_EQ(value(spec + "}"), 2);
  EXPECT_EQ(value(spec + R"(,"query":"waiting"})"), 4);
  const Reply counts = read(spec + R"(,"kind":"count"})");
  EXPECT_EQ(counts.total[0].points[0].value, 10);
  EXPECT_EQ(counts.good[0].points[0].value, 9);
  EXPECT_NE(why(spec + R"(,"query":"idle"})").find("it has active"), std::string::npos);
  answers(FakeHttp::says(200, "<html>", "text/html"));
  EXPECT_NE(why(spec + "}").find("does not answer as stub_status does"), std::string::npos);
}

// --- HAProxy

constexpr char kStat[] =
    "# "
    "pxname,svname,qcur,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,rtime,\n"
    "shop,blue,0,1,2,0,100,0,3,4,0,12,\n"
    "shop,BACKEND,5,1,2,0,200,0,6,8,0,13,\n\n";

TEST_F(Providers, haproxy_counts_what_a_server_answered_and_what_it_failed_to) {
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{kStat, {}};
  };
  const std::string spec = R"({"provider":"haproxy","socket":"/run/h.sock","backend":"shop")";
  query.slot = "blue";
  Reply reply = read(spec + R"(,"server":"{{slot}}","kind":"count"})");
  EXPECT_EQ(fake.sockets.asked[0].second, "show stat\n");
  EXPECT_EQ(reply.bad[0].points[0].value, 7);
  EXPECT_EQ(reply.total[0].points[0].value, 110);
  reply = read(spec + R"(,"kind":"count"})");
  EXPECT_EQ(reply.bad[0].points[0].value, 8);
  EXPECT_EQ(reply.total[0].points[0].value, 214);
  EXPECT_EQ(value(spec + R"(,"query":"rtime"})"), 13);
  EXPECT_EQ(why(spec + R"(,"query":"ttime"})"), "HAProxy's statistics have no column ttime");
  query.slot = "green";
  EXPECT_EQ(why(spec + R"(,"server":"{{slot}}","kind":"count"})"),
            "HAProxy's backend shop has no server green; it has blue, BACKEND");
}

TEST_F(Providers, haproxy_that_lies_or_is_away_is_told) {
  const std::string spec =
      R"({"provider":"haproxy","socket":"/run/h.sock","backend":"shop","kind":"count"})";
  EXPECT_EQ(why(spec), "cannot connect to /run/h.sock: no such file or directory");
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{"Permission denied\n", {}};
  };
  EXPECT_EQ(why(spec), "HAProxy answered with something that is no statistics: Permission denied");
  fake.sockets.answer = [](const std::string&, std::string_view) {
    return SocketAnswer{"# pxname,svname\nother,BACKEND\n", {}};
  };
  EXPECT_EQ(why(spec), "HAProxy has no backend shop");
}

// --- prober

TEST_F(Providers, the_prober_counts_what_fails_and_what_is_slow) {
  int n = 0;
  fake.http.answer = [&](const HttpRequest&) {
    HttpResult r = FakeHttp::says(n % 5 == 0 ? 503 : 200, "");
    r.response.took = Duration::milliseconds(n % 5 == 1 ? 300 : 20);
    if (n % 10 == 2) r = {HttpResult::Fault::timeout, "it did not answer within 2s", "", {}};
    ++n;
    return r;
  };
  const std::string spec = R"({"provider":"probe","url":"http://127.0.0.1:{{port}}/")";
  const Reply reply = read(spec + R"(,"above":"200ms"})");
  EXPECT_EQ(reply.reading, Reading::increments);
  EXPECT_EQ(reply.total[0].points[0].value, 10);
  EXPECT_EQ(reply.bad[0].points[0].value, 5);
  EXPECT_EQ(reply.warnings[0], "5 of 10 requests failed: status 503");
  n = 0;
  EXPECT_NEAR(value(spec + R"(,"query":"error_rate"})"), 0.3, 1e-9);
  n = 0;
  EXPECT_NEAR(value(spec + R"(,"query":"max","requests":100})"), 0.3, 1e-3);
}

TEST_F(Providers, the_prober_counts_failures_in_a_row_across_readings) {
  const std::string spec = R"({"provider":"probe","url":"http://h/","query":"failures"})";
  const auto prober = make_metrics(parse_json(spec).value, fake.world);
  Value cursor;
  std::vector<double> seen;
  for (int i = 0; i < 5; ++i) {
    const bool up = i == 3;
    if (up)
      answers(FakeHttp::says(200, ""));
    else
      fake.http.answer = nullptr;  // refused
    query.to = query.to + Duration::seconds(10);
    const Taken taken = read_samples(*prober, query, cursor);
    cursor = taken.cursor;
    seen.push_back(taken.samples.back().value.value_or(-1));
  }
  EXPECT_EQ(seen, (std::vector<double>{1, 2, 3, 0, 1}));
}

TEST_F(Providers, what_says_nothing_about_the_arm_is_no_data_of_the_prober) {
  answers({HttpResult::Fault::unresolved, "no address is known for http://h", "", {}});
  EXPECT_EQ(why(R"({"provider":"probe","url":"http://h/"})"), "no address is known for http://h");
}

// --- process

TEST_F(Providers, memory_is_the_share_of_the_tightest_limit) {
  query.pid = 77;
  EXPECT_EQ(why(R"({"provider":"process"})"), "no process 77 runs");
  auto& files = fake.files.texts;
  files["/proc/77/stat"] = "77 (a) b) S 1 77 77 0";
  files["/proc/77/status"] = "Name:\ta\nVmRSS:\t  1000 kB\n";
  files["/proc/78/stat"] = "78 (w) S 77 77 77 0";
  files["/proc/78/status"] = "VmRSS:\t 500 kB\n";
  files["/proc/79/stat"] = "79 (other) S 1 79 79 0";
  files["/proc/79/status"] = "VmRSS:\t 500 kB\n";
  files["/proc/meminfo"] = "MemTotal:  10000 kB\n";
  EXPECT_EQ(value(R"({"provider":"process","query":"rss"})"), 1500 * 1024);
  EXPECT_NEAR(value(R"({"provider":"process"})"), 0.15, 1e-9);
  files["/proc/77/cgroup"] = "0::/app/blue\n";
  files["/sys/fs/cgroup/app/blue/memory.max"] = "max\n";
  files["/sys/fs/cgroup/app/blue/memory.current"] = "900\n";
  files["/sys/fs/cgroup/app/memory.max"] = "1000\n";
  files["/sys/fs/cgroup/app/memory.current"] = "980\n";
  files["/sys/fs/cgroup/app/memory.stat"] = "anon 1\ninactive_file 20\n";
  EXPECT_NEAR(value(R"({"provider":"process"})"), 0.96, 1e-9);
  query.pid = 0;
  EXPECT_NE(why(R"({"provider":"process"})").find("is not known; give pid_file"),
            std::string::npos);
  files["/run/a.pid"] = "77\n";
  EXPECT_EQ(value(R"({"provider":"process","query":"rss","pid_file":"/run/a.pid"})"), 1500 * 1024);
  files["/run/a.pid"] = "rubbish";
  EXPECT_NE(why(R"({"provider":"process","pid_file":"/run/a.pid"})").find("holds no process id"),
            std::string::npos);
}

// --- Alertmanager

TEST_F(Providers, alertmanager_counts_the_alerts_that_fire) {
  answers(FakeHttp::says(200, R"([{"labels":{"alertname":"Down"}},{"labels":{}}])"));
  const std::string spec =
      R"j({"provider":"alertmanager","matchers":["severity=\"critical\"","v=\"{{version}}\""]})j";
  EXPECT_EQ(value(spec), 2);
  EXPECT_EQ(read(spec).warnings[0], "firing: Down, ?");
  EXPECT_EQ(fake.http.requests[0].url,
            "http://127.0.0.1:9093/api/v2/alerts?active=true&silenced=false&inhibited=false"
            "&filter=severity%3D%22critical%22&filter=v%3D%222.4.1%22");
  answers(FakeHttp::says(200, "[]"));
  EXPECT_EQ(value(R"({"provider":"alertmanager"})"), 0);
  answers(FakeHttp::says(200, "{}"));
  EXPECT_NE(why(R"({"provider":"alertmanager"})").find("does not answer as Alertmanager"),
            std::string::npos);
}

// --- places in JSON, CSV

TEST(JsonPath, leads_to_what_stands_there) {
  const Value json = parse_json(R"({"a": {"b c": [1, [2, 3]], "": 5}, "d": null})").value;
  const auto at = [&](const char* text) { return find_at(json, parse_json_path(text)); };
  EXPECT_EQ(*at("$.a[\"b c\"][1][-1]"), Value(3));
  EXPECT_EQ(*at("a['b c'][0]"), Value(1));
  EXPECT_EQ(*at("$"), json);
  EXPECT_EQ(*at("$['a']['']"), Value(5));
  EXPECT_TRUE(at("d")->is_null());
  for (const char* nothing : {"$.x", "$.a.b", "$[0]", "$.a[\"b c\"][9]", "$.a[\"b c\"][-3]", "d.e"})
    EXPECT_EQ(at(nothing), nullptr) << nothing;
  for (const char* wrong :
       {"", "$.", "$..a", "$[", "$[x]", "$['a", "$['a'", "$.a[1", "$a", "a[", "[]"})
    EXPECT_FALSE(parse_json_path(wrong).ok()) << wrong;
}

TEST(JsonPath, numbers_are_numbers_in_any_writing) {
  EXPECT_EQ(parse_number(" +1.5e3\n"), 1500);
  EXPECT_TRUE(std::isinf(*parse_number("-Inf")));
  EXPECT_TRUE(std::isnan(*parse_number("NaN")));
  EXPECT_TRUE(std::isinf(*parse_number("1e999")));
  EXPECT_EQ(parse_number("1e-999"), 0);
  for (const char* wrong : {"", "x", "1x", "1 2", "0x10", "++1", "1,5"})
    EXPECT_FALSE(parse_number(wrong)) << wrong;
}

TEST(Csv, quotes_hold_commas_breaks_and_quotes) {
  CsvReader reader("a,\"b,\"\"c\"\"\nd\",e\r\n\n1,,\nlast");
  EXPECT_EQ(*reader.next(), (std::vector<std::string>{"a", "b,\"c\"\nd", "e"}));
  EXPECT_EQ(*reader.next(), (std::vector<std::string>{"1", "", ""}));
  EXPECT_EQ(reader.line(), 4u);
  EXPECT_TRUE(reader.ended());
  EXPECT_EQ(*reader.next(), std::vector<std::string>{"last"});
  EXPECT_FALSE(reader.ended());
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace autopilot::deploy
