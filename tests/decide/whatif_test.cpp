// Sweeps against the plain way: the edited lines decided one after the other under policies written
// as if they had been so all along.
#include "core/decide/whatif.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/decide/trial.h"
#include "tests/instrumented.h"

namespace autopilot::decide::testing {
namespace {

// What of the policies the sweeps change, as a file would say it.
struct Knobs {
  std::string floor = "0.3", most = "3", high = "0.6", rollout = "1", enabled = "true",
              mode = "enforce", priority = "100", gate = "0.2";
};

// Shapes that the sweeps meet: gates, mutations that other rules see, guards on what was mutated,
// limits of all windows, a policy for one algorithm and one that skips errors.
std::string yaml_of(const Knobs& k, std::uint64_t seed) {
  const bool odd = (seed & 1) != 0, third = seed % 3 == 0;
  std::string out = fmt::format(
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: p0}}\nspec:\n"
      "  on_error: {}\n"
      "  mutations:\n"
      "    - {{name: bounds, for: route.update_weight, field: weight, clamp: [0.1, {}]}}\n"
      "  guards:\n"
      "    - {{name: floor, deny: metrics.m0 < {}}}\n"
      "    - {{name: two-man, approve: risk > {}}}\n",
      odd ? "skip" : "block", k.high, k.floor, third ? "0.4" : "0.8");
  out += fmt::format(
      "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: p1}}\nspec:\n"
      "  rollout: {}\n  gates:\n    - {{name: open, when: metrics.m1 >= {}}}\n"
      "  mutations:\n    - {{name: half, when: metrics.m1 > 0.5, set: {{budget: 5}}}}\n"
      "  limits:\n    - {{name: hourly, max: {}, per: 1h, key: action.algorithm}}\n"
      "    - {{name: run, when: 'metrics.m0 < 0.8', sum: {}, max: 2, per: run}}\n",
      k.rollout, k.gate, k.most, odd ? "action.data.weight" : "risk");
  out += fmt::format(
      "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: p2}}\nspec:\n"
      "  scope: algorithm\n  algorithm: bandit\n  enabled: {}\n  mode: {}\n  priority: {}\n"
      "  mutations:\n    - {{name: low, for: route.update_weight, field: weight, clamp: [0, "
      "0.4]}}\n"
      "  guards:\n    - {{name: heavy, deny: action.data.weight > metrics.m1}}\n",
      k.enabled, k.mode, k.priority);
  return out;
}

Rules rules_of(const std::string& yaml) {
  Rules rules;
  Diagnostics faults;
  rules.documents = policy::load_text("policies.yaml", yaml, {}, faults);
  EXPECT_EQ(faults_of(faults), "");
  return rules;
}

std::vector<Value> random_lines(autopilot::testing::FakeRandom& random, std::size_t count) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.next() % n); };
  const auto number = [&] { return Value(static_cast<double>(below(21)) / 20); };
  std::vector<Value> out;
  std::int64_t seconds = 1'800'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    const bool pause = below(5) == 0;
    Map data{{"budget", number()}, {"old_budget", 1}};
    if (!pause && below(8) != 0) data.append("weight", number());
    if (!pause) data.append("old_weight", number());
    Map action{{"id", "a" + std::to_string(i)},
               {"type", pause ? "route.pause" : "route.update_weight"},
               {below(4) == 0 ? "algo_key" : "algorithm", below(2) == 0 ? "bandit" : "pacer"},
               {"data", std::move(data)}};
    Map metrics{{"m1", number()}};
    if (below(8) != 0) metrics.append("m0", number());
    seconds += static_cast<std::int64_t>(below(1200));
    out.push_back(Map{{"action", std::move(action)},
                      {"context", Map{{"metrics", std::move(metrics)},
                                      {"segment", Map{{"geo", below(2) == 0 ? "FR" : "US"}}},
                                      {"time", format_rfc3339(Instant{seconds, 0})}}}});
  }
  return out;
}

const Circumstances kAt{{1'800'000'000, 0}, "r", "ada", "operator", nullptr};

std::unique_ptr<Chosen> chosen_of(const std::vector<Value>& lines, const Rules& rules) {
  auto chosen = std::make_unique<Chosen>();
  const std::shared_ptr<const CompiledSet> set = compile_rules(rules);
  ActionFile file(*set, kAt);
  for (const Value& line : lines) {
    const std::string text = padded(to_json(line));
    std::string record;
    InputFault fault;
    EXPECT_TRUE(
        file.decide(std::string_view(text).substr(0, text.size() - kPadding), record, fault))
        << fault.message;
    chosen->add(record);
  }
  return chosen;
}

std::string said(Result result, const RuleName& rule) {
  return std::string(to_string(result)) + " by " + rule.first + "/" + rule.second;
}

std::vector<std::string> plain(const std::vector<Value>& lines, const std::string& yaml) {
  std::vector<std::string> out;
  const auto chosen = chosen_of(lines, rules_of(yaml));
  for (const ChosenDecision& d : chosen->all()) out.push_back(said(d.before, d.rule));
  return out;
}

std::vector<std::string> swept(const WhatIf& found, std::size_t point) {
  std::vector<std::string> out;
  for (const std::vector<Run>& runs : found.runs) {
    const auto after = std::upper_bound(runs.begin(), runs.end(), point,
                                        [](std::size_t p, const Run& r) { return p < r.point; });
    const Cell cell = (after - 1)->cell;
    out.push_back(said(cell.result(), found.rules[cell.rule()]));
  }
  return out;
}

WhatIf sweep(const std::vector<std::string>& sweeps, const std::vector<std::string>& settings,
             const Rules& rules, const Chosen& chosen) {
  std::vector<Assignment> set;
  std::vector<Sweep> over;
  for (const std::string& words : settings) set.push_back(parse_assignment(words, "--set"));
  for (const std::string& words : sweeps) over.push_back(parse_sweep(words));
  const WhatIfPlan plan(rules, std::move(set), std::move(over));
  WhatIf found = run_what_if(plan, rules, chosen, {});
  EXPECT_EQ(faults_of(found.faults), "");
  return found;
}

// A sweep, and what it means for a line and for the policies at one value.
struct Way {
  std::string words;
  std::vector<std::string> values;
  std::function<void(Value& line, Knobs& knobs, const std::string& value)> edit;
};

Map& part(Value& line, const char* side, const char* name) {
  Map& all = line.as_map().find(side)->as_map();
  return all[name].is_map() ? all[name].as_map() : (all[name] = Map{}).as_map();
}

void scale(Map& in, const char* name, double factor, double amount) {
  Value* v = in.find(name);
  if (v != nullptr) *v = v->as_double() * factor + amount;
}

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

std::vector<Way> ways() {
  const std::vector<std::string> shares = {"0", "0.1", "0.25", "0.3", "0.5", "0.75", "1"};
  const auto knob = [&](std::string words, std::string Knobs::*field,
                        std::vector<std::string> values) {
    return Way{std::move(words), std::move(values),
               [field](Value&, Knobs& k, const std::string& v) { k.*field = v; }};
  };
  std::vector<Way> out{
      {"metrics.m0", shares,
       [](Value& l, Knobs&, const std::string& v) {
         part(l, "context", "metrics")["m0"] = number(v);
       }},
      {"metrics.m1", shares,
       [](Value& l, Knobs&, const std::string& v) {
         part(l, "context", "metrics")["m1"] = number(v);
       }},
      {"metrics.m0*",
       {"0.5", "0.9", "1", "1.2", "3"},
       [](Value& l, Knobs&, const std::string& v) {
         scale(part(l, "context", "metrics"), "m0", number(v), 0);
       }},
      {"metrics.m1+",
       {"-0.3", "0", "0.05", "0.4"},
       [](Value& l, Knobs&, const std::string& v) {
         scale(part(l, "context", "metrics"), "m1", 1, number(v));
       }},
      {"action.data.weight", shares,
       [](Value& l, Knobs&, const std::string& v) {
         part(l, "action", "data")["weight"] = number(v);
       }},
      {"action.data.budget-",
       {"0", "0.2", "1"},
       [](Value& l, Knobs&, const std::string& v) {
         scale(part(l, "action", "data"), "budget", 1, -number(v));
       }},
      {"risk",
       {"0", "0.5", "2"},
       [](Value& l, Knobs&, const std::string& v) {
         l.as_map().find("action")->as_map()["risk"] = number(v);
       }},
      {"action.type",
       {"route.pause", "route.update_weight", "route.other"},
       [](Value& l, Knobs&, const std::string& v) {
         l.as_map().find("action")->as_map()["type"] = v;
       }},
      {"action.algorithm",
       {"bandit", "other"},
       [](Value& l, Knobs&, const std::string& v) {
         Map& action = l.as_map().find("action")->as_map();
         action.erase("algo_key");
         action["algorithm"] = v;
       }},
      {"time+",
       {"0s", "20m", "5h"},
       [](Value& l, Knobs&, const std::string& v) {
         Value& time = l.as_map().find("context")->as_map()["time"];
         time = format_rfc3339(*parse_rfc3339(time.as_string()) + *parse_duration(v));
       }},
  };
  out.push_back(knob("policy.p0.guards.floor.deny", &Knobs::floor, shares));
  out.push_back(knob("policy.p1.limits.hourly.max", &Knobs::most, {"0", "1", "2", "5", "9"}));
  out.push_back(
      knob("policy.p0.mutations.bounds.clamp[1]", &Knobs::high, {"0.2", "0.35", "0.5", "1"}));
  out.push_back(knob("policy.p1.rollout", &Knobs::rollout, {"0", "0.3", "0.6", "1"}));
  out.push_back(knob("policy.p2.enabled", &Knobs::enabled, {"true", "false"}));
  out.push_back(knob("policy.p2.mode", &Knobs::mode, {"enforce", "monitor"}));
  out.push_back(knob("policy.p2.priority", &Knobs::priority, {"50", "100", "150"}));
  out.push_back(knob("policy.p1.gates[0].when", &Knobs::gate, shares));
  return out;
}

// The condition that a knob stands in, where the sweep is of the whole condition.
std::string value_words(const Way& way, const std::string& value) {
  if (way.words.ends_with(".deny")) return "metrics.m0 < " + value;
  if (way.words.ends_with(".when")) return "metrics.m1 >= " + value;
  return value;
}

std::string words_of(const Way& way) {
  std::string out = way.words + "=";
  for (const std::string& value : way.values)
    out += (out.ends_with("=") ? "" : ",") + value_words(way, value);
  return out;
}

class WhatIfWays : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(WhatIfWays, every_point_is_what_deciding_the_edited_lines_gives) {
  autopilot::testing::FakeRandom random(GetParam() + 1);
  const std::vector<Value> lines = random_lines(random, 40);
  const Rules rules = rules_of(yaml_of({}, GetParam()));
  const auto chosen = chosen_of(lines, rules);
  for (const Way& way : ways()) {
    const WhatIf found = sweep({words_of(way)}, {}, rules, *chosen);
    for (std::size_t p = 0; p < way.values.size(); ++p) {
      Knobs knobs;
      std::vector<Value> edited = lines;
      for (Value& line : edited) way.edit(line, knobs, way.values[p]);
      ASSERT_EQ(swept(found, p), plain(edited, yaml_of(knobs, GetParam())))
          << words_of(way) << " at " << way.values[p];
    }
  }
}

TEST_P(WhatIfWays, a_grid_of_two_is_what_deciding_the_edited_lines_gives) {
  autopilot::testing::FakeRandom random(GetParam() + 100);
  const std::vector<Value> lines = random_lines(random, 30);
  const Rules rules = rules_of(yaml_of({}, GetParam()));
  const auto chosen = chosen_of(lines, rules);
  const std::vector<Way> all = ways();
  for (int pair = 0; pair < 8; ++pair) {
    const Way& a = all[random.next() % all.size()];
    const Way& b = all[random.next() % all.size()];
    if (a.words == b.words ||
        (a.words.starts_with("metrics.m0") && b.words.starts_with("metrics.m0")) ||
        (a.words.starts_with("metrics.m1") && b.words.starts_with("metrics.m1")))
      continue;
    const WhatIf found = sweep({words_of(a), words_of(b)}, {}, rules, *chosen);
    for (std::size_t p = 0; p < found.points.size(); ++p) {
      Knobs knobs;
      std::vector<Value> edited = lines;
      for (Value& line : edited) {
        a.edit(line, knobs, a.values[p / b.values.size()]);
        b.edit(line, knobs, b.values[p % b.values.size()]);
      }
      ASSERT_EQ(swept(found, p), plain(edited, yaml_of(knobs, GetParam())))
          << words_of(a) << " " << words_of(b) << " at " << p;
    }
  }
}

TEST_P(WhatIfWays, one_setting_is_the_same_as_a_sweep_of_one_value) {
  autopilot::testing::FakeRandom random(GetParam() + 200);
  const Rules rules = rules_of(yaml_of({}, GetParam()));
  const auto chosen = chosen_of(random_lines(random, 30), rules);
  for (const Way& way : ways()) {
    const std::string words = way.words + "=" + value_words(way, way.values.back());
    const WhatIf one = sweep({}, {words}, rules, *chosen),
                 other = sweep({words}, {}, rules, *chosen);
    EXPECT_EQ(one.points[0].counts, other.points[0].counts) << words;
    EXPECT_EQ(swept(one, 0), swept(other, 0)) << words;
  }
}

std::vector<std::string> results_at(const WhatIf& found, std::size_t point) {
  std::vector<std::string> all = swept(found, point);
  for (std::string& text : all) text.resize(text.find(' '));
  return all;
}

// Where results change along a dense grid, as (last value before, first value after).
std::vector<std::pair<double, double>> dense_changes(const WhatIf& found,
                                                     const std::vector<std::string>& values) {
  std::vector<std::pair<double, double>> out;
  for (std::size_t p = 1; p < values.size(); ++p) {
    if (results_at(found, p) != results_at(found, p - 1))
      out.emplace_back(number(values[p - 1]), number(values[p]));
  }
  return out;
}

// The grid's points and both sides of each boundary, rising: nothing changes but across boundaries.
std::vector<std::string> all_sides(const WhatIf& coarse, const Sweep& grid) {
  std::vector<std::string> out = grid.values;
  for (const Boundary& b : coarse.frontier) {
    out.push_back(b.low);
    out.push_back(b.high);
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return number(a) < number(b); });
  out.erase(
      std::unique(out.begin(), out.end(), [](auto& a, auto& b) { return number(a) == number(b); }),
      out.end());
  return out;
}

bool is_boundary(const WhatIf& coarse, double low, double high) {
  return std::any_of(coarse.frontier.begin(), coarse.frontier.end(), [&](const Boundary& b) {
    return number(b.low) == low && number(b.high) == high;
  });
}

TEST_P(WhatIfWays, the_frontier_agrees_with_a_dense_grid) {
  autopilot::testing::FakeRandom random(GetParam() + 300);
  const Rules rules = rules_of(yaml_of({}, GetParam()));
  const auto chosen = chosen_of(random_lines(random, 25), rules);
  const std::vector<std::string> floor = {"policy.p0.guards.floor.deny=metrics.m0 < $x"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"metrics.m0", {}},         {"metrics.m1*", {}},
      {"action.data.weight", {}}, {"policy.p0.mutations.bounds.clamp[1]", {}},
      {"policy.p1.rollout", {}},  {"$x", floor}};
  for (const auto& [path, settings] : cases) {
    const std::string words = path + "=0.12:0.92:0.4", fine = path + "=0.12:0.92:0.004";
    const WhatIf coarse = sweep({words}, settings, rules, *chosen);
    const auto changes =
        dense_changes(sweep({fine}, settings, rules, *chosen), parse_sweep(fine).values);
    for (const Boundary& b : coarse.frontier) {
      EXPECT_TRUE(b.fine && !b.flips.empty());
      EXPECT_LE(number(b.high) - number(b.low), 1e-6) << path;
    }
    const std::vector<std::string> sides = all_sides(coarse, parse_sweep(words));
    std::string list = path + "=";
    for (const std::string& side : sides) list += (list.ends_with("=") ? "" : ",") + side;
    const WhatIf across = sweep({list}, settings, rules, *chosen);
    for (std::size_t p = 1; p < sides.size(); ++p) {
      EXPECT_EQ(results_at(across, p) != results_at(across, p - 1),
                is_boundary(coarse, number(sides[p - 1]), number(sides[p])))
          << path << " from " << sides[p - 1] << " to " << sides[p];
    }
    // One threshold for each decision and nothing that undoes a change: all of them are found.
    if (path != "$x") continue;
    for (const auto& [low, high] : changes) {
      EXPECT_TRUE(std::any_of(
          coarse.frontier.begin(), coarse.frontier.end(),
          [&](const Boundary& b) { return low <= number(b.high) && number(b.low) <= high; }))
          << path << " changes between " << low << " and " << high;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WhatIfWays,
                         ::testing::Range<std::uint64_t>(0, autopilot::testing::rounds(12)));

TEST(WhatIf, an_integer_is_searched_in_whole_numbers) {
  const Rules rules = rules_of(
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: low}\nspec:\n"
      "  mutations:\n    - {name: note, when: action.data.weight > 0.3, set: {budget: 5}}\n"
      "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: some}\nspec:\n  priority: 42\n"
      "  mutations:\n    - {name: high, set: {weight: 'action.data.weight * 2.0'}}\n"
      "  guards:\n    - {name: noted, deny: has(action.data.budget)}\n");
  Map data{{"weight", 0.2}, {"old_weight", 0.2}};
  const auto chosen =
      chosen_of({Map{{"type", "route.update_weight"}, {"data", std::move(data)}}}, rules);
  const WhatIf found = sweep({"policy.low.priority=0:100:50"}, {}, rules, *chosen);
  ASSERT_EQ(found.frontier.size(), 1u);
  EXPECT_EQ(found.frontier[0].high, "42");
  EXPECT_EQ(found.frontier[0].low, "41");
}

TEST(WhatIf, a_range_has_the_numbers_that_were_meant) {
  EXPECT_EQ(parse_sweep("metrics.a=0:0.5:0.1").values,
            (std::vector<std::string>{"0", "0.1", "0.2", "0.3", "0.4", "0.5"}));
  EXPECT_EQ(parse_sweep("p.rollout=0%:20%:10%").values,
            (std::vector<std::string>{"0", "0.1", "0.2"}));
  EXPECT_EQ(parse_sweep("time+=-1h:1h:1h").values, (std::vector<std::string>{"-1h", "0s", "1h"}));
  EXPECT_EQ(parse_sweep("segment.geo=FR, BE").values, (std::vector<std::string>{"FR", "BE"}));
  EXPECT_EQ(parse_sweep(R"(segment.geo=["a,b","1"])").values,
            (std::vector<std::string>{"a,b", "\"1\""}));
  EXPECT_FALSE(parse_sweep("metrics.a=3,2").numeric);
  EXPECT_TRUE(parse_sweep("metrics.a=2,3").numeric);
}

TEST(WhatIf, values_are_what_yaml_and_json_make_of_them) {
  EXPECT_EQ(value_of("0.50").as_double(), 0.5);
  EXPECT_TRUE(value_of("true").is_bool());
  EXPECT_EQ(value_of("[FR, BE]").as_list().size(), 2u);
  EXPECT_EQ(value_of("\"7\"").as_string(), "7");
  EXPECT_EQ(value_of("[1, 2].exists(x, x > 1)").as_string(), "[1, 2].exists(x, x > 1)");
  EXPECT_EQ(value_of("!has(metrics.a)").as_string(), "!has(metrics.a)");
  EXPECT_TRUE(value_of(".inf").is_string());
}

TEST(WhatIf, a_grid_that_is_too_large_is_refused) {
  const Rules rules = rules_of(yaml_of({}, 0));
  EXPECT_THROW(
      WhatIfPlan(rules, {},
                 {parse_sweep("metrics.m0=0:1:0.001"), parse_sweep("metrics.m1=0:1:0.001")}),
      Error);
}

}  // namespace
}  // namespace autopilot::decide::testing
