// What a deployment's metrics may say, provider by provider.
#include <gtest/gtest.h>

#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::Loaded;

Loaded metric(const std::string& fields) {
  return testing::load(
      "apiVersion: autopilot/v1\nkind: Deployment\nmetadata: {id: shop}\nspec:\n"
      "  slots: {blue: {port: 8001}, green: {port: 8002}}\n"
      "  process: {provider: exec, argv: [./serve]}\n"
      "  traffic: {provider: nginx, directory: nginx}\n"
      "  steps: [{weight: 5%}]\n"
      "  templates: {web: {provider: prom, query: up}}\n"
      "  metrics: {m: " +
      fields + "}\n");
}

TEST(Metric, every_provider_has_a_form_that_passes) {
  for (const char* fields :
       {"{provider: prometheus, url: 'http://prom:9090', bad: b, total: t}",
        "{provider: prom, good: g, total: t, headers: {Authorization: 'Bearer ${env:T}'}}",
        "{provider: prom, histogram: 'h{a=\"b\"}', above: 200ms}", "{provider: prom, query: up}",
        "{provider: http, url: 'http://127.0.0.1:{{port}}/stats', query: $.p95}",
        "{provider: http, url: 'http://h/', bad: $.e, total: $.n, counts: increments}",
        "{provider: exec, argv: [./roi, '{{arm}}'], pass: [TOKEN]}",
        "{provider: file, path: m.csv, bad: e, total: n, where: {arm: '{{arm}}'}}",
        "{provider: file, path: m.jsonl, query: roi, time: at, format: jsonl}",
        "{provider: nginx, path: access.log, bad: 5xx, log_format: timed, kind: count}",
        "{provider: nginx, path: access.log, query: p95, log_format: timed}",
        "{provider: nginx, url: 'http://127.0.0.1/status', query: active}",
        "{provider: haproxy, socket: /run/haproxy.sock, backend: shop, server: '{{slot}}', kind: "
        "count}",
        "{provider: probe, url: 'http://127.0.0.1:{{port}}/', query: failures}",
        "{provider: probe, url: 'http://127.0.0.1:{{port}}/', above: 200ms, requests: 20, status: "
        "200}",
        "{provider: process, query: memory}",
        "{provider: alertmanager, matchers: ['severity=\"critical\"', 'app=\"{{arm}}\"']}",
        "{template: web, window: 5m}"}) {
    EXPECT_EQ(metric(fields).message(), "") << fields;
  }
}

TEST(Metric, what_a_provider_needs_is_named) {
  const auto message = [](const char* fields) { return metric(fields).message(); };
  EXPECT_EQ(message("{provider: prom}"), "a metric of the provider prometheus needs query");
  EXPECT_EQ(message("{provider: prom, bad: b}"), "a metric of the provider prometheus needs total");
  EXPECT_EQ(message("{provider: prom, total: t}"),
            "a metric of the provider prometheus needs one of bad and good");
  EXPECT_EQ(message("{provider: prom, histogram: h}"),
            "a metric of the provider prometheus needs above");
  EXPECT_EQ(message("{provider: exec}"), "a metric of the provider exec needs argv");
  EXPECT_EQ(message("{provider: http}"), "a metric of the provider http needs url");
  EXPECT_EQ(message("{provider: haproxy, backend: b, socket: s, url: u}"),
            "a metric of the provider haproxy needs one of socket and url");
  EXPECT_EQ(message("{provider: haproxy, backend: b, socket: s}"),
            "a metric of the provider haproxy needs query");
  EXPECT_EQ(message("{provider: nginx, path: l}"), "a metric of the provider nginx needs query");
  EXPECT_EQ(message("{provider: probe, url: 'http://h/', kind: value}"),
            "a metric of the provider probe needs query");
  EXPECT_EQ(message("{provider: nginx}"),
            "a metric of the provider nginx needs one of path and url");
}

TEST(Metric, a_field_of_another_provider_is_a_fault_where_it_stands) {
  EXPECT_EQ(metric("{provider: exec, argv: [x], url: 'http://h/'}").message(),
            "a metric of the provider exec has no field \"url\"");
  EXPECT_EQ(metric("{provider: prom, query: up, argv: [x]}").message(),
            "a metric of the provider prometheus has no field \"argv\"");
  EXPECT_EQ(metric("{provider: prom, qury: up}").message(), "a metric has no field \"qury\"");
  EXPECT_EQ(metric("{provider: promethius, query: up}").message().substr(0, 8), "provider");
}

}  // namespace
}  // namespace autopilot::policy
