// Decisions as they are recorded: idempotency, the ledger across processes, time, dry runs, failed
// transactions, ids. Each Recorder has a connection of its own, as each process has.
#include "core/decide/recorder.h"

#include <gtest/gtest.h>

#include "core/decide/archive.h"
#include "core/decide/replay.h"
#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using decide::RecorderSettings;

std::string action(const std::string& rest = "") {
  return R"({"id":"a1","type":"route.pause","algorithm":"bandit")" + rest + "}";
}
std::string keyed(const std::string& key, const std::string& rest = "") {
  return action(R"(,"idempotency_key":")" + key + "\"" + rest);
}
std::string dated(const std::string& time) {
  return R"({"action":)" + action() + R"(,"context":{"time":")" + time + R"("}})";
}

constexpr const char* kTwoAnHour = R"({"limits": [{"name": "hourly", "max": 2, "per": "1h"}]})";
constexpr const char* kDenyBad = R"({"guards": [{"name": "bad", "deny": "action.data.bad == 1"}],
                                     "limits": [{"name": "hourly", "max": 2, "per": "1h"}]})";

class RecorderTest : public StateTest {
 protected:
  Process process(RecorderSettings settings = settings_of()) {
    return Process(path, fakes.world, std::move(settings));
  }
  std::int64_t rows(const std::string& table) {
    return store->database().integer("SELECT count(*) FROM " + table);
  }
  // Whatever decides and records leaves rows in one of these.
  std::string all_rows() {
    std::string out;
    for (const char* table : {"decision", "idempotency", "ledger", "ledger_account", "audit"}) {
      out += std::string(table) + " " + std::to_string(rows(table)) + "\n";
    }
    return out;
  }
};

TEST_F(RecorderTest, a_decision_is_in_the_state_when_decide_returns) {
  put({policy("p", kTwoAnHour)});
  const Said said = process().decide(action());
  decide::Archive archive(store->database());
  EXPECT_EQ(archive.find(said.text_of(0, "id")), said.lines[0]);
  EXPECT_EQ(said.text_of(0, "revision"), store->head().hash);
  EXPECT_EQ(said.text_of(0, "run"), "r1");
}

TEST_F(RecorderTest, two_processes_share_one_ledger) {
  put({policy("p", kTwoAnHour)});
  Process one = process(), two = process();
  EXPECT_EQ(one.decide(action()).results(), "allowed");
  EXPECT_EQ(two.decide(action()).results(), "allowed");
  EXPECT_EQ(one.decide(action()).results(), "blocked");
  EXPECT_EQ(two.decide(action()).results(), "blocked");
  fakes.clock.tick(Duration::seconds(3600));
  EXPECT_EQ(two.decide({action(), action(), action()}).results(), "allowed allowed blocked");
  EXPECT_EQ(one.decide(action()).results(), "blocked");
}

TEST_F(RecorderTest, a_later_process_goes_on_with_the_ledger) {
  put({policy("p", kTwoAnHour)});
  EXPECT_EQ(process().decide({action(), action()}).results(), "allowed allowed");
  EXPECT_EQ(process().decide(action()).results(), "blocked");
}

TEST_F(RecorderTest, a_run_is_one_ledger_over_several_processes) {
  put({policy("p", R"({"limits": [{"name": "tick", "max": 1, "per": "run"}]})")});
  EXPECT_EQ(process(settings_of("night")).decide(action()).results(), "allowed");
  EXPECT_EQ(process(settings_of("day")).decide(action()).results(), "allowed");
  EXPECT_EQ(process(settings_of("night")).decide(action()).results(), "blocked");
}

TEST_F(RecorderTest, a_longer_look_back_reads_what_was_not_read_before) {
  put({policy("p", R"({"limits": [{"name": "hourly", "max": 1, "per": "1h"}]})")});
  RecorderSettings dating = settings_of();
  dating.input_time = true;
  EXPECT_EQ(process(dating).decide(dated("2026-01-01T09:30:00Z")).results(), "allowed");
  Process late = process(dating);
  EXPECT_EQ(late.decide(dated("2026-01-01T12:00:00Z")).results(), "allowed");
  EXPECT_EQ(late.decide(dated("2026-01-01T10:00:00Z")).results(), "blocked");
  EXPECT_EQ(late.decide(dated("2026-01-01T10:30:00Z")).results(), "allowed");
}

TEST_F(RecorderTest, batches_of_one_and_one_batch_decide_alike) {
  put({policy("p", kDenyBad),
       policy("q", R"({"mutations": [{"field": "weight", "clamp": [0, 0.5]}]})"),
       policy("m", R"({"mode": "monitor", "limits": [{"name": "few", "max": 1, "per": "1h"}]})")});
  const std::vector<std::string> lines = {action(R"(,"data":{"bad":0,"weight":0.9})"),
                                          action(R"(,"data":{"bad":1})"),
                                          keyed("k", R"(,"data":{"bad":0})"),
                                          keyed("k", R"(,"data":{"bad":0})"),
                                          keyed("k", R"(,"data":{"bad":1})"),
                                          action(R"(,"data":{"bad":0})"),
                                          "nonsense",
                                          action()};
  const std::string other = scratch.path("other.db");
  store->database().copy_to(other);
  const auto without_ids = [](const Said& said) {
    std::string out;
    for (const std::string& line : said.lines)
      out +=
          line.substr(std::string_view(R"({"id":"01234567-0123-0123-0123-0123456789ab")").size()) +
          "\n";
    for (const decide::LineFault& f : said.faults) out += f.message.substr(0, 40) + "\n";
    return out;
  };
  const Said whole = process().decide(lines);
  Process single(other, fakes.world);
  Said pieces;
  for (const std::string& line : lines) {
    const Said said = single.decide(line);
    pieces.lines.insert(pieces.lines.end(), said.lines.begin(), said.lines.end());
    pieces.faults.insert(pieces.faults.end(), said.faults.begin(), said.faults.end());
  }
  EXPECT_EQ(without_ids(whole), without_ids(pieces));
  EXPECT_EQ(whole.results(), "modified blocked allowed allowed blocked blocked");
  EXPECT_EQ(whole.faults.size(), 2u);
}

TEST_F(RecorderTest, an_apply_takes_effect_with_the_next_batch) {
  put({policy("p", kTwoAnHour)});
  const std::string before = store->head().hash;
  Process running = process();
  EXPECT_EQ(running.decide(action()).text_of(0, "revision"), before);
  put({policy("p", R"({"guards": [{"name": "stop", "deny": "true"}]})")});
  const Said said = running.decide(action());
  EXPECT_EQ(said.results(), "blocked");
  EXPECT_EQ(said.text_of(0, "revision"), store->head().hash);
}

TEST_F(RecorderTest, a_key_seen_before_returns_the_recorded_bytes) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  const Said first = one.decide(keyed("k1"));
  EXPECT_EQ(one.decide(keyed("k1")).text, first.text);
  fakes.clock.tick(Duration::seconds(86400));
  put({policy("p", R"({"guards": [{"name": "stop", "deny": "true"}]})")});
  EXPECT_EQ(one.decide(keyed("k1")).text, first.text);
  EXPECT_EQ(process(settings_of("r2")).decide(keyed("k1")).text, first.text);
  EXPECT_EQ(one.tally().repeated, 2u);
  EXPECT_EQ(rows("decision"), 1);
  EXPECT_EQ(rows("ledger"), 1);
}

TEST_F(RecorderTest, a_key_seen_before_in_the_same_batch_returns_the_recorded_bytes) {
  put({policy("p", kTwoAnHour)});
  const Said said = process().decide({keyed("k1"), keyed("k1"), keyed("k2")});
  EXPECT_EQ(said.lines[0], said.lines[1]);
  EXPECT_EQ(said.results(), "allowed allowed allowed");
  EXPECT_EQ(rows("decision"), 2);
}

TEST_F(RecorderTest, a_blocked_action_stays_blocked_under_its_key) {
  put({policy("p", R"({"guards": [{"name": "stop", "deny": "true"}]})")});
  const Said first = process().decide(keyed("k1"));
  EXPECT_EQ(first.results(), "blocked");
  put({policy("p", kTwoAnHour)});
  EXPECT_EQ(process().decide(keyed("k1")).text, first.text);
  EXPECT_EQ(process().decide(keyed("k2")).results(), "allowed");
}

TEST_F(RecorderTest, a_key_does_not_look_at_id_created_at_context_or_spelling) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  const std::string head = R"("type":"route.pause","idempotency_key":"k1")";
  const Said first = one.decide("{\"id\":\"a1\"," + head +
                                R"(,"algorithm":"bandit","risk":0.50,"data":{"x":1,"y":[1,2]}})");
  for (
      const std::string& again :
      {"{\"id\":\"a2\"," + head + R"(,"algorithm":"bandit","risk":0.50,"data":{"x":1,"y":[1,2]}})",
       "{" + head +
           R"(,"created_at":"now","algorithm":"bandit","risk":0.5,"data":{"x":1,"y":[1,2]}})",
       R"({ "data": {"y": [1, 2.0], "x": 1.0}, "algo_key": "bandit", "risk_score": 5e-1, )" + head +
           "}",
       "{\"action\":{\"id\":\"a1\"," + head +
           R"(,"algorithm":"bandit","risk":0.50,"data":{"x":1,"y":[1,2]}},"context":{"role":"admin"}})"}) {
    EXPECT_EQ(one.decide(again).text, first.text) << again;
  }
}

TEST_F(RecorderTest, a_key_with_other_content_is_an_error) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  one.decide(keyed("k1", R"(,"data":{"x":1})"));
  for (
      const std::string& other :
      {keyed("k1", R"(,"data":{"x":2})"), keyed("k1", R"(,"data":{"x":"1"})"), keyed("k1"),
       keyed("k1", R"(,"data":{"x":1,"y":1})"), keyed("k1", R"(,"data":{"x":1},"risk":1)"),
       keyed("k1", R"(,"data":{"x":1},"target":"t")"),
       std::string(
           R"({"type":"route.update_weight","algorithm":"bandit","idempotency_key":"k1","data":{"x":1}})")}) {
    const Said said = one.decide(other);
    EXPECT_EQ(said.text, "") << other;
    ASSERT_EQ(said.faults.size(), 1u) << other;
    EXPECT_NE(said.faults[0].message.find("k1"), std::string::npos) << said.faults[0].message;
  }
  EXPECT_EQ(rows("decision"), 1);
  EXPECT_EQ(rows("ledger"), 1);
}

TEST_F(RecorderTest, content_that_no_parser_agrees_on_is_compared_as_written) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  const Said first = one.decide(keyed("k1", R"(,"data":{"in":{"x":1,"x":2}})"));
  ASSERT_EQ(first.faults.size(), 0u);
  EXPECT_EQ(one.decide(keyed("k1", R"(,"data":{"in":{"x":1,"x":2}})")).text, first.text);
  EXPECT_EQ(one.decide(keyed("k1", R"(,"data":{"in":{"x":1,"x":3}})")).faults.size(), 1u);
  EXPECT_EQ(one.decide(keyed("k1", R"(,"data":{"in":{"x":2}})")).faults.size(), 1u);
}

TEST_F(RecorderTest, keys_belong_to_their_algorithm) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  const std::string rest = R"(,"type":"route.pause","idempotency_key":"k1","data":{"x":)";
  EXPECT_EQ(one.decide(R"({"algorithm":"a")" + rest + "1}}").results(), "allowed");
  EXPECT_EQ(one.decide(R"({"algorithm":"b")" + rest + "2}}").results(), "allowed");
  EXPECT_EQ(one.decide(R"({"id":"x")" + rest + "3}}").results(), "blocked");
  EXPECT_EQ(one.decide(R"({"algo_key":"a")" + rest + "1}}").results(), "allowed");
  EXPECT_EQ(rows("decision"), 3);
}

TEST_F(RecorderTest, bad_lines_are_named_and_good_ones_decided) {
  put({policy("p", kTwoAnHour)});
  const Said said = process().decide({action(), "{", action(), R"({"id":"x"})", action()});
  EXPECT_EQ(said.results(), "allowed allowed blocked");
  ASSERT_EQ(said.faults.size(), 2u);
  EXPECT_EQ(said.faults[0].line, 2u);
  EXPECT_EQ(said.faults[1].line, 4u);
}

TEST_F(RecorderTest, the_time_is_the_clocks_whatever_the_context_says) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  for (const char* time :
       {"2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2040-01-01T00:00:00Z"}) {
    const Said said = one.decide(dated(time));
    EXPECT_EQ(said.text_of(0, "time"), format_rfc3339(fakes.clock.time));
    EXPECT_EQ(said.decisions[0].get("context")->get("time")->as_string(), time);
  }
  EXPECT_EQ(one.decide(dated("2050-01-01T00:00:00Z")).results(), "blocked");
  EXPECT_EQ(one.decide(dated("no time")).faults.size(), 0u);
}

TEST_F(RecorderTest, with_input_time_the_time_is_the_contexts) {
  put({policy(
      "p",
      R"({"expires": "2026-11-20T10:00:00Z", "guards": [{"name": "stop", "deny": "true"}]})")});
  RecorderSettings dating = settings_of();
  dating.input_time = true;
  Process one = process(dating);
  EXPECT_EQ(one.decide(dated("2026-11-20T09:59:59.999Z")).results(), "blocked");
  EXPECT_EQ(one.decide(dated("2026-11-20T10:00:00Z")).results(), "allowed");
  const Said alias = one.decide(R"({"action":)" + action() +
                                R"(,"context":{"timestamp":"2026-11-20T10:30:00+01:00"}})");
  EXPECT_EQ(alias.results(), "blocked");
  EXPECT_EQ(alias.text_of(0, "time"), "2026-11-20T09:30:00Z");
  EXPECT_EQ(one.decide(action()).text_of(0, "time"), format_rfc3339(fakes.clock.time));
  EXPECT_EQ(one.decide(dated("20 November")).faults.size(), 1u);
}

TEST_F(RecorderTest, the_context_says_who_asks_and_with_which_role) {
  put({policy(
      "p",
      R"({"guards": [{"name": "who", "deny": "actor.id == 'bob' && actor.role == 'viewer'"}]})")});
  Process one = process();
  EXPECT_EQ(one.decide(action()).results(), "allowed");
  const Said said = one.decide(R"({"action":)" + action() +
                               R"(,"context":{"actor":"bob","user_role":"viewer"}})");
  EXPECT_EQ(said.results(), "blocked");
  EXPECT_EQ(to_json(*said.decisions[0].get("actor")), R"({"id":"bob","role":"viewer"})");
}

TEST_F(RecorderTest, an_override_takes_the_role_of_who_overrides_and_not_the_contexts) {
  put({policy("p", R"({"authority": "admin", "guards": [{"name": "stop", "deny": "true"}]})")});
  RecorderSettings settings = settings_of();
  settings.override_by = decide::Override{"ada", policy::Role::operator_, "now"};
  const std::string boast = R"({"action":)" + action() + R"(,"context":{"role":"dg_ai"}})";
  EXPECT_EQ(process(settings).decide(boast).results(), "blocked");
  settings.override_by->role = policy::Role::admin;
  const Said said = process(settings).decide(boast);
  EXPECT_EQ(said.results(), "allowed");
  EXPECT_EQ(to_json(*said.decisions[0].get("override")),
            R"({"actor":"ada","role":"admin","reason":"now","used":true})");
}

TEST_F(RecorderTest, an_override_and_its_refusal_are_entries_of_the_audit) {
  put({policy("p", R"({"authority": "operator", "guards": [{"name": "g", "deny": "true"}]})"),
       policy("q", R"({"guards": [{"name": "g", "deny": "action.data.x == 1"}]})")});
  RecorderSettings settings = settings_of();
  settings.override_by = {"bob", policy::Role::operator_, "incident 42"};
  Process process_of_bob = process(settings);
  const Said said =
      process_of_bob.decide({action(R"(,"data":{"x":0})"), action(R"(,"data":{"x":1})")});
  EXPECT_EQ(said.results(), "allowed blocked") << "q takes admin";
  EXPECT_EQ(process_of_bob.tally().refused_overrides, 1u);
  const auto entries = state::recent_audit(*store, 2);
  EXPECT_EQ(entries[1].kind, "override");
  EXPECT_EQ(entries[1].body,
            R"({"by":"bob","count":1,"decisions":[")" + said.text_of(0, "id") +
                R"("],"policies":["p"],"reason":"incident 42","role":"operator"})");
  EXPECT_EQ(entries[0].kind, "refused");
  EXPECT_NE(entries[0].body.find("q needs the role admin, bob has operator"), std::string::npos)
      << entries[0].body;
  EXPECT_EQ(process_of_bob.decide(keyed("k", R"(,"data":{"x":0})")).results(), "allowed");
  EXPECT_EQ(state::recent_audit(*store, 1)[0].kind, "override") << "each batch has its own";
}

TEST_F(RecorderTest, an_override_of_many_names_the_first_and_counts_all) {
  put({policy("p", R"({"guards": [{"name": "g", "deny": "true"}]})")});
  RecorderSettings settings = settings_of();
  settings.override_by = {"ada", policy::Role::admin, "import"};
  process(settings).decide(std::vector<std::string>(50, action()));
  const Value body = parse_json(state::recent_audit(*store, 1)[0].body).value;
  EXPECT_EQ(body.get("count")->as_int(), 50);
  EXPECT_EQ(body.get("decisions")->as_list().size(), 20u);
}

TEST_F(RecorderTest, a_dry_override_is_not_audited) {
  put({policy("p", R"({"guards": [{"name": "g", "deny": "true"}]})")});
  RecorderSettings settings = settings_of();
  settings.override_by = {"ada", policy::Role::admin, "to see"};
  settings.dry_run = true;
  const std::string before = all_rows();
  process(settings).decide(action());
  EXPECT_EQ(all_rows(), before);
}

TEST_F(RecorderTest, the_base_context_serves_lines_that_have_none) {
  put({policy("p", R"({"guards": [{"name": "floor", "deny": "metrics.cvr < 0.02"}]})")});
  RecorderSettings settings = settings_of();
  settings.base_context = R"({"metrics":{"cvr":0.01}})";
  Process one = process(settings);
  const Said said = one.decide(action());
  EXPECT_EQ(said.results(), "blocked");
  EXPECT_EQ(to_json(*said.decisions[0].get("context")), settings.base_context);
  EXPECT_EQ(
      one.decide(R"({"action":)" + action() + R"(,"context":{"metrics":{"cvr":0.05}}})").results(),
      "allowed");
}

TEST_F(RecorderTest, a_dry_run_decides_and_records_nothing) {
  put({policy("p", kTwoAnHour)});
  process().decide(keyed("k0"));
  const std::string before = all_rows();
  RecorderSettings dry = settings_of();
  dry.dry_run = true;
  Process one = process(dry);
  EXPECT_EQ(one.decide({keyed("k1"), keyed("k1"), action()}).results(), "allowed allowed blocked");
  EXPECT_EQ(one.decide(keyed("k1", R"(,"data":{"x":1})")).faults.size(), 1u);
  EXPECT_EQ(one.decide(keyed("k0")).results(), "allowed");
  EXPECT_EQ(one.decide(action()).results(), "blocked");
  EXPECT_EQ(all_rows(), before);
  EXPECT_EQ(process().decide({action(), action()}).results(), "allowed blocked");
}

TEST_F(RecorderTest, a_batch_that_cannot_be_recorded_did_not_happen) {
  put({policy("p", kTwoAnHour)});
  Process one = process();
  EXPECT_EQ(one.decide(keyed("k0")).results(), "allowed");
  const std::string before = all_rows();
  store->database().execute(
      "CREATE TRIGGER full BEFORE INSERT ON decision WHEN (SELECT count(*) FROM decision) >= 2 "
      "BEGIN SELECT RAISE(ABORT, 'no room'); END");
  const Error error = error_of([&] { one.decide({keyed("k1"), keyed("k2")}); });
  EXPECT_NE(std::string(error.what()).find("no room"), std::string::npos) << error.what();
  EXPECT_EQ(all_rows(), before);
  EXPECT_EQ(one.tally().allowed, 1u);
  store->database().execute("DROP TRIGGER full");
  // Neither the keys nor the ledger remember the batch that failed.
  EXPECT_EQ(one.decide({keyed("k1", R"(,"data":{"x":1})"), action()}).results(), "allowed blocked");
  EXPECT_EQ(process().decide(keyed("k0")).results(), "allowed");
}

TEST_F(RecorderTest, each_batch_is_one_entry_of_the_audit) {
  put({policy("p", kTwoAnHour)});
  const std::int64_t before = rows("audit");
  Process one = process();
  one.decide({action(), action(), action()});
  EXPECT_EQ(rows("audit"), before + 1);
  one.decide("nonsense");
  EXPECT_EQ(rows("audit"), before + 1);
}

TEST_F(RecorderTest, ids_rise_even_when_the_clock_steps_back) {
  put({policy("p", R"({"guards": [{"name": "never", "deny": "false"}]})")});
  std::vector<std::string> ids;
  const auto note = [&](const Said& said) {
    for (const Value& d : said.decisions) ids.push_back(d.get("id")->as_string());
  };
  Process one = process(), two = process();
  note(one.decide({action(), action(), action()}));
  fakes.clock.tick(Duration::seconds(-3600));
  note(one.decide({action(), action()}));
  note(two.decide(action()));
  fakes.clock.tick(Duration::seconds(7200));
  note(one.decide(action()));
  note(two.decide(action()));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  for (const std::string& id : ids) {
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '7') << "the version of RFC 9562";
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << "and its variant";
  }
  // The last id's first 48 bits are the milliseconds of its time.
  const std::string digits = ids.back().substr(0, 8) + ids.back().substr(9, 4);
  EXPECT_EQ(std::stoll(digits, nullptr, 16), fakes.clock.time.seconds * 1000);
}

TEST_F(RecorderTest, ids_go_on_past_what_one_millisecond_holds) {
  put({});
  std::vector<std::string> lines(4100, action());
  const Said said = process().decide(lines);
  ASSERT_EQ(said.decisions.size(), 4100u);
  EXPECT_LT(said.text_of(4095, "id"), said.text_of(4096, "id"));
  EXPECT_LT(said.text_of(4098, "id"), said.text_of(4099, "id"));
}

TEST_F(RecorderTest, every_record_replays_to_its_own_bytes) {
  put({policy("p", kDenyBad),
       policy(
           "q",
           R"({"mutations": [{"field": "weight", "clamp": [0, 0.5]}], "guards": [{"name": "ask", "approve": "risk > 0.7"}]})"),
       policy(
           "m",
           R"({"mode": "monitor", "limits": [{"name": "few", "max": 1, "per": "run", "key": "action.algorithm"}]})")});
  RecorderSettings settings = settings_of("run \"quoted\" \\ é");
  settings.override_by = decide::Override{"grace \"h\"", policy::Role::admin, "a \n reason"};
  Process over = process(settings), plain = process();
  for (Process* one : {&over, &plain}) {
    one->decide({action(R"(,"data":{"bad":0,"weight":0.90,"old_weight":0.5})"),
                 action(R"(,"data":{"bad":1})"), action(R"(,"data":{"bad":0},"risk":0.9)"),
                 keyed("k", R"(,"data":{"bad":0})"), action(), action(R"(,"data":{"bad":0})")});
  }
  put({});  // replay needs nothing of the present
  state::PolicySets sets(*store);
  decide::Replayer replayer(sets);
  decide::Archive archive(store->database());
  decide::Range range;
  decide::Page page;
  decide::ReplaySummary summary;
  while (archive.next(range, page)) {
    for (std::size_t i = 0; i < page.size(); ++i) {
      decide::check_record(replayer, page.line(i), summary);
    }
  }
  EXPECT_EQ(summary.checked, 11);  // the second k was answered
  for (const decide::ReplayDifference& d : summary.examples) {
    EXPECT_EQ(d.replayed, d.recorded);
  }
  EXPECT_EQ(summary.differing, 0);
}

}  // namespace
}  // namespace autopilot::testing
