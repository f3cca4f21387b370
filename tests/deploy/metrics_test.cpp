// What all metrics providers have in common.
#include "core/base/error.h"
#include "core/policy/deployment.h"
#include "core/policy/deployment_shapes.h"
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::Providers;

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

}  // namespace
}  // namespace autopilot::deploy
