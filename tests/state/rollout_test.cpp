// Policies that roll themselves back: the statistics against a count of the records by hand, the
// point at which a rule fires against its definition, and that it does not matter when one ticks.
#include "core/state/rollout.h"

#include <cmath>

#include "core/policy/loader.h"
#include "core/policy/rollback.h"
#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "core/state/check.h"
#include "core/state/lock.h"
#include "core/state/overlay.h"
#include "core/state/replay_run.h"
#include "core/state/rollout_report.h"
#include "core/state/tick.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using namespace state;

constexpr std::int64_t kStep = 60'000'000;  // a tenth of the rule's 10m, in microseconds

// Half of the targets, of one algorithm, when a gate is open.
std::string spec(const std::string& when, const std::string& rollout = "50%", int least = 5) {
  return fmt::format(
      R"({{"rollout": "{}", "scope": "algorithm", "algorithm": "bandit",
          "gates": [{{"name": "open", "when": "metrics.open == 1"}}],
          "guards": [{{"name": "large", "for": "route.update_weight", "deny": "action.data.amount > 50"}},
                     {{"name": "odd", "for": "route.update_weight", "warn": "action.data.amount > 40"}}],
          "rollback": {{"when": "{}", "for": "10m", "min_decisions": {}}}}})",
      rollout, when, least);
}

struct Act {
  std::string type = "route.update_weight";
  std::string algorithm = "bandit";
  int target = 1;
  int amount = 10;
  int open = 1;
  double risk = 0.5;

  std::string line() const {
    return fmt::format(
        R"({{"action":{{"type":"{}","algorithm":"{}","target":"t{}","risk":{},"data":{{"amount":{}}}}},"context":{{"metrics":{{"open":{}}}}}}})",
        type, algorithm, target, risk, amount, open);
  }
};

class RolloutTest : public StateTest {
 protected:
  void use(const std::string& when, const std::string& rollout = "50%", int least = 5) {
    put({policy("p", spec(when, rollout, least))});
    process = std::make_unique<Process>(path, fakes.world);
  }
  std::string send(const Act& act) { return process->decide(act.line()).results(); }
  // `n` decisions in each of the next minutes; `share` of them are too large.
  void minutes(int count, int n, double share) {
    std::vector<std::string> lines;
    for (int i = 0; i < n; ++i) {
      Act act;
      act.target = i;
      act.amount = i < share * n ? 90 : 10;
      lines.push_back(act.line());
    }
    for (int m = 0; m < count; ++m) {
      process->decide(lines);
      fakes.clock.tick(Duration::seconds(60));
    }
  }
  Ticked tick(const std::string& actor = "ada") { return state::tick(*store, actor, fakes.world); }
  double share() { return policy::policy_from(store->document("Policy", "p").value()).rollout; }
  std::string why(const Ticked& ticked) {
    return ticked.policies.empty() ? "none" : ticked.policies[0].verdict.why;
  }
  decide::WatchVerdict watch() {
    Watching watching(*store, Watching::Which::all, "p", fakes.clock.time);
    watching.read_on();
    return watching.policies().at(0).watch->judge(fakes.clock.time);
  }
  void expect_sound() {
    for (const CheckResult& r : check_state(*store, false))
      EXPECT_TRUE(r.findings.empty()) << r.name;
    EXPECT_FALSE(verify_audit(*store).fault);
    EXPECT_EQ(replay_range(*store, {}).differing, 0);
  }

  std::unique_ptr<Process> process;
};

// The record read again with nothing of the code under test.
struct Seen {
  std::int64_t time = 0;
  bool concerned = false, inside = false;
  std::string result;
  double risk = 0;
  bool blocked = false, warned = false, failed = false, any_failed = false;
};

std::vector<Seen> read_record(Store& store) {
  std::vector<Seen> all;
  Statement rows = store.database().prepare("SELECT body FROM decision ORDER BY seq");
  while (rows.step()) {
    const Value d = parse_json(rows.text(0)).value;
    const Value& action = *d.get("proposed");
    Seen s;
    s.time = parse_rfc3339(d.get("time")->as_string())->micros();
    const Value* open = d.get("context")->get("metrics")->get("open");
    s.concerned = action.get("algorithm")->as_string() == "bandit" &&
                  action.get("type")->as_string() == "route.update_weight" &&
                  (open == nullptr || open->as_double() == 1);
    s.inside = bucket("p", action.get("target")->as_string()) < 0.5;
    s.result = d.get("result")->as_string();
    s.risk = d.get("risk")->as_double();
    for (const Value& r : d.get("reasons")->as_list()) {
      const bool mine = r.get("policy")->as_string() == "p";
      const bool error = r.get("kind")->as_string() == "error";
      s.any_failed |= error;
      s.failed |= mine && error;
      s.blocked |= mine && r.get("effect")->as_string() == "block";
      s.warned |= mine && r.get("effect")->as_string() == "warn";
    }
    all.push_back(s);
  }
  return all;
}

decide::RolloutCounts count_by_hand(const std::vector<Seen>& seen, std::int64_t after,
                                    std::int64_t until) {
  decide::RolloutCounts counts;
  for (const Seen& s : seen) {
    if (!s.concerned || s.time <= after || s.time > until) continue;
    decide::GroupCounts& group = s.inside ? counts.inside : counts.outside;
    ++group.total;
    ++group.results[static_cast<std::size_t>(*decide::parse_result(s.result))];
    group.errors += s.any_failed ? 1 : 0;
    group.risk_micros += std::llround(s.risk * 1e6);
    counts.policy.blocked += s.blocked ? 1 : 0;
    counts.policy.warned += s.warned ? 1 : 0;
    counts.policy.errors += s.failed ? 1 : 0;
  }
  return counts;
}

std::string text(const decide::RolloutCounts& c) {
  const auto group = [](const decide::GroupCounts& g) {
    return fmt::format("{} [{} {} {} {}] errors {} risk {}", g.total, g.results[0], g.results[1],
                       g.results[2], g.results[3], g.errors, g.risk_micros);
  };
  return fmt::format("in {} | out {} | policy {} {} {} {} {}", group(c.inside), group(c.outside),
                     c.policy.modified, c.policy.pending, c.policy.blocked, c.policy.warned,
                     c.policy.errors);
}

// A stream of decisions with quiet and busy, good and bad stretches.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(seed) {}

  Act act() {
    Act a;
    a.type = below(8) == 0 ? "route.pause" : "route.update_weight";
    a.algorithm = below(8) == 0 ? "other" : "bandit";
    a.target = static_cast<int>(below(30));
    a.amount = below(100) < bad_ ? 90 : 10 + static_cast<int>(below(40));
    a.open = below(10) == 0 ? 0 : 1;
    a.risk = static_cast<double>(below(1000)) / 997;
    return a;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> some;
    for (std::uint64_t i = 1 + below(6); i > 0; --i) some.push_back(act().line());
    return some;
  }
  Duration pause() {
    if (below(25) == 0) bad_ = below(5) * 22;
    if (below(60) == 0) return Duration::seconds(static_cast<std::int64_t>(below(1500)));
    return Duration::milliseconds(static_cast<std::int64_t>(below(100'000)));
  }
  std::uint64_t below(std::uint64_t n) { return random_.next() % n; }

 private:
  FakeRandom random_;
  std::uint64_t bad_ = 20;
};

TEST_F(RolloutTest, statistics_are_those_of_the_records_counted_by_hand) {
  use("inside.blocked_share > 2.0");
  Stream stream(7);
  for (int i = 0; i < 200; ++i) {
    process->decide(stream.lines());
    fakes.clock.tick(stream.pause());
    if (i % 5 != 0) continue;
    const decide::WatchVerdict v = watch();
    EXPECT_EQ(v.to % kStep, 0);
    EXPECT_EQ(v.to - v.from, 10 * kStep);
    EXPECT_LT(v.to, fakes.clock.time.micros());
    EXPECT_GE(v.to + kStep, fakes.clock.time.micros());
    EXPECT_EQ(text(v.counts), text(count_by_hand(read_record(*store), v.from, v.to))) << i;
    if (i % 25 == 0) tick();  // what ticks remember changes nothing of it
  }
}

TEST_F(RolloutTest, every_declared_statistic_has_a_value) {
  use("inside.total > 0");
  minutes(2, 20, 0.5);
  const decide::RolloutCounts counts = watch().counts;
  for (const policy::Statistic& s : policy::group_statistics()) {
    for (const char* group : {"inside", "outside"})
      EXPECT_EQ(decide::statistic(counts, group, s.name).is_integer(), s.is_count) << s.name;
    EXPECT_FALSE(decide::statistic(counts, "inside", s.name).is_null()) << s.name;
    EXPECT_EQ(decide::statistic({}, "inside", s.name).is_null(), !s.is_count) << s.name;
  }
  for (const policy::Statistic& s : policy::policy_statistics())
    EXPECT_EQ(decide::statistic(counts, "policy", s.name).is_integer(), s.is_count) << s.name;
}

// The rule's definition, point by point: it held at each of the eleven points of ten minutes, and a
// decision inside is not older than the last point.
std::optional<std::int64_t> fires_by_hand(const std::vector<Seen>& seen, std::int64_t last) {
  if (seen.empty()) return std::nullopt;
  int run = 0;
  for (std::int64_t point = seen[0].time / kStep * kStep; point <= last; point += kStep) {
    const decide::RolloutCounts c = count_by_hand(seen, point - 10 * kStep, point);
    const bool holds =
        c.inside.total >= 5 && c.outside.total >= 5 &&
        static_cast<double>(c.inside.results[3]) / static_cast<double>(c.inside.total) >
            0.5 + static_cast<double>(c.outside.results[3]) / static_cast<double>(c.outside.total);
    run = holds ? run + 1 : 0;
    if (run >= 11 && count_by_hand(seen, point - kStep, point).inside.total > 0) return point;
  }
  return std::nullopt;
}

TEST_F(RolloutTest, it_fires_where_its_definition_says_however_often_one_ticks) {
  int fired = 0, stayed = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const Scratch folder;
    store = Store::open_or_create(folder.path("state.db"));
    put({policy("p", spec("inside.blocked_share > outside.blocked_share + 0.5"))});
    process = std::make_unique<Process>(folder.path("state.db"), fakes.world);
    const std::string twin = folder.path("twin.db");
    store->database().copy_to(twin);  // nobody ticks there until the end
    Process quiet(twin, fakes.world);
    Stream stream(seed);
    std::optional<std::int64_t> often;
    for (int i = 0; i < 90; ++i) {
      const std::vector<std::string> lines = stream.lines();
      process->decide(lines);
      quiet.decide(lines);
      fakes.clock.tick(stream.pause());
      if (stream.below(3) != 0) continue;
      const Ticked ticked = tick();
      if (ticked.rolled_back() > 0) {
        ASSERT_FALSE(often) << "twice";
        often = ticked.policies[0].verdict.fired;
      }
    }
    process.reset();
    const auto alone = Store::open(twin);
    const std::int64_t last = watch().to;
    const Ticked once = state::tick(*alone, "ada", fakes.world);
    const Ticked end = tick();
    if (!often && end.rolled_back() > 0) often = end.policies[0].verdict.fired;
    const auto expected = fires_by_hand(read_record(*alone), last);
    EXPECT_EQ(once.policies.at(0).verdict.fired, expected) << seed;
    EXPECT_EQ(often, expected) << seed;
    ++(expected ? fired : stayed);
    if (!expected) continue;
    // The numbers are the same, too.
    const auto overlay = read_overlays(store->database()).at(0);
    EXPECT_EQ(overlay.reason, once.policies[0].reason);
    EXPECT_EQ(overlay.what, "auto-rollback");
    EXPECT_EQ(state::tick(*alone, "ada", fakes.world).rolled_back(), 0);
  }
  EXPECT_GT(fired, 4);
  EXPECT_GT(stayed, 4);
}

TEST_F(RolloutTest, a_rollback_says_what_it_saw_and_holds_until_somebody_resumes) {
  use("inside.blocked_share > 0.3");
  minutes(25, 20, 0.9);
  const Ticked ticked = tick();
  ASSERT_EQ(ticked.rolled_back(), 1);
  EXPECT_EQ(share(), 0);
  const std::string reason = ticked.policies[0].reason;
  EXPECT_NE(reason.find("inside.blocked_share > 0.3 held from 2026-"), std::string::npos) << reason;
  EXPECT_NE(reason.find("inside.blocked_share = 1"), std::string::npos) << reason;
  const AuditEntry entry = recent_audit(*store, 1).at(0);
  EXPECT_EQ(entry.kind, "auto-rollback");
  const Value body = parse_json(entry.body).value;
  EXPECT_EQ(body.get("for")->as_string(), "10m");
  EXPECT_GT(body.get("values")->get("inside.total")->as_int(), 0);
  EXPECT_EQ(body.get("revision")->as_string(), store->head().hash);
  EXPECT_EQ(count_rollbacks(*store, "p").by_rule, 1);
  EXPECT_EQ(send({.amount = 90}), "allowed");
  // Nothing more to do, now or later.
  const std::int64_t seq = store->head().seq;
  minutes(15, 20, 0.9);
  EXPECT_EQ(tick().policies.size(), 0u);
  EXPECT_EQ(store->head().seq, seq);
  // What was decided before does not count against it once it is back.
  resume(*store, {"p", "ada", "", {}}, fakes.world);
  EXPECT_EQ(tick().rolled_back(), 0);
  minutes(5, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 0);
  minutes(15, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 1);
  expect_sound();
}

TEST_F(RolloutTest, a_break_in_the_condition_starts_it_anew) {
  use("inside.blocked_share > 0.95");
  minutes(8, 20, 1);
  ASSERT_TRUE(watch().position.held_since);
  minutes(3, 20, 0);
  ASSERT_FALSE(watch().position.held_since);
  minutes(9, 20, 1);
  EXPECT_EQ(tick().rolled_back(), 0);
  minutes(25, 20, 1);
  EXPECT_EQ(tick().rolled_back(), 1);
}

TEST_F(RolloutTest, a_tick_that_comes_late_finds_what_an_earlier_one_would_have_found) {
  use("inside.blocked_share > 0.3");
  minutes(25, 20, 0.9);
  minutes(30, 20, 0);
  EXPECT_EQ(tick().rolled_back(), 1);
}

TEST_F(RolloutTest, too_few_decisions_never_roll_back) {
  use("inside.blocked_share > 0.3", "100%", 1000);
  EXPECT_EQ(why(tick()), "not enough decisions inside: 0 of 1000");
  minutes(25, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 0);
  EXPECT_EQ(why(tick()), "not enough decisions inside: 200 of 1000");
  EXPECT_EQ(share(), 1);
}

TEST_F(RolloutTest, without_anybody_outside_a_comparison_never_holds) {
  use("inside.blocked_share > outside.blocked_share", "100%");
  minutes(25, 20, 0.9);
  EXPECT_EQ(why(tick()), "not enough decisions outside: 0 of 5");
}

TEST_F(RolloutTest, a_condition_that_fails_rolls_nothing_back) {
  use("inside.blocked / (inside.blocked - inside.blocked) > 1");
  minutes(25, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 0);
  EXPECT_NE(why(tick()).find("division by zero"), std::string::npos) << why(tick());
}

TEST_F(RolloutTest, silence_proves_nothing_and_costs_nothing) {
  use("inside.blocked_share > 0.3");
  minutes(8, 20, 0.9);
  fakes.clock.tick(Duration::seconds(86400 * 300));  // half a million points
  EXPECT_EQ(tick().rolled_back(), 0);
  minutes(8, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 0);
}

TEST_F(RolloutTest, decisions_dated_into_the_future_do_not_count) {
  put({policy("p", spec("inside.blocked_share > 0.3"))});
  decide::RecorderSettings dating = settings_of();
  dating.input_time = true;
  Process one(path, fakes.world, dating);
  const auto decide_at = [&](Instant time) {
    for (int i = 0; i < 20; ++i) {
      one.decide(fmt::format(
          R"({{"action":{{"type":"route.update_weight","algorithm":"bandit","target":"t{}","data":{{"amount":90}}}},"context":{{"time":"{}","metrics":{{"open":1}}}}}})",
          i, format_rfc3339(time)));
    }
  };
  const Instant start = fakes.clock.time;
  for (int m = 0; m < 25; ++m) decide_at(start + Duration::seconds(60 * m + 60));
  fakes.clock.tick(Duration::seconds(3600));
  EXPECT_EQ(tick().rolled_back(), 0);
  // Imported afterwards they do: they were taken under the policy, at those times.
  put({policy("p", spec("inside.blocked_share > 0.31"))});
  for (int m = 0; m < 25; ++m) decide_at(start + Duration::seconds(60 * m + 60));
  EXPECT_EQ(tick().rolled_back(), 1);
  expect_sound();
}

TEST_F(RolloutTest, a_promotion_starts_the_judging_anew_and_can_be_taken_back) {
  use("inside.blocked_share > 0.3");
  minutes(12, 20, 0.9);
  promote(*store, {"p", "ada", "", {}}, 1, fakes.world);
  EXPECT_EQ(watch().counts.inside.total, 0);
  minutes(22, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 1);
  EXPECT_EQ(share(), 0);
  EXPECT_EQ(read_overlays(store->database()).size(), 1u);
  expect_sound();
}

TEST_F(RolloutTest, a_change_of_another_document_does_not_start_it_anew) {
  use("inside.blocked_share > 0.3");
  minutes(12, 20, 0.9);
  put({policy("p", spec("inside.blocked_share > 0.3")), policy("q")});
  EXPECT_GT(watch().counts.inside.total, 0);
  minutes(10, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 1);
}

TEST_F(RolloutTest, monitor_policies_are_judged_by_what_they_would_have_done) {
  std::string watching = spec("policy.blocked_share > 0.3 && inside.blocked == 0");
  watching.insert(1, R"("mode": "monitor", )");
  put({policy("p", watching)});
  process = std::make_unique<Process>(path, fakes.world);
  minutes(25, 20, 0.9);
  EXPECT_EQ(tick().rolled_back(), 1);
}

TEST_F(RolloutTest, what_is_switched_off_or_rolled_back_is_not_judged) {
  std::string off = spec("inside.blocked_share > 0.3");
  off.insert(1, R"("enabled": false, )");
  put({policy("p", off), policy("q"),
       policy("z", R"({"rollout":"0%","rollback":{"when":"true","for":"10m"}})")});
  EXPECT_TRUE(tick().policies.empty());
}

TEST_F(RolloutTest, tick_takes_operator_and_respects_a_lock) {
  put({policy("p", spec("true")),
       document("Access", "main", R"({"roles":{"operator":["bob"],"viewer":["eve"]}})")});
  EXPECT_EQ(error_of([&] { tick("eve"); }).kind(), ErrorKind::denied);
  EXPECT_EQ(recent_audit(*store, 1)[0].kind, "refused");
  EXPECT_EQ(error_of([&] { tick("bob"); }).kind(), ErrorKind::bug) << "nothing was thrown";
  take_lock(store->database(), fakes.world, {"ada", 0, kLockDuration, ""});
  EXPECT_EQ(error_of([&] { tick("bob"); }).kind(), ErrorKind::locked);
}

TEST_F(RolloutTest, a_tick_with_nothing_new_writes_nothing) {
  use("inside.blocked_share > 0.3");
  minutes(5, 20, 0);
  tick();
  const auto version = [&] { return process->store().database().integer("PRAGMA data_version"); };
  const std::int64_t before = version();
  tick();
  EXPECT_EQ(version(), before);
  fakes.clock.tick(Duration::seconds(60));
  tick();
  EXPECT_NE(version(), before);
}

TEST_F(RolloutTest, status_tells_what_comes_next) {
  use("inside.blocked_share > 0.3");
  const auto next = [&] {
    Watching watching(*store, Watching::Which::all, "p", fakes.clock.time);
    watching.read_on();
    const render::Report report = describe_rollouts(*store, watching, true, fakes.clock.time);
    return report.data.find("policies")->as_list().at(0).get("state")->as_string();
  };
  EXPECT_EQ(next(), "not-enough-decisions");
  minutes(3, 20, 0);
  EXPECT_EQ(next(), "does-not-hold");
  minutes(8, 20, 0.9);
  EXPECT_EQ(next(), "holding");
  minutes(10, 20, 0.9);
  EXPECT_EQ(next(), "fires");
  tick();
  EXPECT_EQ(next(), "rolled-back");
}

}  // namespace
}  // namespace autopilot::testing
