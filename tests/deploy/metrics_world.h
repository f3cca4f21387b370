#pragma once
// A metrics provider and the world of fakes that it asks.

#include <gtest/gtest.h>

#include <string>

#include "core/base/json.h"
#include "core/deploy/metrics.h"
#include "tests/fakes.h"

namespace autopilot::deploy::testing {

using autopilot::testing::FakeHttp;
using autopilot::testing::FakeProcesses;
using autopilot::testing::FakeWorld;

inline const Instant kNow = *parse_rfc3339("2026-11-20T10:00:30Z");

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

}  // namespace autopilot::deploy::testing
