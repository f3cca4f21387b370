// Algorithms: what the schema and the checks refuse.
#include <gtest/gtest.h>

#include "tests/policy/reading.h"

namespace autopilot::policy {
namespace {

using testing::load;
using testing::Loaded;

Loaded algorithm(const std::string& spec) {
  return load("apiVersion: autopilot/v1\nkind: Algorithm\nmetadata: {id: split}\nspec:\n" + spec);
}
std::string first(const std::string& spec) {
  const Loaded loaded = algorithm(spec);
  return loaded.faults().empty() ? "" : loaded.faults()[0] + " " + loaded.message();
}

const std::string kEvents = "  events: {files: logs/events.jsonl}\n";
const std::string kFile = "  actuator: {provider: file, path: w.json}\n";

TEST(algorithm, one_with_every_section_is_fine) {
  EXPECT_EQ(first(R"(  description: which host serves checkout
  arms: {a: {floor: 5%, cap: 90%}, b: {}, c: {port: 8003}}
  events:
    files: [logs/events.jsonl*, /var/log/shop/*.log]
    columns: {arm: server, reward: paid, time: at, id: request, generation: gen}
    attribution: 30m
    max_bad: 2%
  objective: {direction: minimize, range: [0, 500]}
  optimizer: {method: kl_ucb, prior: [1, 9], floor: 2%, cap: 80%, min_trials: 100, batch: 500, half_life: 1d, window: 30d}
  schedule: {every: 5m, growth: 10%, min_events: 50}
  actuator: {provider: haproxy, socket: /run/haproxy.sock, backend: shop, servers: {a: [a1, a2]}}
)"),
            "");
}

TEST(algorithm, bounds_that_cannot_be_met_are_refused) {
  EXPECT_EQ(
      first("  arms: {a: {}, b: {}, c: {}}\n" + kEvents + "  optimizer: {floor: 40%}\n" + kFile),
      "wrong-value@7:14 the floors of 3 arms add up to more than the whole");
  EXPECT_EQ(first("  arms: {a: {cap: 30%}, b: {cap: 0.3}}\n" + kEvents + kFile),
            "wrong-value@5:9 the caps of 2 arms add up to less than the whole");
  EXPECT_EQ(first("  arms: {a: {floor: 30%, cap: 20%}, b: {}}\n" + kEvents + kFile),
            "wrong-value@5:13 a: its floor is above its cap");
}

TEST(algorithm, a_provider_needs_what_it_needs) {
  const std::string head = "  arms: {a: {}, b: {}}\n" + kEvents;
  EXPECT_EQ(first(head + "  actuator: {provider: haproxy}\n"),
            "missing-field@7:13 the actuator haproxy needs socket");
  EXPECT_EQ(first(head + "  actuator: {provider: webhook}\n"),
            "missing-field@7:13 the actuator webhook needs url");
  EXPECT_EQ(first(head + "  actuator: {provider: webhook, url: example.com/set}\n"),
            "wrong-value@7:38 example.com/set is no URL that starts with http:// or https://");
  EXPECT_EQ(first(head + "  actuator: {provider: webhook, url: '${env:HOOK}'}\n"), "");
  EXPECT_EQ(first(head + "  actuator: {provider: nginx, traffic: {}}\n"),
            "wrong-value@5:13 a: nginx needs its port");
  EXPECT_EQ(first(head + "  actuator: {provider: exec, set: [./set, \"{{weights}}\"]}\n"),
            "wrong-value@7:35 nothing fills in {{weights}} here");
  EXPECT_EQ(first("  arms: {a: {}, b: {}, c: {}}\n" + kEvents +
                  "  actuator: {provider: kubernetes, traffic: {}}\n"),
            "wrong-value@5:9 kubernetes splits between two arms, not 3");
}

TEST(algorithm, logs_must_be_such_as_can_be_followed) {
  const std::string head = "  arms: {a: {}, b: {}}\n";
  EXPECT_EQ(first(head + "  events: {files: logs/*/x.jsonl}\n" + kFile),
            "wrong-value@6:19 logs/*/x.jsonl: only the last part of a path may have *");
  EXPECT_EQ(first(head + "  events: {files: a.jsonl.gz}\n" + kFile), "");
}

TEST(algorithm, segments_go_where_they_can_be_carried) {
  const std::string head = "  arms: {a: {}, b: {}}\n" + kEvents;
  const std::string segment = "  segment: [geo, device]\n";
  EXPECT_EQ(
      first(head + segment + "  optimizer: {method: lin_ts, noise: 2, lambda: 0.5}\n" + kFile), "");
  EXPECT_EQ(
      first(head + "  segment: geo\n  optimizer: {method: lin_ucb, width: 2, floor: 1%}\n" + kFile),
      "");
  const Loaded proxy = algorithm(head + segment + "  actuator: {provider: haproxy, socket: /s}\n");
  EXPECT_EQ(
      proxy.faults().at(0) + " " + proxy.message(),
      "wrong-value@8:24 haproxy has one set of weights for everybody, not one for each segment");
  EXPECT_EQ(proxy.help(), "exec, webhook and file can carry segments");
  EXPECT_EQ(first(head + segment + "  actuator: {provider: file, path: w.json, total: 5}\n"),
            "wrong-value@8:51 a total is divided among arms, not among segments");
  EXPECT_EQ(first(head + "  segment: [geo, geo]\n" + kFile),
            "wrong-value@7:12 geo is a segment key twice");
  EXPECT_EQ(first(head + "  segment: ['']\n" + kFile), "wrong-value@7:12 a segment key has a name");
  EXPECT_NE(first(head + "  segment: []\n" + kFile), "");
}

TEST(algorithm, a_schedule_is_a_cron_expression_in_a_time_zone) {
  const std::string head = "  arms: {a: {}, b: {}}\n" + kEvents + kFile;
  EXPECT_EQ(first(head +
                  "  schedule: {cron: '*/5 9-17 * * 1-5', timezone: Europe/Paris, missed: skip}\n"),
            "");
  EXPECT_NE(first(head + "  schedule: {cron: '61 * * * *'}\n"), "");
  EXPECT_EQ(first(head + "  schedule: {cron: '0 3 30 2 *'}\n"),
            "wrong-value@8:20 0 3 30 2 * never comes");
  EXPECT_EQ(first(head + "  schedule: {cron: '0 3 29 2 *'}\n"), "");
  EXPECT_NE(first(head + "  schedule: {cron: '0 3 * * *', timezone: Europe/Pari}\n"), "");
  EXPECT_EQ(first(head + "  schedule: {every: 5m, timezone: Europe/Paris}\n"),
            "wrong-value@8:35 timezone says something of cron, and there is none");
}

TEST(algorithm, one_arm_is_no_choice) {
  EXPECT_NE(first("  arms: {a: {}}\n" + kEvents + kFile), "");
  EXPECT_NE(first("  arms: {}\n" + kEvents + kFile), "");
}

TEST(algorithm, numbers_make_sense) {
  const std::string head = "  arms: {a: {}, b: {}}\n" + kEvents + kFile;
  EXPECT_EQ(first(head + "  objective: {range: [1, 1]}\n"),
            "wrong-value@8:22 the range of rewards begins before it ends: [0, 1]");
  EXPECT_EQ(first(head + "  optimizer: {prior: [0, 1]}\n"), "wrong-value@8:22 a prior is above 0");
  EXPECT_EQ(first(head + "  optimizer: {window: 5ms}\n"),
            "wrong-value@8:23 window is one second at least");
  EXPECT_NE(algorithm(head + "  optimizer: {method: tompson}\n").help(), "");
}

std::string warning(const std::string& spec) {
  const Loaded loaded = algorithm("  arms: {a: {}, b: {}}\n" + spec + kFile);
  return loaded.faults().empty() ? "" : loaded.faults()[0] + " " + loaded.message();
}

TEST(algorithm, a_memory_shorter_than_the_wait_for_rewards_is_warned_of) {
  const std::string events = "  events: {files: e.jsonl, attribution: 1h}\n";
  EXPECT_EQ(warning(events + "  optimizer: {window: 30m}\n"),
            "short-memory@7:23 nothing is ever learnt: a play counts after 1h, and is forgotten "
            "after 30m");
  EXPECT_EQ(warning(events + "  optimizer: {window: 2h}\n"), "");
}

TEST(algorithm, deterministic_methods_without_floors_are_warned_of) {
  EXPECT_EQ(warning(kEvents + "  optimizer: {method: imed}\n").substr(0, 18), "starving-arms@7:23");
  EXPECT_EQ(warning(kEvents + "  optimizer: {method: imed, floor: 1%}\n"), "");
  EXPECT_EQ(warning(kEvents + "  optimizer: {method: thompson}\n"), "");
}

TEST(algorithm, a_setting_that_the_method_does_not_know_is_warned_of) {
  EXPECT_EQ(warning(kEvents + "  optimizer: {width: 2}\n"),
            "unused-setting@7:22 width does nothing: thompson does not know it");
  EXPECT_EQ(warning(kEvents + "  optimizer: {method: lin_ucb, floor: 1%, width: 2, lambda: 3}\n"),
            "");
}

TEST(algorithm, a_column_of_two_meanings_is_warned_of) {
  EXPECT_EQ(warning("  events: {files: e.jsonl, columns: {arm: reward}}\n"),
            "shared-column@6:37 the column reward is both arm and reward");
  EXPECT_EQ(warning("  events: {files: e.jsonl, columns: {arm: reward, reward: arm}}\n"), "");
}

TEST(algorithm, rewards_that_no_play_waits_for_are_warned_of) {
  EXPECT_EQ(warning("  events: {files: e.jsonl, columns: {id: request}}\n").substr(0, 16),
            "unjoined-rewards");
  EXPECT_EQ(warning("  events: {files: e.jsonl, columns: {id: request}, attribution: 5m}\n"), "");
}

}  // namespace
}  // namespace autopilot::policy
