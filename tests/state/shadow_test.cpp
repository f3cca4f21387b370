// What monitor policies would have done: the report against a walk over the parsed records.
#include "core/decide/shadow.h"

#include <cmath>
#include <set>

#include "core/decide/archive.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using decide::Result;
using decide::Shadow;

class ShadowTest : public StateTest {
 protected:
  std::unique_ptr<Shadow> read(std::vector<std::string> only = {}) {
    auto shadow = std::make_unique<Shadow>(std::move(only));
    decide::Archive archive(store->database());
    decide::Range range;
    decide::Page page;
    while (archive.next(range, page)) {
      for (std::size_t i = 0; i < page.size(); ++i) shadow->add(page.line(i));
    }
    return shadow;
  }
  void send(const std::string& data, const std::string& type = "route.update_weight") {
    Process(path, fakes.world)
        .decide(
            fmt::format(R"({{"type":"{}","algorithm":"b","risk":0.25,"data":{}}})", type, data));
  }
};

TEST_F(ShadowTest, what_enforcing_would_change_is_told_by_result) {
  EXPECT_TRUE(decide::would_change(Result::allowed, Result::blocked));
  EXPECT_TRUE(decide::would_change(Result::modified, Result::pending));
  EXPECT_TRUE(decide::would_change(Result::modified, Result::modified));
  EXPECT_FALSE(decide::would_change(Result::allowed, Result::allowed));
  EXPECT_FALSE(decide::would_change(Result::modified, Result::allowed));
  EXPECT_FALSE(decide::would_change(Result::blocked, Result::blocked));
  EXPECT_FALSE(decide::would_change(Result::pending, Result::modified));
  EXPECT_FALSE(decide::would_change(Result::pending, Result::pending));
}

// Every number of the report, from the JSON of the records.
std::string by_hand(state::Store& store, const std::string& policy) {
  std::map<std::string, std::int64_t> n;
  Statement rows = store.database().prepare("SELECT body FROM decision ORDER BY seq");
  while (rows.step()) {
    const Value d = parse_json(rows.text(0)).value;
    const std::string enforced = d.get("result")->as_string();
    const std::int64_t risk = std::llround(d.get("risk")->as_double() * 1e6);
    for (const Value& m : d.get("monitor")->as_list()) {
      if (m.get("policy")->as_string() != policy) continue;
      const std::string would = m.get("result")->as_string();
      ++n["all " + enforced + " " + would];
      ++n[d.get("time")->as_string().substr(0, 10) + " " + enforced + " " + would];
      n["risk " + would] += risk;
      std::set<std::string> done;
      for (const Value& r : d.get("reasons")->as_list()) {
        if (r.get("monitor") == nullptr || r.get("policy")->as_string() != policy) continue;
        const std::string rule =
            "rule " + r.get("rule")->as_string() + " " + r.get("effect")->as_string();
        if (!done.insert(rule).second) continue;
        ++n[rule];
        n[rule + " risk"] += risk;
      }
    }
  }
  std::string out;
  for (const auto& [what, count] : n) out += fmt::format("{}: {}\n", what, count);
  return out;
}

std::string told(const decide::ShadowPolicy& p) {
  constexpr Result kAll[] = {Result::allowed, Result::modified, Result::pending, Result::blocked};
  std::map<std::string, std::int64_t> n;
  const auto add = [&](const std::string& name, const decide::ShadowCounts& c) {
    for (const Result enforced : kAll) {
      for (const Result would : kAll) {
        const std::int64_t count =
            c.results[static_cast<std::size_t>(enforced)][static_cast<std::size_t>(would)];
        if (count > 0)
          n[fmt::format("{} {} {}", name, to_string(enforced), to_string(would))] = count;
      }
    }
  };
  add("all", p.all);
  for (const auto& [day, counts] : p.days) add(day, counts);
  for (const Result would : kAll) {
    if (p.all.would(would) > 0)
      n[fmt::format("risk {}", to_string(would))] =
          p.all.risk_micros[static_cast<std::size_t>(would)];
  }
  for (const auto& [key, rule] : p.rules) {
    n[fmt::format("rule {} {}", key.first, key.second)] = rule.decisions;
    n[fmt::format("rule {} {} risk", key.first, key.second)] = rule.risk_micros;
  }
  std::string out;
  for (const auto& [what, count] : n) out += fmt::format("{}: {}\n", what, count);
  return out;
}

TEST_F(ShadowTest, its_numbers_are_those_of_the_records) {
  put({policy("live", R"({"guards": [{"name": "huge", "deny": "action.data.x > 90"},
                                     {"name": "big", "approve": "action.data.x > 80"}],
                          "mutations": [{"name": "cut", "field": "w", "clamp": [0, 0.7]}]})"),
       policy("strict",
              R"({"mode": "monitor", "guards": [{"name": "large", "deny": "action.data.x > 60"},
                             {"name": "ask", "approve": "action.data.x > 50"},
                             {"name": "say", "warn": "action.data.x > 20"}],
                            "mutations": [{"name": "cut", "field": "w", "clamp": [0, 0.4]}]})"),
       policy("few",
              R"({"mode": "monitor", "limits": [{"name": "hourly", "max": 5, "per": "1h"}]})")});
  FakeRandom random(5);
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<std::string> lines;
    for (int i = 0; i < 20; ++i) {
      lines.push_back(
          fmt::format(R"({{"type":"{}","algorithm":"b","risk":{},"data":{{"x":{},"w":{}}}}})",
                      random.next() % 5 == 0 ? "route.pause" : "route.update_weight",
                      static_cast<double>(random.next() % 1000) / 777, random.next() % 100,
                      static_cast<double>(random.next() % 100) / 100));
    }
    Process(path, fakes.world).decide(lines);
    fakes.clock.tick(Duration::seconds(static_cast<std::int64_t>(random.next() % 20'000)));
  }
  const auto shadow = read();
  EXPECT_EQ(shadow->read(), 800);
  ASSERT_EQ(shadow->policies().size(), 2u);
  for (const auto& [id, p] : shadow->policies()) EXPECT_EQ(told(p), by_hand(*store, id)) << id;
  EXPECT_GT(shadow->policies().at("strict").days.size(), 3u);
  EXPECT_EQ(read({"few"})->policies().size(), 1u);
}

TEST_F(ShadowTest, examples_are_the_first_decisions_that_it_would_change) {
  put({policy("live", R"({"guards": [{"name": "huge", "deny": "action.data.x > 90"}]})"),
       policy(
           "strict",
           R"({"mode": "monitor", "guards": [{"name": "large", "deny": "action.data.x > 60"}]})")});
  for (const char* x : {"95", "96", "97", "98", "70", "71", "99", "72", "73"})
    send(fmt::format(R"({{"x":{}}})", x));
  const auto shadow = read();
  const decide::ShadowRule& rule = shadow->policies().at("strict").rules.at({"large", "block"});
  EXPECT_EQ(rule.decisions, 9);
  EXPECT_EQ(rule.changed, 4);
  decide::Archive archive(store->database());
  std::string seen;
  for (const std::string& id : rule.examples)
    seen +=
        to_json(*parse_json(archive.find(id)).value.get("proposed")->get("data")->get("x")) + " ";
  EXPECT_EQ(seen, "70 71 72 ");
}

TEST_F(ShadowTest, the_sentence_says_what_enforcing_would_have_changed) {
  put({policy(
      "strict",
      R"({"mode": "monitor", "guards": [{"name": "large", "deny": "action.data.x > 60"}]})")});
  for (const char* x : {"95", "10", "10"}) send(fmt::format(R"({{"x":{}}})", x));
  const render::Report report = decide::describe(*read());
  const auto& text = std::get<render::Paragraph>(report.text.at(1)).line.runs.at(0).text;
  EXPECT_EQ(text,
            "Of 3 decisions that concern it, enforcing it would have blocked 1 that was allowed.");
  const Value& p = report.data.find("policies")->as_list().at(0);
  EXPECT_EQ(p.get("would_change")->get("blocked")->as_int(), 1);
  EXPECT_EQ(p.get("agrees")->as_int(), 2);
}

TEST_F(ShadowTest, a_policy_that_concerned_nothing_is_there_when_it_is_mentioned) {
  Shadow shadow({});
  shadow.mention("quiet");
  EXPECT_EQ(decide::describe(shadow).data.find("policies")->as_list().size(), 1u);
}

}  // namespace
}  // namespace autopilot::testing
