// Documents as problems, tables of channels, conflicts in the document's words, curves from data.
#include "core/optimize/plan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/optimize/conflict.h"
#include "core/optimize/explain.h"
#include "core/optimize/fit.h"
#include "core/optimize/lp_wire.h"
#include "core/optimize/table.h"
#include "core/optimize/weights.h"
#include "tests/optimize/problems.h"

namespace autopilot::optimize {
namespace {

using testing::solved;

Plan plan_of(const std::string& json) {
  return plan_from("p", parse_json_or_throw(json, "the spec"), nullptr);
}

constexpr const char* kTight = R"({"total": 500, "channels": [
  {"id": "a", "min": 300, "max": 900, "current": 100, "curve": {"type": "log", "a": 3, "b": 9}},
  {"id": "b", "min": 312.5, "current": 100, "curve": {"type": "exp", "a": 6, "b": 9}},
  {"id": "c", "max": 80, "current": 100, "curve": {"type": "mm", "a": 6, "k": 9}}]})";

Conflict conflict_of(const Plan& plan) {
  return find_conflict(plan, [](const Problem& p) {
    const std::optional<bool> plain = fits_plainly(p);
    return plain ? *plain : solved(p).allocation.status != Status::infeasible;
  });
}

std::vector<std::string> words(const Plan& plan, const Conflict& conflict) {
  std::vector<std::string> out;
  for (const std::size_t k : conflict.constraints)
    out.push_back(words_of(plan, plan.constraints[k]));
  return out;
}

TEST(conflict, names_what_cannot_hold_together_and_the_least_change) {
  const Plan plan = plan_of(kTight);
  const Conflict conflict = conflict_of(plan);
  EXPECT_EQ(words(plan, conflict),
            (std::vector<std::string>{"a: min 300", "b: min 312.5", "total: at most 500"}));
  ASSERT_EQ(conflict.repairs.size(), 3u);
  for (const Repair& repair : conflict.repairs) EXPECT_NEAR(repair.change, 112.5, 1e-6);
}

TEST(conflict, each_limit_of_it_is_needed) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    testing::Dice dice(seed);
    Plan plan;
    for (int i = 0; i < 8; ++i) {
      plan.open.channels.push_back(testing::channel(testing::linear(1)));
      plan.constraints.push_back({Limit::channel_min, static_cast<std::size_t>(i),
                                  static_cast<double>(dice.whole(5, 30))});
    }
    plan.open.groups = {testing::group({0, 1, 2, 3}, 0, kInfinity),
                        testing::group({2, 3, 4, 5}, 0, kInfinity)};
    plan.constraints.push_back({Limit::group_max, 0, static_cast<double>(dice.whole(10, 90))});
    plan.constraints.push_back({Limit::group_max, 1, static_cast<double>(dice.whole(10, 90))});
    plan.constraints.push_back({Limit::total_max, 0, static_cast<double>(dice.whole(60, 160))});
    if (solved(problem_of(plan)).allocation.status != Status::infeasible) continue;
    const Conflict conflict = conflict_of(plan);
    for (std::size_t left_out = 0; left_out <= conflict.constraints.size(); ++left_out) {
      std::vector<bool> keep(plan.constraints.size(), false);
      for (std::size_t k = 0; k < conflict.constraints.size(); ++k)
        keep[conflict.constraints[k]] = k != left_out;
      const bool all = left_out == conflict.constraints.size();
      const Status status = solved(problem_with(plan, keep)).allocation.status;
      EXPECT_EQ(status == Status::infeasible, all) << seed << " without " << left_out;
    }
    for (const Repair& repair : conflict.repairs) {
      Plan changed = plan;
      changed.constraints[repair.constraint].value = repair.value;
      EXPECT_NE(solved(problem_of(changed)).allocation.status, Status::infeasible) << seed;
    }
  }
}

TEST(plan, limits_come_together_in_one_problem) {
  const Plan plan = plan_of(R"({"total": {"min": 10, "max": 90}, "max_shift": "20%", "roi_min": 2,
    "max_moved": 30, "channels": [
    {"id": "a", "current": 50, "min": 45, "group": "g", "curve": {"type": "linear", "a": 2}},
    {"id": "b", "current": 10, "frozen": true, "curve": {"type": "quad", "a": 2, "c": 0.1}},
    {"id": "c", "current": 10, "max_shift": 1, "curve": {"type": "hill", "a": 2, "k": 3, "s": 2}}],
    "groups": [{"id": "g", "channels": ["c"], "max_share": "50%", "cpa_max": 4, "max_active": 1}],
    "pacing": [{"through": "b", "max": 70}]})");
  const Problem p = problem_of(plan);
  EXPECT_EQ(p.channels[0].min, 45);
  EXPECT_EQ(p.channels[0].max, 60);
  EXPECT_EQ(p.channels[1].min, 10);
  EXPECT_EQ(p.channels[1].max, 10);
  EXPECT_EQ(p.channels[2].max, 20);
  EXPECT_EQ(p.groups[0].members, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(p.groups[0].roi_min, 0.25);
  EXPECT_EQ(p.groups[0].max_share, 0.5);
  EXPECT_EQ(p.groups[1].members, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(p.groups[1].max, 70);
  EXPECT_EQ(p.turnover_max, 30);
}

TEST(plan, limits_that_amounts_break_are_named_with_what_they_have) {
  const Plan plan = plan_of(R"({
    "total": 100,
    "channels": [{"id": "a", "current": 80, "max": 60, "curve": {"type": "linear", "a": 1}},
                 {"id": "b", "current": 20, "min_if_active": 30, "curve": {"type": "linear", "a": 3}}],
    "groups": [{"id": "g", "channels": ["a"], "max_share": 0.5, "roi_min": 2},
               {"id": "h", "channels": ["a", "b"], "max_active": 1}]})");
  EXPECT_EQ(broken_limits(plan, {80, 20}),
            (std::vector<std::string>{"a: max 60 (80)", "b: min_if_active 30 (20)",
                                      "group g: max_share 50.0% (80.0%)", "group g: roi_min 2 (1)",
                                      "group h: max_active 1 (2)"}));
  EXPECT_TRUE(broken_limits(plan, {0, 100}).empty());
}

TEST(plan, a_cost_per_unit_of_return_is_told_as_one) {
  const Plan plan = plan_of(R"({
    "total": 500, "cpa_max": 0.5,
    "channels": [{"id": "a", "curve": {"type": "log", "a": 500, "b": 100}}]})");
  const Conflict conflict = conflict_of(plan);
  EXPECT_EQ(words(plan, conflict),
            (std::vector<std::string>{"cpa_max 0.5", "total: at least 500"}));
  ASSERT_EQ(conflict.repairs.size(), 2u);
  const Repair& repair = conflict.repairs[1];
  EXPECT_NEAR(as_written(plan.constraints[repair.constraint], repair.value), 1 / std::log(6), 1e-5);
  EXPECT_EQ(broken_limits(plan, {500}), (std::vector<std::string>{"cpa_max 0.5 (0.5581)"}));
}

TEST(explain, a_cost_that_holds_has_the_price_of_a_cost) {
  const Plan plan = plan_of(R"({
    "total": {"max": 5000}, "cpa_max": 0.5,
    "channels": [{"id": "a", "curve": {"type": "log", "a": 500, "b": 100}},
                 {"id": "b", "curve": {"type": "log", "a": 700, "b": 100}}]})");
  const Problem p = problem_of(plan);
  const Solution s = solved(p);
  const Explanation e = explain(plan, p, s, [](const Problem& q) { return solved(q); }, {});
  ASSERT_EQ(e.bindings.size(), 1u);
  EXPECT_NEAR(e.bindings[0].step, 0.01, 1e-12);
  ASSERT_TRUE(e.bindings[0].solved);
  EXPECT_GT(e.bindings[0].price, 0);
  EXPECT_NEAR(e.bindings[0].gain, e.bindings[0].price * 0.01, 0.1 * e.bindings[0].gain);
}

TEST(explain, a_fixed_total_that_is_too_much_holds_from_below) {
  const Plan plan = plan_of(R"({
    "total": 1000, "channels": [{"id": "a", "curve": {"type": "quad", "a": 1, "c": 0.1}}]})");
  const Problem p = problem_of(plan);
  const Explanation e = explain(plan, p, solved(p), [](const Problem& q) { return solved(q); }, {});
  ASSERT_EQ(e.bindings.size(), 1u);
  EXPECT_EQ(words_of(plan, plan.constraints[e.bindings[0].constraint]), "total: at least 1,000");
  EXPECT_LT(e.bindings[0].step, 0);
  EXPECT_GT(e.bindings[0].gain, 0);
}

TEST(explain, small_amounts_are_told_apart_as_large_ones_are) {
  for (const double scale : {1.0, 1e-9}) {
    Plan plan = plan_of(R"({"total": 3, "channels": [
      {"id": "a", "curve": {"type": "log", "a": 1, "b": 1}},
      {"id": "b", "curve": {"type": "log", "a": 1, "b": 1}}]})");
    for (Constraint& c : plan.constraints) c.value *= scale;
    for (Channel& c : plan.open.channels) c.curve.b *= scale;
    const Problem p = problem_of(plan);
    const Explanation e =
        explain(plan, p, solved(p), [](const Problem& q) { return solved(q); }, {});
    EXPECT_EQ(e.channels[0].why, "level") << scale;
  }
}

TEST(explain, nothing_to_spend_is_the_reason_of_nothing) {
  const Plan plan = plan_of(
      R"({"total": 0, "channels": [{"id": "a", "curve": {"type": "log", "a": 1, "b": 1}}]})");
  const Problem p = problem_of(plan);
  const Explanation e = explain(plan, p, solved(p), [](const Problem& q) { return solved(q); }, {});
  EXPECT_EQ(e.channels[0].why, "nothing: there is nothing to spend");
}

TEST(table, may_come_from_a_spreadsheet) {
  for (const char* text : {"\xEF\xBB\xBFid,type,a,b\r\nx,log,3,4\r\n", "id;type;a;b\nx;log;3;4\n",
                           "id\ttype\ta\tb\nx\tlog\t3\t4\n"}) {
    Diagnostics faults;
    const std::uint32_t source = faults.sources().add("t.csv", text);
    std::vector<ChannelRow> rows;
    channel_rows(faults.sources().text(source), source, faults).each([&](const ChannelRow& row) {
      rows.push_back(row);
    });
    EXPECT_TRUE(faults.ok()) << text;
    ASSERT_EQ(rows.size(), 1u) << text;
    EXPECT_EQ(rows[0].id, "x");
    EXPECT_EQ(rows[0].curve->b, 4);
  }
}

TEST(plan, a_channel_that_is_not_there_is_named_with_the_nearest) {
  try {
    plan_of(R"({"total": 1, "channels": [{"id": "search", "curve": {"type": "linear", "a": 2}}],
               "groups": [{"id": "g", "channels": ["serach"]}]})");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "group g: there is no channel serach");
    EXPECT_EQ(e.hint(), "did you mean search?");
  }
}

TEST(explain, what_a_limit_buys_is_what_solving_again_earns) {
  const Plan plan = plan_of(R"({"total": 1000, "channels": [
    {"id": "a", "max": 300, "current": 300, "curve": {"type": "log", "a": 900, "b": 90}},
    {"id": "b", "current": 700, "curve": {"type": "mm", "a": 900, "k": 400}}]})");
  const Problem p = problem_of(plan);
  const Solution s = solved(p);
  const Explanation e = explain(plan, p, s, [](const Problem& q) { return solved(q); }, {});
  ASSERT_EQ(e.bindings.size(), 2u);
  EXPECT_EQ(words_of(plan, plan.constraints[e.bindings[0].constraint]), "a: max 300");
  EXPECT_EQ(words_of(plan, plan.constraints[e.bindings[1].constraint]), "total: at most 1,000");
  for (const Binding& b : e.bindings) {
    ASSERT_TRUE(b.solved);
    EXPECT_GT(b.gain, 0);
    EXPECT_LE(b.gain, b.price * b.step * (1 + 1e-9));  // concave: the price is the most
  }
  EXPECT_EQ(e.channels[0].why.substr(0, 10), "at its max");
  EXPECT_EQ(e.channels[1].why, "level");
}

TEST(explain, the_frontier_is_what_solving_each_total_gives) {
  const Plan plan = plan_of(kTight);
  Problem p = problem_of(plan);
  p.channels[0].min = p.channels[1].min = 0;
  const auto frontier =
      frontier_of(p, {10, 100, 250, 400}, [](const Problem& q) { return solved(q); });
  ASSERT_EQ(frontier.size(), 4u);
  for (const FrontierPoint& point : frontier) {
    Problem q = p;
    q.total_min = q.total_max = point.total;
    EXPECT_NEAR(point.returned, solved(q).allocation.objective, 1e-9);
  }
}

std::vector<ChannelRow> rows_of(std::string_view text, std::uint32_t source, Diagnostics& into) {
  std::vector<ChannelRow> out;
  channel_rows(text, source, into).each([&](const ChannelRow& row) { out.push_back(row); });
  return out;
}

TEST(table, channels_come_from_csv_with_their_faults_in_place) {
  Diagnostics diagnostics;
  const std::string text =
      "id,current,min,max,type,a,b,group\n"
      "\"a, b\",10,1,20,log,30,4,g\r\n"
      "c,x,1,,linear,2,,\n"
      "d,1,1,,curvy,2,,\n";
  const auto rows = rows_of(text, diagnostics.sources().add("t.csv", text), diagnostics);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].id, "a, b");
  EXPECT_EQ(rows[0].group, "g");
  EXPECT_EQ(rows[0].curve->family, Family::logarithm);
  EXPECT_FALSE(rows[1].max);
  ASSERT_EQ(diagnostics.errors(), 2u);
  EXPECT_EQ(place(diagnostics.sources(), diagnostics.all()[0].span), "t.csv:3:3");
  EXPECT_EQ(place(diagnostics.sources(), diagnostics.all()[1].span), "t.csv:4:8");
}

TEST(table, numbers_are_those_that_are_written) {
  for (const char* text : {"0", "12.34", "0.1", "300", "9007199254740993", "123456789012.345", "5.",
                           "1e3", "0.30000000000000004", "000.5", "1234567890123456", "0.000001"}) {
    Diagnostics diagnostics;
    const std::string table = std::string("id,current\na,") + text + "\n";
    const auto rows = rows_of(table, diagnostics.sources().add("t", table), diagnostics);
    ASSERT_EQ(rows.size(), 1u) << text;
    EXPECT_EQ(rows[0].current, std::strtod(text, nullptr)) << text;
  }
  for (const char* text : {".", "1.2.3", "12a", "-", "1,2"}) {
    Diagnostics diagnostics;
    const std::string table = std::string("id,current\na,") + text + "\n";
    rows_of(table, diagnostics.sources().add("t", table), diagnostics);
    EXPECT_FALSE(diagnostics.ok()) << text;
  }
}

TEST(table, odd_tables_are_faults_and_no_crash) {
  for (const std::string& text :
       {std::string(""), std::string("\n\n"), std::string("id\n"), std::string("idd,max\na,1\n"),
        std::string("id,max\n\"a\n"), std::string("{\"id\":"), std::string("{\"id\":1}\n[]\n"),
        std::string("id,max\na,nan\n"), std::string("id,max\na,1e999\n"),
        std::string("\0\0\0", 3)}) {
    Diagnostics diagnostics;
    rows_of(text, diagnostics.sources().add("t", text), diagnostics);
    EXPECT_FALSE(diagnostics.ok() && text != "id,max\n\"a\n") << text;
  }
}

// The first fault of a table, or "".
std::string first_fault(const std::string& text) {
  Diagnostics diagnostics;
  rows_of(text, diagnostics.sources().add("t", text), diagnostics);
  return diagnostics.ok() ? "" : diagnostics.all()[0].message;
}

TEST(table, what_a_curve_needs_is_never_made_up) {
  const std::string names = "id,min,max,frozen,tier,type,a,b,k,s,p,c\n";
  EXPECT_EQ(first_fault(names + "x,,,,,log,3,,,4,,\n"), "x: a curve of type log needs b");
  EXPECT_EQ(first_fault(names + "x,,,,,hill,3,,4,,,\n"), "x: a curve of type hill needs s");
  EXPECT_EQ(first_fault(names + "x,,,,,power,,,,,0.5,\n"), "x: a curve of type power needs a");
  EXPECT_EQ(first_fault(names + "x,,,,,lag,3,4,,,,\n"),
            "there is no type of curve \"lag\": did you mean log?");
  EXPECT_EQ(first_fault(names + "x,9,5,,,linear,3,,,,,\n"), "x: min 9 is above max 5");
  EXPECT_EQ(first_fault(names + "x,,,maybe,,linear,3,,,,,\n"),
            "frozen: \"maybe\" is neither true nor false");
  EXPECT_EQ(first_fault(names + "x,,,,1.5,linear,3,,,,,\n"),
            "tier: a whole number from 1 to 100, not 1.5");
  EXPECT_EQ(first_fault(names + "x,1,5,yes,2,hill,3,,4,0.5,,\n"), "");
  EXPECT_EQ(first_fault(names + "x,,,,,mm,3,4,,,,\n"), "") << "one column for all scales";
}

TEST(table, fields_of_json_lines_are_known_and_of_their_type) {
  EXPECT_EQ(first_fault(R"({"id": "x", "curent": 5})"),
            "x: unknown field \"curent\": did you mean current?");
  EXPECT_EQ(first_fault(R"({"id": "x", "current": "5"})"),
            "x: current: expected an amount from 0, found \"5\"");
  EXPECT_EQ(first_fault(R"({"id": "x", "min": -1})"),
            "x: min: expected an amount from 0, found -1");
  EXPECT_EQ(first_fault(R"({"id": "x", "curve": {"type": "piecewise", "x": 1, "y": [1]}})"),
            "x: curve: x: expected a list of numbers, found 1");
  EXPECT_EQ(first_fault(R"({"id": "x", "curve": {"a": 1}})"), "x: the curve has no type");
  EXPECT_EQ(first_fault(R"({"id": "x", "curve": {"type": "lo", "a": 1, "b": 2}})"),
            "x: there is no type of curve \"lo\": did you mean log?");
  EXPECT_EQ(first_fault(R"({"id": "x", "frozen": true, "max_shift": "20%"})"),
            "x is frozen, so max_shift says nothing");
}

TEST(table, a_curve_in_json_lines_is_nested_or_beside_the_rest) {
  const std::string text = R"({"id": "x", "curve": {"type": "log", "a": 3, "b": 4}})"
                           "\n"
                           R"({"id": "y", "type": "log", "a": 3, "b": 4, "current": 2})"
                           "\n";
  Diagnostics diagnostics;
  const auto rows = rows_of(text, diagnostics.sources().add("t", text), diagnostics);
  ASSERT_TRUE(diagnostics.ok());
  ASSERT_EQ(rows.size(), 2u);
  for (const ChannelRow& row : rows) {
    ASSERT_TRUE(row.curve);
    EXPECT_EQ(row.curve->family, Family::logarithm);
    EXPECT_EQ(row.curve->b, 4);
  }
}

std::vector<Point> seen(const Curve& curve, std::vector<double> spends, double noise) {
  testing::Dice dice(1);
  std::vector<Point> out;
  for (const double x : spends)
    out.push_back({x, value_at(curve, x) * (1 + noise * dice.real(-1, 1))});
  return out;
}

TEST(fit, finds_the_curve_that_made_the_data) {
  const std::vector<double> spends{5, 10, 20, 40, 60, 90, 130, 180, 250, 330};
  for (const Curve& truth : {testing::logarithm(100, 30), testing::exponential(200, 80),
                             testing::mm(300, 90), testing::power(9, 0.5)}) {
    const Fit fit = fit_curve(seen(truth, spends, 0), 60);
    EXPECT_NEAR(value_at(fit.curve, 60), value_at(truth, 60), 1e-3 * value_at(truth, 60));
    EXPECT_NEAR(slope_at(fit.curve, 60), slope_at(truth, 60), 1e-2 * slope_at(truth, 60));
    EXPECT_TRUE(fit.warnings.empty()) << fit.warnings.front();
  }
}

TEST(fit, its_interval_holds_the_truth_and_narrows_with_data) {
  const Curve truth = testing::exponential(200, 80);
  std::vector<double> few{10, 30, 50, 80, 120, 160, 220}, many;
  for (int k = 0; k < 20; ++k) many.insert(many.end(), few.begin(), few.end());
  const Fit wide = fit_curve(seen(truth, few, 0.1), 60),
            narrow = fit_curve(seen(truth, many, 0.1), 60);
  EXPECT_LE(narrow.marginal.first, slope_at(truth, 60));
  EXPECT_GE(narrow.marginal.second, slope_at(truth, 60));
  EXPECT_LT(narrow.marginal.second - narrow.marginal.first,
            wide.marginal.second - wide.marginal.first);
}

// An error that is estimated from few observations is itself unsure (Student 1908).
TEST(fit, of_straight_lines_holds_the_truth_as_often_as_it_says) {
  int held = 0;
  const int tries = 2000;
  testing::Dice dice(7);
  for (int k = 0; k < tries; ++k) {
    std::vector<Point> points;
    for (const double x : {80.0, 100.0, 120.0}) {
      double noise = 0;  // about normal
      for (int i = 0; i < 12; ++i) noise += dice.real(-0.5, 0.5);
      points.push_back({x, 2 * x + 10 * noise});
    }
    const Fit fit = fit_curve(points, 100);
    held += fit.marginal.first <= 2 && 2 <= fit.marginal.second;
  }
  EXPECT_NEAR(static_cast<double>(held) / tries, 0.95, 0.02);
}

TEST(fit, of_one_observation_has_no_interval) {
  const Fit fit = fit_curve({{100, 50}}, 100);
  EXPECT_TRUE(std::isnan(fit.marginal.first));
  EXPECT_TRUE(std::isnan(fit.size.first));
  EXPECT_EQ(fit.warnings.back(), "1 observation cannot tell how far off the curve may be");
}

TEST(fit, warns_when_returns_fall_as_spend_rises) {
  const Fit fit = fit_curve({{100, 500}, {200, 400}, {300, 300}, {400, 200}}, 300);
  EXPECT_EQ(fit.warnings.front(),
            "returns do not rise with spend: their mean alone says more of them");
}

TEST(fit, warns_when_the_data_cannot_tell) {
  EXPECT_FALSE(
      fit_curve({{10, 20}, {10, 21}, {10, 19}, {10, 22}, {10, 20}, {10, 20}}, 10).warnings.empty());
  const Fit noise = fit_curve(seen(testing::logarithm(100, 30), {50, 52, 54, 56, 58, 60}, 0.4), 55);
  EXPECT_FALSE(noise.warnings.empty());
  EXPECT_THROW(fit_curve({{0, 0}, {0, 1}}, 10), Error);
  EXPECT_THROW(fit_curve({}, 10), Error);
}

TEST(lp_wire, brings_back_what_was_packed_and_refuses_the_rest) {
  LpModel model;
  model.columns = {{0, kInfinity, 1.5, false}, {-1, 2, -3, true}};
  model.rows = {{-kInfinity, 7}};
  model.entries = {{0, 0, 1}, {0, 1, 0.1}};
  const std::string bytes = pack(model, 2.5);
  LpModel back;
  double seconds = 0;
  ASSERT_TRUE(unpack(bytes, back, seconds));
  EXPECT_EQ(seconds, 2.5);
  EXPECT_EQ(pack(back, seconds), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(unpack(std::string_view(bytes).substr(0, n), back, seconds)) << n;
  LpAnswer answer;
  EXPECT_FALSE(unpack(std::string(64, '\xff'), answer));
}

TEST(lp, a_model_that_is_malformed_never_reaches_glpk) {
  LpModel model;
  model.columns = {{0, 1, std::nan(""), false}};
  EXPECT_THROW(solve_with_glpk(model, 1), Error);
  model.columns = {{2, 1, 1, false}};
  EXPECT_THROW(solve_with_glpk(model, 1), Error);
  model.columns = {{0, 1, 1, false}};
  model.rows = {{0, 1}};
  model.entries = {{0, 0, 1}, {0, 0, 1}};
  EXPECT_THROW(solve_with_glpk(model, 1), Error);
  model.entries = {{3, 0, 1}};
  EXPECT_THROW(solve_with_glpk(model, 1), Error);
}

Destination destination(const char* id, double weight, double successes, double trials) {
  Destination out;
  out.id = id;
  out.weight = weight;
  out.successes = successes;
  out.trials = trials;
  return out;
}

TEST(weights, sum_to_one_exactly_under_bounds_and_changes) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    testing::Dice dice(seed);
    std::vector<Destination> list;
    const int n = dice.whole(2, 9);
    for (int i = 0; i < n; ++i) {
      list.push_back(destination("d", 1.0 / n, dice.whole(0, 50), dice.whole(50, 5000)));
      list.back().min = dice.real(0, 0.5 / n);
      list.back().max_delta = dice.real(0.01, 0.3);
    }
    WeightOptions options;
    options.objective = static_cast<RateObjective>(dice.whole(0, 2));
    options.risk = 1e5;
    const Weighted out = choose_weights(list, options);
    ASSERT_EQ(out.status, Status::optimal) << seed;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const double share = static_cast<double>(out.units[i]) * options.resolution;
      sum += out.units[i];
      EXPECT_GE(share, std::max(list[i].min, list[i].weight - list[i].max_delta) - 1e-12) << seed;
      EXPECT_LE(share, list[i].weight + list[i].max_delta + 1e-12) << seed;
    }
    EXPECT_EQ(sum, 10000) << seed;
  }
}

TEST(weights, that_are_as_good_are_split_alike_and_stay_where_they_are) {
  const std::vector<Destination> list{destination("a", 0.5, 0, 0), destination("b", 0.5, 0, 0)};
  EXPECT_EQ(choose_weights(list, {}).units, (std::vector<std::int64_t>{5000, 5000}));
}

TEST(weights, go_to_what_is_certain_with_the_lower_bound) {
  const std::vector<Destination> list{destination("sure", 0.5, 500, 10000),
                                      destination("lucky", 0.5, 2, 20)};
  WeightOptions options;
  EXPECT_EQ(choose_weights(list, options).units[1], 10000);
  options.objective = RateObjective::lower;
  EXPECT_EQ(choose_weights(list, options).units[0], 10000);
}

}  // namespace
}  // namespace autopilot::optimize
