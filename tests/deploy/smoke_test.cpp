#include "core/deploy/smoke.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/render/text.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::FakeHttp;
using autopilot::testing::FakeWorld;

class Smoke : public ::testing::Test {
 protected:
  FakeWorld fake;
  Diagnostics diagnostics;
  SmokeFile file;

  void load(const std::string& text, const Placeholders& variables = {},
            const std::string& base = {}) {
    fake.files.texts["s.yaml"] = text;
    file = load_smoke("s.yaml", base, variables, fake.files, diagnostics);
  }
  // "code@place: message" of the first fault.
  std::string fault(const std::string& text) {
    diagnostics = {};
    load(text);
    if (diagnostics.ok()) return "";
    const Diagnostic& d = diagnostics.all()[0];
    return d.code + "@" + place(diagnostics.sources(), d.span).substr(7) + ": " + d.message;
  }
  // What differs in the one check when the service says this.
  std::vector<std::string> faults(const std::string& check, HttpResult answer) {
    load("base: http://h\nchecks:\n  - {get: /, " + check + "}\n");
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.all()[0].message;
    fake.http.answer = [answer](const HttpRequest&) { return answer; };
    return run_smoke(file, fake.world).at(0).faults;
  }
};

using Faults = std::vector<std::string>;

TEST_F(Smoke, a_request_is_made_of_base_path_headers_and_variables) {
  load(
      "base: http://127.0.0.1:{{port}}/api/\nheaders: {X-A: '1'}\ntimeout: 2s\nchecks:\n"
      "  - post: orders?v={{version}}\n    send: {item: 1, tags: [a]}\n    headers: {X-B: "
      "\"{{version}}\"}\n"
      "    status: 2xx\n  - get: http://other/\n",
      {{"port", "8001"}, {"version", "2.0"}});
  ASSERT_TRUE(diagnostics.ok());
  fake.http.answer = [](const HttpRequest&) { return FakeHttp::says(201, "{}"); };
  EXPECT_TRUE(all_passed(run_smoke(file, fake.world)));
  const HttpRequest& r = fake.http.requests.at(0);
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.url, "http://127.0.0.1:8001/api/orders?v=2.0");
  EXPECT_EQ(r.body, R"({"item":1,"tags":["a"]})");
  EXPECT_EQ(r.headers, (std::vector<std::pair<std::string, std::string>>{
                           {"X-A", "1"}, {"X-B", "2.0"}, {"Content-Type", "application/json"}}));
  EXPECT_EQ(r.timeout, Duration::seconds(2));
  EXPECT_EQ(fake.http.requests.at(1).url, "http://other/");
}

TEST_F(Smoke, base_of_the_command_line_wins) {
  load("base: http://a\nchecks: [{get: /x}]\n", {}, "http://b:1");
  run_smoke(file, fake.world);
  EXPECT_EQ(fake.http.requests.at(0).url, "http://b:1/x");
}

TEST_F(Smoke, without_a_base_paths_are_under_the_port_that_is_given) {
  load("checks: [{get: /x}]\n", {{"port", "8002"}});
  run_smoke(file, fake.world);
  EXPECT_EQ(fake.http.requests.at(0).url, "http://127.0.0.1:8002/x");
}

TEST_F(Smoke, every_kind_of_difference_is_told) {
  const HttpResult json = FakeHttp::says(200, R"({"a": {"b": [1, 2]}, "s": "text", "n": 5.0})");
  EXPECT_EQ(faults("status: [200, 3xx]", json), Faults{});
  EXPECT_EQ(faults("status: 404", json), Faults{"status: 404 is expected, got 200"});
  EXPECT_EQ(faults("json: {\"$.a.b[1]\": 2, n: 5, s: text, $.a: {equals: {b: [1, 2]}}}", json),
            Faults{});
  EXPECT_EQ(faults("json: {$.s: other}", json),
            Faults{R"(json $.s: "other" is expected, got "text")"});
  EXPECT_EQ(faults("json: {$.x: 1}", json), Faults{"json $.x: there is nothing"});
  EXPECT_EQ(faults("json: {$.x: {exists: false}, $.s: {exists: true}}", json), Faults{});
  EXPECT_EQ(faults("json: {$.s: {exists: false}}", json), Faults{R"(json $.s: it is "text")"});
  EXPECT_EQ(faults("json: {$.n: {min: 1, max: 4}}", json),
            Faults{"json $.n: at most 4 is expected, got 5.0"});
  EXPECT_EQ(faults("json: {$.s: {min: 1}}", json),
            Faults{R"(json $.s: a number is expected, got "text")"});
  EXPECT_EQ(faults("json: {$.a.b: {length: 3}}", json),
            Faults{"json $.a.b: a length of 3 is expected, got 2"});
  EXPECT_EQ(faults("json: {$.s: {matches: '^te.t$', contains: ex}}", json), Faults{});
  EXPECT_EQ(faults("json: {$.s: {matches: '^x'}}", json),
            Faults{R"(json $.s: it does not match ^x: "text")"});
  EXPECT_EQ(faults("header: {Content-Type: application/json}", json), Faults{});
  EXPECT_EQ(faults("header: {Content-Type: {contains: html}}", json),
            Faults{R"(header content-type: it lacks "html": "application/json")"});
  EXPECT_EQ(faults("header: {X-Gone: '1'}", json), Faults{"header x-gone: there is nothing"});
  EXPECT_EQ(faults("contains: [text, a], lacks: nope, matches: 't.xt'", json), Faults{});
  EXPECT_EQ(faults("lacks: text", json), Faults{R"(body: it contains "text")"});
  EXPECT_EQ(faults("contains: absent, matches: 'z+'", json).size(), 2u);
}

TEST_F(Smoke, what_is_no_answer_and_no_json_is_told) {
  EXPECT_EQ(
      faults("status: 200",
             {HttpResult::Fault::unreachable, "cannot connect to http://h/", "is it running?", {}}),
      Faults{"cannot connect to http://h/; is it running?"});
  EXPECT_NE(faults("json: {a: 1}", FakeHttp::says(200, "<html>"))[0].find("is no JSON"),
            std::string::npos);
  HttpResult redirect = FakeHttp::says(302, "");
  redirect.response.headers.emplace_back("location", "http://h/login?x");
  EXPECT_EQ(faults("status: 200", redirect),
            Faults{"status: 200 is expected, got 302 to http://h/login (redirects: 1 follows it)"});
  HttpResult slow = FakeHttp::says(200, "");
  slow.response.took = Duration::milliseconds(250);
  EXPECT_EQ(faults("within: 200ms", slow),
            Faults{"latency: within 200ms is expected, it took 250.0 ms"});
}

TEST_F(Smoke, a_check_is_tried_again_until_it_passes) {
  load("base: http://h\nretries: 3\nwait: 2s\nchecks: [{get: /}, {get: /never, retries: 1}]\n");
  int n = 0;
  fake.http.answer = [&](const HttpRequest& r) {
    return FakeHttp::says(r.url.ends_with("never") || ++n < 3 ? 503 : 200, "");
  };
  const Instant start = fake.clock.now();
  const auto results = run_smoke(file, fake.world);
  EXPECT_EQ(results[0].attempts, 3);
  EXPECT_TRUE(results[0].passed());
  EXPECT_EQ(results[1].attempts, 2);
  EXPECT_FALSE(results[1].passed());
  EXPECT_EQ(fake.clock.now() - start, Duration::seconds(6));
}

TEST_F(Smoke, faults_of_the_file_have_places) {
  EXPECT_EQ(fault("checks: [{get: /}]\n"), "wrong-value@1:16: / is a path, and there is no base");
  diagnostics = {};
  load("checks: [{get: /}, {get: /b}]\n");
  EXPECT_EQ(diagnostics.errors(), 1u);  // one base cures both
  EXPECT_EQ(fault("base: http://h\nchecks: [{gte: /}]\n"),
            "unknown-field@2:11: a check has no field \"gte\"");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, post: /}]\n").substr(0, 18),
            "conflicting-fields");
  EXPECT_EQ(fault("base: http://h\nchecks: [{name: x}]\n").substr(0, 13), "missing-field");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, status: okay}]\n"),
            "wrong-value@2:27: okay is no status of HTTP");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, json: {$..a: 1}}]\n"),
            "wrong-value@2:26: $..a is no place in JSON: expected a name");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, matches: '('}]\n").substr(0, 16),
            "wrong-value@2:28");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, json: {a: {mni: 1}}}]\n"),
            "unknown-field@2:30: an expectation has no field \"mni\"");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, json: {a: {min: x}}}]\n"),
            "wrong-value@2:35: min takes a number");
  EXPECT_EQ(fault("base: http://h:{{prot}}\nchecks: [{get: /}]\n"),
            "wrong-value@1:7: {{prot}} has no value");
  EXPECT_EQ(fault("base: http://h\nchecks: [{get: /, within: fast}]\n").substr(0, 14),
            "wrong-type@2:2");
  EXPECT_EQ(fault("base: http://h\nchecks: []\n").substr(0, 11), "wrong-value");
  EXPECT_EQ(fault(""), "wrong-value@1:1: the file is empty");
  EXPECT_EQ(fault("a: 1\n---\nb: 2\n"), "wrong-value@1:1: the file has several documents");
  EXPECT_EQ(fault("checks: [{get: /, json: {a: [1, }}]\n").substr(0, 11), "yaml-syntax");
}

TEST_F(Smoke, the_report_and_junit_tell_what_failed) {
  load(
      "base: http://h\nchecks: [{name: up, get: /}, {name: 'says <hi>', get: /hi, contains: "
      "hi}]\n");
  fake.http.answer = [](const HttpRequest&) { return FakeHttp::says(200, "no"); };
  const auto results = run_smoke(file, fake.world);
  const render::Report report = describe_smoke(file, results);
  const Value data(report.data);
  EXPECT_EQ(*data.get("passed"), Value(false));
  EXPECT_EQ(*data.get("failed"), Value(1));
  EXPECT_EQ(data.get("checks")->as_list()[1].get("faults")->as_list().size(), 1u);
  const std::string text = render::report_text(report, {});
  EXPECT_NE(text.find("2 checks: 1 failed"), std::string::npos) << text;
  const std::string junit = smoke_junit(file, results, diagnostics.sources());
  EXPECT_NE(junit.find("name=\"says &lt;hi&gt;\" file=\"s.yaml\" line=\"2\""), std::string::npos)
      << junit;
  EXPECT_NE(junit.find("tests=\"2\" failures=\"1\""), std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
