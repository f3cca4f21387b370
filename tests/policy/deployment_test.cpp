// Deployments: what the schema and the checks refuse, and what presets, environments and templates
// come to.
#include "core/policy/deployment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/policy/schema_json.h"
#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::Loaded;
using Faults = std::vector<std::string>;

constexpr const char* kHead =
    "apiVersion: autopilot/v1\nkind: Deployment\nmetadata: {id: shop}\nspec:\n";
constexpr const char* kBase = R"(  slots: {blue: {port: 8001}, green: {port: 8002}}
  process: {provider: exec, argv: [./serve, "{{port}}"]}
  traffic: {provider: nginx, directory: nginx}
  metrics:
    errors: {provider: prom, kind: count, bad: "e_{{version}}", total: t}
    roi: {provider: exec, argv: [./roi], kind: value}
)";

Loaded deployment(const std::string& spec) { return load(std::string(kHead) + kBase + spec); }
// "code: message" of the first fault.
std::string first(const std::string& spec) {
  const Loaded loaded = deployment(spec);
  return loaded.faults().empty() ? "" : loaded.faults()[0] + " " + loaded.message();
}
std::string help(const std::string& spec) { return deployment(spec).help(); }

TEST(deployment, one_with_every_section_is_fine) {
  const Loaded loaded = load(std::string(kHead) + R"(  description: the shop
  type: normal
  environments:
    staging: {}
    production: {requires: staging, hosts: [local]}
  hosts: [local]
  slots: {blue: {port: 8001}, green: {port: 8002}}
  interval: 10s
  tick: 1m
  process: {provider: exec, argv: [./serve, "{{port}}"], grace: 5s}
  health: {http: /health, healthy: 2, unhealthy: 3}
  traffic: {provider: nginx, directory: nginx}
  templates: {web: {provider: prom, url: "http://127.0.0.1:9090"}}
  metrics:
    errors: {template: web, kind: count, bad: 'errors_total{version="{{version}}"}', total: 'requests_total{version="{{version}}"}', window: 1m, min_requests: 50}
    roi: {provider: exec, argv: [./roi, "{{arm}}"], kind: value, dry_run: false, on_fail: pause, no_data: ignore}
  analyses: {seq: {method: sequential, metrics: [errors], alpha: 1%, overdispersion: 1.2}}
  steps:
    - {name: canary, weight: 5%, hold: 2h, analysis: [seq, burn_rate], require: canary.errors < 0.02}
    - {gate: ops, timeout: 4h, on_timeout: rollback, role: admin}
    - {pause: 10m}
    - {pause: true}
    - {approval: 2}
    - {smoke: smoke.yaml}
    - {load: {rate: 500/m, for: 5m, max_p95: 2s}}
    - {name: watch, hold: 1h, analysis: kayenta}
    - {weight: 100%, hold: 4h}
  rollback:
    - {when: canary.errors > 0.02, for: 3m}
    - {when: canary.roi < 0.8 * before.roi, over: 1h}
    - {when: canary.errors > 2.0 * stable.errors && weight < 0.5, consecutive: 3, on_fail: notify}
    - {when: canary.roi < earlier.roi, ago: 10m, on_fail: pause}
  objectives: [{name: errors, when: canary.errors < 0.01, target: below 1 %, from: 25%}]
  on_inconclusive: pause
  no_data: hold
  freeze: [{cron: "* * * * 5", timezone: Europe/Paris, reason: friday}, {from: 2026-12-24T00:00:00Z, until: 2026-12-27T00:00:00Z, reason: holidays}]
  maintenance: [{cron: "0-30 2 * * 0", reason: backup}]
  deadlines: {prepare: 10m, step: 24h, rollback: 1m}
  bake: {for: 48h, holdback: 5%}
  checks:
    before: [{name: tests, argv: [./run, tests]}, {name: review, manual: the code was reviewed}]
    after: [{name: up, url: "http://127.0.0.1/health", critical: true}]
  hooks: {before: [./hook], promoted: [./hook], rolled_back: [./hook]}
)");
  EXPECT_EQ(loaded.faults(), Faults{}) << loaded.message();
  ASSERT_EQ(loaded.documents.size(), 1u);
}

TEST(deployment, unknown_fields_are_told_with_what_was_meant) {
  EXPECT_EQ(first("  setps: []\n"), "unknown-field@11:3 a Deployment has no field \"setps\"");
  EXPECT_EQ(help("  setps: []\n"), "did you mean steps?");
  EXPECT_EQ(help("  steps: [{wieght: 5%}]\n"), "did you mean weight?");
  EXPECT_EQ(help("  preset: canary-11\n"), "did you mean canary-10?");
  EXPECT_EQ(help("  steps: [{weight: 5%}]\n  rollback: [{when: canary.errrors > 0.1}]\n"),
            "did you mean errors?");
}

TEST(deployment, steps_go_up_and_do_one_thing_each) {
  EXPECT_EQ(first("  steps: [{weight: 25%}, {weight: 5%}]\n"),
            "wrong-value@11:35 the weight goes down, from 25% to 5%");
  EXPECT_EQ(first("  steps: [{weight: 0%}]\n"), "wrong-value@11:20 a step to 0% is a rollback");
  EXPECT_EQ(first("  steps: [{weight: 5%, gate: ops}]\n"),
            "conflicting-fields@11:24 a step can't have both weight and gate");
  EXPECT_EQ(
      first("  steps: [{name: x}]\n"),
      "missing-field@11:11 a step needs a weight, match, mirror, end, hold, pause, gate, approval, "
      "smoke or load");
  EXPECT_EQ(first("  steps: [{gate: ops}]\n"),
            "wrong-value@11:10 no step has a weight, so nothing is ever tried");
  EXPECT_EQ(first("  steps: [{weight: 5%, timeout: 4h}]\n"),
            "conflicting-fields@11:24 timeout has a meaning only with gate and approval");
  EXPECT_EQ(first("  steps: [{weight: 0.001%}]\n"),
            "wrong-value@11:20 weights are whole hundredths of a per cent");
  EXPECT_EQ(first("  steps: [{weight: 5%, name: a}, {weight: 6%, name: a}]\n"),
            "duplicate-name@11:53 two steps are called a");
  EXPECT_EQ(first("  steps: [{pause: maybe}, {weight: 5%}]\n"),
            "wrong-value@11:19 pause: expected a duration or true");
}

std::string matched(const std::string& match) {
  return first("  steps: [{match: " + match + "}, {weight: 5%}]\n");
}

TEST(deployment, matches_and_mirrors_are_steps_that_may_watch) {
  const Loaded loaded = deployment(R"(  steps:
    - {name: testers, match: {header: X-Beta, exact: "1"}, hold: 10m}
    - name: ring
      match:
        - {cookie: ring, prefix: [inner-, outer-]}
        - {header: X-Client, regex: '(?:ios|android)/[0-9]{1,3}'}
      analysis: sequential
      require: canary.errors < 0.02
    - {name: shadow, mirror: 20%, hold: 10m}
    - {end: mirror}
    - {weight: 5%, hold: 10m}
    - {end: match}
    - {weight: 50%}
)");
  EXPECT_EQ(loaded.faults(), Faults{}) << loaded.message();
}

TEST(deployment, a_match_names_one_thing_and_one_way) {
  EXPECT_EQ(matched("{header: X-Beta}"),
            "missing-field@11:19 a match needs one of exact, prefix, regex");
  EXPECT_EQ(matched("{exact: \"1\"}"), "missing-field@11:19 a match needs one of header, cookie");
  EXPECT_EQ(matched("{header: X-A, cookie: b, exact: \"1\"}"),
            "conflicting-fields@11:33 a match can't have both header and cookie");
  EXPECT_EQ(matched("{header: X-A, exact: \"1\", prefix: a}"),
            "conflicting-fields@11:45 a match can't have both exact and prefix");
  EXPECT_EQ(matched("[]").substr(0, 17), "wrong-value@11:19");
  EXPECT_EQ(matched("{}").substr(0, 19), "missing-field@11:19");
  EXPECT_EQ(matched("none").substr(0, 16), "wrong-type@11:19");
  EXPECT_EQ(matched("{header: X-A, exact: 1}").substr(0, 16), "wrong-type@11:40");
  EXPECT_EQ(matched("[{header: X-A, exact: a}, {header: x-a, exact: b}]"),
            "duplicate-name@11:54 the header x-a is matched twice");
  EXPECT_EQ(help("  steps: [{match: {haeder: X-A, exact: a}}, {weight: 5%}]\n"),
            "did you mean header?");
}

TEST(deployment, names_of_headers_and_cookies_are_names_that_a_proxy_has_variables_for) {
  for (const char* odd :
       {"X Beta", "X_Beta", "\"\"", "\"X;\"", "\"$uri\"", "\"X\\nY\"", "\"X}{\"", "é"})
    EXPECT_EQ(matched(fmt::format("{{header: {}, exact: a}}", odd)).substr(0, 17),
              "wrong-value@11:28")
        << odd;
  for (const char* odd : {"a-b", "\"a b\"", "\"\"", "\"a;b\"", "\"a=b\""})
    EXPECT_EQ(matched(fmt::format("{{cookie: {}, exact: a}}", odd)).substr(0, 17),
              "wrong-value@11:28")
        << odd;
  EXPECT_EQ(matched("{header: Cookie, exact: a}"),
            "wrong-value@11:28 the header Cookie cannot be matched");
  EXPECT_EQ(matched("{header: X-Autopilot-Token, exact: a}"),
            "wrong-value@11:28 X-Autopilot-Token is autopilot's own");
}

TEST(deployment, values_are_what_a_request_can_carry) {
  EXPECT_EQ(matched("{header: X-A, exact: \"\"}"),
            "wrong-value@11:40 exact: an empty value matches nothing");
  EXPECT_EQ(matched("{header: X-A, exact: \"a\\nb\"}"),
            "wrong-value@11:40 exact: a control character cannot be in a value");
  EXPECT_EQ(matched("{header: X-A, prefix: \" a\"}"),
            "wrong-value@11:41 prefix: spaces at the ends of a value are dropped on its way");
  EXPECT_EQ(matched("{cookie: a, exact: \"a;b\"}"),
            "wrong-value@11:38 exact: \";\" cannot be in the value of a cookie");
  EXPECT_EQ(matched("{header: X-A, exact: \"" + std::string(300, 'a') + "\"}"),
            "wrong-value@11:40 exact: values have at most 256 bytes");
  // What means something to a proxy's configuration means nothing here.
  EXPECT_EQ(matched(R"({header: X-A, exact: "a\"; } $uri # {b}"})"), "");
  EXPECT_EQ(matched("{header: X-A, regex: \"(\"}"), "wrong-value@11:40 regex: a ( is not closed");
  EXPECT_EQ(matched("{header: X-A, regex: \"(a+)+\"}"),
            "wrong-value@11:40 regex: a repeated group has a repetition or alternatives within");
  EXPECT_EQ(matched("{header: X-A, regex: [\"a\", \"(?<uri>a)\"]}").substr(0, 17),
            "wrong-value@11:46");
}

TEST(deployment, a_mirror_copies_something_and_ends_where_one_is) {
  EXPECT_EQ(first("  steps: [{mirror: 0%}, {weight: 5%}]\n"),
            "wrong-value@11:20 a mirror of 0% copies nothing");
  EXPECT_EQ(first("  steps: [{mirror: 0.001%}, {weight: 5%}]\n"),
            "wrong-value@11:20 mirror: shares are whole hundredths of a per cent");
  EXPECT_EQ(first("  steps: [{weight: 100%}, {mirror: 5%}]\n"),
            "wrong-value@11:28 mirror after a weight of 100%: no request is left that the canary "
            "does not get");
  EXPECT_EQ(first("  steps: [{mirror: 5%}, {weight: 5%}, {end: mirror}]\n"),
            "wrong-value@11:45 no mirror is left to end here");
  EXPECT_EQ(first("  steps: [{end: match}, {weight: 5%}]\n"),
            "wrong-value@11:17 no match is left to end here");
  EXPECT_EQ(first("  steps: [{match: {header: X-A, exact: a}}, {mirror: 5%}]\n"),
            "wrong-value@11:10 no step has a weight: after testers and copies all users would get "
            "the canary at once");
  EXPECT_EQ(first("  steps: [{mirror: 5%, weight: 5%}]\n"),
            "conflicting-fields@11:12 a step can't have both weight and mirror");
}

TEST(deployment, providers_that_cannot_match_or_mirror_say_who_can) {
  const auto with = [](const std::string& traffic, const std::string& step) {
    const Loaded loaded = load(
        std::string(kHead) +
        "  slots: {a: {port: 1}, b: {port: 2}}\n  process: {provider: exec}\n" +
        "  traffic: " + traffic + "\n  metrics: {m: {provider: prom, query: up}}\n  steps: [{" +
        step + "}, {weight: 5%}]\n");
    return loaded.faults().empty() ? "" : loaded.message() + " | " + loaded.help();
  };
  const std::string match = "match: {header: X-A, exact: a}";
  EXPECT_EQ(with("{provider: haproxy}", match),
            "the traffic provider haproxy cannot choose requests by header | nginx can, and exec "
            "where your program takes {{match}}");
  EXPECT_EQ(with("{provider: kubernetes}", "mirror: 5%"),
            "the traffic provider kubernetes cannot send copies of requests | nginx can, and exec "
            "where your program takes {{mirror}}");
  EXPECT_EQ(with("{provider: exec, set: [a], read: [b]}", match),
            "the traffic provider exec cannot choose requests by header: traffic.set has no "
            "{{match}} | pass {{match}} to your program, and let traffic.read print match again");
  EXPECT_EQ(with(R"({provider: exec, set: [a, "{{match}}"], read: [b]})", match), "");
  EXPECT_EQ(with(R"({provider: exec, set: [a, "--copies={{mirror}}"], read: [b]})", "mirror: 5%"),
            "");
}

TEST(deployment, a_load_has_a_rate) {
  EXPECT_EQ(first("  steps: [{weight: 5%}, {load: {rate: 500/min, for: 5m}}]\n"),
            "wrong-value@11:39 500/min is no rate");
}

TEST(deployment, weights_that_the_proxy_cannot_do_are_refused) {
  const std::string spec =
      std::string(kHead) +
      "  slots: {a: {port: 1}, b: {port: 2}}\n  process: {provider: exec}\n"
      "  traffic: {provider: haproxy}\n  metrics: {m: {provider: prom, query: up}}\n  "
      "steps: [{weight: 0.2%}]\n";
  EXPECT_EQ(load(spec).message(), "HAProxy cannot give so small a share: its weights end at 256");
}

TEST(deployment, a_for_shorter_than_two_ticks_is_refused_where_there_is_no_history) {
  const std::string steps = "  steps: [{weight: 5%}]\n  tick: 1m\n";
  EXPECT_EQ(first(steps + "  rollback: [{when: canary.roi < 1.0, for: 90s}]\n"),
            "wrong-value@13:44 for: 1m30s is less than two ticks, and exec has no history to fill "
            "them");
  EXPECT_EQ(first(steps + "  rollback: [{when: canary.roi < 1.0, for: 2m}]\n"), "");
  EXPECT_EQ(first(steps + "  rollback: [{when: canary.errors > 0.1, for: 90s}]\n"), "");
  EXPECT_EQ(first(steps + "  rollback: [{when: canary.errors > 0.1, for: 10s}]\n"),
            "wrong-value@13:47 for: 10s is less than two intervals");
}

TEST(deployment, names_that_are_not_there_are_told) {
  EXPECT_EQ(first("  steps: [{weight: 5%, analysis: seqential}]\n"),
            "unknown-name@11:34 no analysis is called seqential");
  EXPECT_EQ(help("  steps: [{weight: 5%, analysis: seqential}]\n"), "did you mean sequential?");
  EXPECT_EQ(first("  steps: [{weight: 5%}]\n  environments: {production: {requires: stagin}, "
                  "staging: {}}\n"),
            "unknown-name@12:41 no environment is called stagin");
  EXPECT_EQ(first("  steps: [{weight: 5%}]\n  environments: {a: {requires: b}, b: {requires: a}}\n")
                .substr(0, 11),
            "wrong-value");
}

// As deployment(), with another process.
std::string first_on_hosts(const std::string& process, const std::string& spec) {
  std::string text = std::string(kHead) + kBase + "  steps: [{weight: 5%}]\n" + spec;
  const std::string line = "{provider: exec, argv: [./serve, \"{{port}}\"]}";
  text.replace(text.find(line), line.size(), process);
  const Loaded loaded = load(text);
  return loaded.faults().empty() ? "" : loaded.faults()[0] + " " + loaded.message();
}

TEST(deployment, hosts_are_local_or_targets_of_ssh) {
  const std::string systemd = "{provider: systemd, unit: a, environment_file: b}";
  EXPECT_EQ(first_on_hosts(systemd,
                           "  hosts: [local, deploy@10.0.0.5, \"ssh://d@10.0.0.6:22\"]\n"
                           "  hosts_batch: 2\n  ssh: [ssh, -F, ssh_config]\n"),
            "");
  EXPECT_EQ(first_on_hosts(systemd, "  hosts: [web1]\n  addresses: {web1: 10.0.0.5}\n"), "");
  EXPECT_EQ(first_on_hosts(systemd, "  hosts: [web1]\n"),
            "wrong-value@12:11 hosts: nginx is verified by addresses, and web1 is a name");
  for (const char* odd : {"-oProxyCommand=x", "a b", "a;b", "ssh://", "a@", "@b", "", "-l@b",
                          "ssh://b:0", "ssh://b:99999", "$(id)"}) {
    EXPECT_EQ(first_on_hosts(systemd, fmt::format("  hosts: [\"{}\"]\n", odd)).substr(0, 17),
              "wrong-value@12:11")
        << odd;
  }
  EXPECT_EQ(first_on_hosts(systemd, "  hosts: [10.0.0.5, 10.0.0.5]\n"),
            "duplicate-name@12:21 10.0.0.5 is there twice");
  EXPECT_EQ(first_on_hosts(systemd, "  hosts: [10.0.0.5]\n  addresses: {10.0.0.6: 10.0.0.7}\n"),
            "unknown-name@13:14 addresses: 10.0.0.6 is not among the hosts");
  EXPECT_EQ(first_on_hosts(systemd, "  hosts: [10.0.0.5]\n  hosts_batch: 0\n").substr(0, 12),
            "wrong-value@");
}

TEST(deployment, what_works_on_this_machine_only_is_refused_on_others) {
  EXPECT_EQ(first_on_hosts("{provider: exec, argv: [x]}", "  hosts: [10.0.0.5]\n"),
            "wrong-value@12:10 process: exec starts programs on local only");
  EXPECT_EQ(first_on_hosts("{provider: kubernetes}", "  hosts: [10.0.0.5]\n"),
            "wrong-value@12:10 process: kubernetes chooses hosts itself");
  EXPECT_EQ(first_on_hosts("{provider: compose, file: c.yaml, pass: TOKEN}",
                           "  hosts: [local, 10.0.0.5]\n"),
            "wrong-value@6:12 process.pass takes variables of this machine, which are not sent to "
            "others");
  const std::string haproxy =
      std::string(kHead) +
      "  slots: {a: {port: 1}, b: {port: 2}}\n  process: {provider: compose, file: c}\n"
      "  metrics: {m: {provider: prom, query: up}}\n  steps: [{weight: 5%}]\n"
      "  hosts: [web1, web2]\n  traffic: {provider: haproxy, servers: {a: [a1, a2], b: ";
  EXPECT_EQ(load(haproxy + "[b1]}}\n").message(), "slot b has 1 server on 2 hosts");
  EXPECT_EQ(load(haproxy + "[b1, b2]}}\n").message(), "");
}

TEST(deployment, windows_bakes_slots_and_times_make_sense) {
  const std::string steps = "  steps: [{weight: 5%}]\n";
  EXPECT_EQ(first(steps + "  freeze: [{reason: x}]\n").substr(0, 18), "conflicting-fields");
  EXPECT_EQ(first(steps + "  freeze: [{from: 2026-02-01T00:00:00Z, until: "
                          "2026-01-01T00:00:00Z, reason: x}]\n"),
            "wrong-value@12:48 the window ends before it begins");
  EXPECT_EQ(first(steps + "  bake: {for: 0s}\n").substr(0, 16), "wrong-type@12:15");
  EXPECT_EQ(first(steps + "  bake: {for: 1h, holdback: 60%}\n"),
            "wrong-value@12:29 holdback: expected more than 0% and at most 50%");
  EXPECT_EQ(first(steps + "  interval: 10ms\n"), "wrong-value@12:13 interval: 10ms is too short");
}

TEST(deployment, without_metrics_there_is_a_warning) {
  const Loaded loaded = load(std::string(kHead) +
                             "  slots: {a: {port: 1}, b: {port: 2}}\n  process: {provider: "
                             "exec}\n  traffic: {provider: exec}\n  steps: [{weight: 5%}]\n");
  EXPECT_EQ(loaded.message(),
            "nothing is measured, so a bad version goes forward as a good one does");
  EXPECT_EQ(loaded.documents.size(), 1u);
}

Value spec_of(const std::string& json) { return parse_json_or_throw(json, "spec"); }

TEST(deployment, presets_leave_out_what_no_metric_is_there_for) {
  const Value bare = expand_deployment(spec_of(R"({"preset": "canary-5-25-100"})"), "");
  EXPECT_EQ(to_json(*bare.get("rollback")), "[]");
  EXPECT_EQ(bare.get("steps")->as_list().size(), 3u);
  EXPECT_EQ(bare.get("steps")->as_list()[0].get("analysis"), nullptr);
  const Value with = expand_deployment(
      spec_of(R"({"preset": "canary-5-25-100", "metrics": {"errors": {}, "roi": {}}})"), "");
  EXPECT_EQ(to_json(*with.get("steps")->as_list()[0].get("analysis")), R"(["errors"])");
  EXPECT_EQ(to_json(*with.get("rollback")),
            R"([{"name":"roi","when":"canary.roi < 0.8 * before.roi","over":"1h"}])");
  EXPECT_EQ(with.get("preset"), nullptr);
}

TEST(deployment, what_is_written_comes_before_the_preset_and_the_environment_before_both) {
  const Value spec = spec_of(R"({"preset": "blue-green", "bake": {"for": "1h"},
    "metrics": {"a": {"provider": "exec"}},
    "environments": {"production": {"bake": {"for": "2h"}, "metrics": {"b": {"provider": "prom"}}}}})");
  EXPECT_EQ(to_json(*expand_deployment(spec, "").get("bake")), R"({"for":"1h"})");
  const Value production = expand_deployment(spec, "production");
  EXPECT_EQ(to_json(*production.get("bake")), R"({"for":"2h"})");
  EXPECT_EQ(metric_names(production), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(production.get("metrics")->get("b")->get("provider")->as_string(), "prometheus");
}

TEST(deployment, templates_fill_in_what_a_metric_lacks) {
  const Value spec =
      expand_deployment(spec_of(R"({"templates": {"t": {"provider": "exec", "window": "5m"}},
                 "metrics": {"m": {"template": "t", "window": "1m"}, "n": {"template": "x"}}})"),
                        "");
  EXPECT_EQ(to_json(*spec.get("metrics")->get("m")), R"({"window":"1m","provider":"exec"})");
}

TEST(deployment, every_preset_is_a_good_document_with_and_without_metrics) {
  for (const char* preset : {"blue-green", "canary-5-25-100", "canary-10", "hotfix", "model"}) {
    const std::string spec = std::string("  preset: ") + preset + "\n";
    EXPECT_EQ(deployment(spec).faults(), Faults{}) << preset << deployment(spec).message();
    Value expanded = expand_deployment(*deployment(spec).documents.at(0).content.get("spec"), "");
    const Loaded again = load("apiVersion: autopilot/v1\nkind: Deployment\nmetadata: {id: x}\n" +
                              to_yaml(Map{{"spec", expanded}}));
    EXPECT_EQ(again.faults(), Faults{}) << preset << again.message();
  }
}

TEST(deployment, a_placeholder_that_nothing_fills_in_is_told_where_it_stands) {
  const std::string steps = "  steps: [{weight: 5%}]\n";
  const auto in_template = [&](const std::string& word) {
    return "  templates: {t: {provider: exec, argv: [./m, \"" + word + "\"]}}\n" + steps;
  };
  EXPECT_EQ(first(in_template("{{vresion}}")),
            "unknown-name@11:47 nothing fills in {{vresion}} here");
  EXPECT_EQ(help(in_template("{{vresion}}")), "did you mean version?");
  EXPECT_EQ(first(in_template("{{host}}:{{ port }}")), "");
  EXPECT_EQ(first("  health: {http: \"/{{arm}}\"}\n" + steps),
            "unknown-name@11:18 nothing fills in {{arm}} here");
  EXPECT_EQ(first("  hooks: {before: [./h, \"{{pid}}\"]}\n" + steps),
            "unknown-name@11:25 nothing fills in {{pid}} here");
}

TEST(deployment, shares_are_whole_basis_points) {
  EXPECT_EQ(basis_points("5%"), 500);
  EXPECT_EQ(basis_points(0.0525), 525);
  EXPECT_EQ(basis_points("0.01%"), 1);
  EXPECT_EQ(basis_points("0.001%"), std::nullopt);
  EXPECT_EQ(basis_points("110%"), std::nullopt);
  EXPECT_EQ(basis_points(Value()), std::nullopt);
}

TEST(deployment, nonsense_in_any_section_is_told_and_harms_nobody) {
  for (const char* field :
       {"hosts_batch",     "addresses", "ssh",      "type",        "preset",    "environments",
        "hosts",           "slots",     "interval", "tick",        "process",   "traffic",
        "templates",       "metrics",   "analyses", "steps",       "rollback",  "objectives",
        "on_inconclusive", "no_data",   "freeze",   "maintenance", "deadlines", "bake",
        "checks",          "hooks"}) {
    for (const char* value : {"7", "[]", "{}", "[[1]]", "{a: {b: [1]}}", "true", "[{a: 1}]", "~"}) {
      const std::string text =
          std::string(kHead) + "  " + field + ": " + value + "\n  " +
          (std::string(field) == "steps" ? "bake: {for: 1h}" : "steps: [{weight: 5%}]") + "\n";
      const Loaded loaded = load(text);
      EXPECT_FALSE(loaded.faults().empty()) << text;
      EXPECT_TRUE(loaded.documents.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace autopilot::policy
