#include "core/evaluate/backtest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/evaluate/question.h"
#include "core/evaluate/report.h"
#include "core/stats/ope_interval.h"
#include "tests/evaluate/replications.h"

namespace autopilot::evaluate {
namespace {

// A log of two actions, each taken with probability 1/2: a earns in one row of four, b in one of
// two.
std::string even_log(int rows) {
  std::string out = "time,unit,action,propensity,reward,device\n";
  for (int i = 0; i < rows; ++i) {
    const bool b = i % 2 == 1;
    const int reward = b ? i / 2 % 2 : i / 2 % 4 == 0;
    out += fmt::format("2026-01-{:02}T00:00:00Z,u{},{},0.5,{},{}\n", i * 20 / rows + 1, i,
                       b ? "b" : "a", reward, i % 3 == 0 ? "mobile" : "desktop");
  }
  return out;
}

class BacktestTest : public ::testing::Test {
 protected:
  std::unique_ptr<Answer> ask(const std::string& log, const std::string& target,
                              Question question = {}) {
    files.texts["log"] = log;
    question.log.paths = {"log"};
    question.target = target;
    question.spec.replicates = 200;
    Diagnostics faults;
    load_weights(question, files, faults);
    return answer(std::move(question), files);
  }
  std::string refusal(const std::string& log, Question question = {}) {
    try {
      ask(log, "uniform", std::move(question));
    } catch (const Error& error) {
      return std::string(error.what()) + "|" + error.hint();
    }
    return "";
  }
  static double value(const Answer& a, const std::string& name) {
    for (const Estimated& e : a.backtest.estimates) {
      if (stats::to_string(e.estimator.kind) == name) return e.value;
    }
    return -1;
  }
  static std::string findings(const Answer& a) {
    std::string out;
    for (const Finding& f : a.backtest.findings) out += f.name + " ";
    return out;
  }

  testing::FakeFiles files;
};

TEST_F(BacktestTest, one_action_always_earns_what_it_earned) {
  const auto a = ask(even_log(4000), "always:b");
  for (const char* name : {"ips", "snips", "dm", "dr", "sndr", "mrdr", "replay"})
    EXPECT_NEAR(value(*a, name), 0.5, 0.02) << name;
  EXPECT_EQ(a->backtest.trust, Trust::yes) << findings(*a);
  EXPECT_NEAR(a->backtest.estimates[0].uplift->relative, 0.5 / 0.375 - 1, 1e-9);
}

TEST_F(BacktestTest, a_rule_over_the_context_is_a_policy) {
  const auto by_rule = ask(even_log(4000), "action:device == \"mobile\" ? \"a\" : \"b\"");
  EXPECT_NEAR(value(*by_rule, "snips"), 0.25 / 3 + 0.5 * 2 / 3, 0.02);
}

TEST_F(BacktestTest, a_reward_may_be_an_expression) {
  Question question;
  question.log.reward = "2.0 * reward - (device == \"mobile\" ? 1.0 : 0.0)";
  const auto a = ask(even_log(4000), "always:b", question);
  EXPECT_NEAR(value(*a, "snips"), 2 * 0.5 - 1.0 / 3, 0.02);
}

TEST_F(BacktestTest, a_baseline_policy_is_compared_on_the_same_rows) {
  Question question;
  question.baseline = "always:a";
  const auto a = ask(even_log(4000), "always:b", question);
  EXPECT_NEAR(a->backtest.estimates[1].uplift->baseline, 0.25, 0.01);
  EXPECT_NEAR(a->backtest.estimates[1].uplift->difference, 0.25, 0.01);
  EXPECT_LT(a->backtest.estimates[1].uplift->p, 0.02);
}

TEST_F(BacktestTest, segments_and_windows_are_told_apart_and_corrected) {
  Question question;
  question.spec.segments = {"device"};
  question.spec.window = Duration::seconds(10 * 86'400);
  const auto a = ask(even_log(8000), "always:b", question);
  ASSERT_EQ(a->backtest.segments.size(), 6u);  // two devices, three windows
  double rows = 0;
  for (const Segment& s : a->backtest.segments) {
    rows += s.rows;
    EXPECT_GE(s.holm, s.p);
    EXPECT_GE(s.benjamini_hochberg, s.p);
  }
  EXPECT_EQ(rows, 8000);
  EXPECT_EQ(a->backtest.segments[0].name.rfind("device=", 0), 0u);
}

// Of few conversions the error is itself unsure: a segment's interval is as wide for it as that of
// the whole log.
TEST_F(BacktestTest, a_segment_that_is_the_whole_log_has_its_interval) {
  std::string log = "action,propensity,reward,device\n";
  for (int i = 0; i < 500; ++i)
    log +=
        fmt::format("{},{},{},web\n", i % 2 == 0 ? "a" : "b", i % 2 == 0 ? 0.9 : 0.1, i % 36 == 1);
  Question question;
  question.spec.segments = {"device"};
  question.spec.estimators = {parse_estimator("snips")};
  question.spec.replicates = 0;
  files.texts["log"] = log;
  question.log.paths = {"log"};
  question.target = "uniform";
  const auto a = answer(question, files);
  const Estimated& whole = a->backtest.estimates.at(0);
  const Segment& part = a->backtest.segments.at(0);
  const double factor = (whole.delta.interval->high - whole.value) / whole.error;
  EXPECT_GT(factor, 2.0);
  EXPECT_NEAR((part.interval.high - part.value) / part.error, factor, 1e-3);
  EXPECT_NEAR(part.p, whole.uplift->p, 1e-3);
}

TEST_F(BacktestTest, weights_of_a_file_are_scaled_and_what_was_never_logged_is_said) {
  files.texts["w.json"] = R"({"b":3,"c":1})";
  const auto a = ask(even_log(4000), "w.json");
  EXPECT_NEAR(a->backtest.diagnosis.unseen, 0.25, 1e-12);
  EXPECT_EQ(a->backtest.trust, Trust::no);
  EXPECT_NE(findings(*a).find("unseen-actions"), std::string::npos);
  EXPECT_TRUE(is_refused(a->backtest, {{"log"}, 0.05, false}));
  EXPECT_FALSE(is_refused(a->backtest, {{"log"}, 0.05, true}));
}

TEST_F(BacktestTest, actions_that_were_never_logged_are_named_with_what_they_may_be) {
  const auto said = [](const Answer& a) {
    for (const Finding& f : a.backtest.findings) {
      if (f.name == "unseen-actions") return f.text;
    }
    return std::string();
  };
  std::string log = even_log(4000);
  for (std::size_t at = 0; (at = log.find(",b,", at)) != std::string::npos; at += 7)
    log.replace(at, 3, ",button,");
  files.texts["w.json"] = R"({"buton":1,"a":3,"zebra":1})";
  EXPECT_EQ(said(*ask(log, "w.json")),
            "40% of what the target does was never logged: buton (did you mean button?), zebra");
  EXPECT_EQ(said(*ask(log, "action:device")),
            "100% of what the target does was never logged: mobile, desktop");
  files.texts["w.json"] = R"({"a":1,"q":1,"r":1,"s":1,"t":1})";
  EXPECT_EQ(said(*ask(log, "w.json")),
            "80% of what the target does was never logged: q, r, s and 1 more");
}

// Columns p_a, p_b and p_c of the target's probabilities.
std::string log_with_probabilities(const std::string& of_every_row) {
  std::string out = "action,propensity,reward,p_a,p_b,p_c\n";
  for (int i = 0; i < 1000; ++i)
    out += fmt::format("{},0.5,{},{}\n", i % 2 == 0 ? "a" : "b", i / 2 % 2, of_every_row);
  return out;
}

TEST_F(BacktestTest, probabilities_in_columns_of_actions_that_were_never_logged_are_unseen) {
  const auto a = ask(log_with_probabilities("0.25,0.25,0.5"), "columns:p_");
  EXPECT_NEAR(a->backtest.diagnosis.unseen, 0.5, 1e-12);
  EXPECT_EQ(a->backtest.diagnosis.unseen_actions, std::vector<std::string>{"c"});
  EXPECT_EQ(findings(*a).find("uneven"), std::string::npos);
}

TEST_F(BacktestTest, probabilities_that_do_not_sum_up_to_1_are_not_trusted) {
  const auto a = ask(log_with_probabilities("0.5,0.25,0"), "columns:p_");
  EXPECT_EQ(a->backtest.diagnosis.uneven_rows, 1);
  EXPECT_EQ(a->backtest.trust, Trust::no);
  Question question;
  question.baseline = "columns:p_";
  const auto b = ask(log_with_probabilities("0.5,0.25,0"), "uniform", question);
  EXPECT_NE(findings(*b).find("uneven-probabilities"), std::string::npos);
}

TEST_F(BacktestTest, what_is_no_probability_is_a_bad_row) {
  files.texts["log"] = log_with_probabilities("1.5,-0.5,0");
  for (const char* target : {"columns:p_", "column:p_a", "column:p_b"}) {
    try {
      ask(files.texts["log"], target);
      ADD_FAILURE() << target;
    } catch (const Error& e) {
      EXPECT_NE(e.hint().find("not a probability"), std::string::npos) << e.hint();
    }
  }
}

TEST_F(BacktestTest, a_row_on_which_an_expression_fails_is_told_by_its_line) {
  Question question;
  question.log.reward = "1.0 / reward";
  std::string log = even_log(8);
  log.insert(log.find('\n') + 1, "\n");
  const std::string told = refusal(log, question);
  EXPECT_NE(told.find("log:4: --reward gives +Inf, no finite number"), std::string::npos) << told;
}

TEST_F(BacktestTest, a_log_that_is_named_twice_is_refused_and_a_copy_of_it_told) {
  files.texts["log"] = files.texts["copy"] = even_log(1000);
  Question question;
  question.target = "uniform";
  question.spec.replicates = 0;
  question.log.paths = {"log", "copy"};
  const auto twice = answer(question, files);
  EXPECT_NE(findings(*twice).find("same-rows"), std::string::npos);
  question.log.paths = {"log", "l*g"};
  EXPECT_THROW(answer(question, files), Error);
}

TEST_F(BacktestTest, a_weight_above_what_it_is_said_to_be_at_most_is_refused) {
  Question question;
  question.spec.most_weight = 1.5;  // uniform over 0.5 is 1
  EXPECT_NO_THROW(ask(even_log(400), "uniform", question));
  EXPECT_THROW(ask(even_log(400), "always:b", question), Error);  // 2
}

TEST_F(BacktestTest, columns_that_nobody_named_are_told) {
  Mapping given;
  given.propensity = "p";
  const Mapping found = complete_mapping(given, {"ts", "item_id", "p", "reward", "slot"});
  EXPECT_EQ(found_columns(given, found),
            (std::map<std::string, std::string>{
                {"time", "ts"}, {"action", "item_id"}, {"position", "slot"}}));
}

TEST_F(BacktestTest, replay_of_conversions_has_the_interval_of_a_share) {
  const auto replay = [&](const std::string& reward) {
    Question question;
    question.spec.estimators = {parse_estimator("replay")};
    question.log.reward = reward;
    const auto a = ask(even_log(400), "always:b", question);
    return *a->backtest.estimates[0].delta.interval;
  };
  // Of 200 rows that b earned, 100 are 1.
  const stats::Interval share = stats::score_interval(0.5, 200, {0, 1}, 0.05);
  EXPECT_NEAR(replay("reward").low, share.low, 1e-12);
  EXPECT_NEAR(replay("10.0 * reward - 2.0").high, 10 * share.high - 2, 1e-9);
  // What lies between is no conversion: Student's interval, symmetric about the mean.
  const stats::Interval other = replay("device == \"mobile\" ? 0.5 * reward : reward");
  EXPECT_GT(other.high, other.low);
  EXPECT_NE(other.low, share.low);
}

TEST_F(BacktestTest, threads_and_memory_do_not_show) {
  files.texts["log"] = even_log(30'000);
  const auto first = ask(files.texts["log"], "always:b"),
             second = ask(files.texts["log"], "always:b");
  for (std::size_t e = 0; e < first->backtest.estimates.size(); ++e) {
    const Estimated &a = first->backtest.estimates[e], &b = second->backtest.estimates[e];
    EXPECT_EQ(a.value, b.value);
    ASSERT_EQ(a.bootstrap.interval.has_value(), b.bootstrap.interval.has_value());
    if (!a.bootstrap.interval) continue;
    EXPECT_EQ(a.bootstrap.interval->low, b.bootstrap.interval->low);
  }
}

// --- what logs can have wrong

TEST_F(BacktestTest, an_empty_log_is_refused) {
  EXPECT_EQ(refusal(""), "log is empty: there is nothing to learn from|");
  EXPECT_EQ(refusal("action,propensity,reward\n"),
            "log holds no rows: there is nothing to learn from|");
}

TEST_F(BacktestTest, zero_propensities_are_bad_rows) {
  EXPECT_EQ(refusal("action,propensity,reward\na,0,1\nb,0.5,1\n"),
            "1 of 2 rows are bad, more than --max-bad 1%|"
            "log:2: propensity is 0: what cannot happen was logged");
}

TEST_F(BacktestTest, a_log_without_propensities_says_what_can_be_done) {
  const std::string log = "action,reward\na,1\nb,0\n";
  EXPECT_EQ(refusal(log).substr(0, 62),
            "which column is the propensity? the log has: action, reward|sa");
  Question question;
  question.log.propensities = Propensities::estimated;
  std::string text = "action,reward\n";
  for (int i = 0; i < 2000; ++i) text += fmt::format("{},{}\n", i % 4 == 0 ? "b" : "a", i % 4 == 0);
  const auto a = ask(text, "always:b", question);
  EXPECT_NEAR(value(*a, "ips"), 1, 1e-9);
  EXPECT_EQ(findings(*a), "estimated-propensities ");
}

TEST_F(BacktestTest, missing_and_nan_rewards_are_bad_unless_they_are_given_a_value) {
  const std::string log = "action,propensity,reward\na,0.5,NaN\nb,0.5,\na,0.5,1\n";
  Question question;
  question.log.max_bad = 2;
  EXPECT_EQ(ask(log, "uniform", question)->log.bad.count(), 2u);
  question.log.missing_reward = 0;
  EXPECT_EQ(ask(log, "uniform", question)->log.bad.count(), 1u);
}

TEST_F(BacktestTest, propensities_whose_weights_overflow_make_their_rows_bad) {
  EXPECT_EQ(refusal("action,propensity,reward\na,1e-300,1\nb,0.5,1\n").substr(0, 19),
            "1 of 2 rows are bad");
}

TEST_F(BacktestTest, a_baseline_that_was_never_logged_cannot_be_compared_with) {
  files.texts["other.json"] = R"({"b": 1, "c": 9})";
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 400; ++i) log += i % 2 == 0 ? "a,0.5,0\n" : "b,0.5,1\n";
  Question question;
  question.baseline = "other.json";
  const auto a = ask(log, "uniform", question);
  EXPECT_NEAR(a->backtest.diagnosis.baseline_unseen, 0.9, 1e-12);
  EXPECT_EQ(findings(*a), "unseen-baseline ");
  EXPECT_EQ(a->backtest.trust, Trust::no);
}

TEST_F(BacktestTest, rows_of_few_units_are_little_evidence) {
  const auto with_units = [&](int units) {
    std::string log = "unit,action,propensity,reward\n";
    for (int i = 0; i < 1200; ++i)
      log += std::to_string(i % units) + (i / units % 2 == 0 ? ",a,0.5,0\n" : ",b,0.5,1\n");
    return ask(log, "uniform");
  };
  EXPECT_EQ(findings(*with_units(1)).substr(0, 10), "few-units ");
  EXPECT_EQ(with_units(1)->backtest.trust, Trust::no);
  EXPECT_EQ(with_units(40)->backtest.trust, Trust::doubt);
  EXPECT_EQ(findings(*with_units(300)), "");
}

TEST_F(BacktestTest, a_log_of_one_action_cannot_tell) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 300; ++i) log += "a,1,1\n";
  const auto a = ask(log, "uniform");
  EXPECT_EQ(findings(*a), "one-action ");
  EXPECT_EQ(a->backtest.trust, Trust::no);
}

TEST_F(BacktestTest, half_of_the_rows_bad_is_refused_with_a_sample) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 100; ++i) log += i % 2 == 0 ? "a,0.5,1\n" : "a,half,1\n";
  const std::string why = refusal(log);
  EXPECT_EQ(why.find("50 of 100 rows are bad, more than --max-bad 1%|log:3: propensity is 'half'"),
            0u)
      << why;
}

TEST_F(BacktestTest, rewards_that_are_all_alike_have_no_interval_and_are_doubted) {
  std::string log = even_log(4000);
  for (std::size_t at = log.find(",0.5,"); at != std::string::npos; at = log.find(",0.5,", at + 1))
    log[at + 5] = '0';
  const auto a = ask(log, "always:b");
  EXPECT_NE(findings(*a).find("one-reward"), std::string::npos) << findings(*a);
  EXPECT_EQ(a->backtest.trust, Trust::doubt);
  for (const Estimated& e : a->backtest.estimates) {
    for (const Stated* stated : {&e.delta, &e.bootstrap, &e.bernstein, &e.anytime})
      EXPECT_FALSE(stated->is_sound()) << stats::to_string(e.estimator.kind);
    EXPECT_EQ(e.value, 0);
  }
}

TEST_F(BacktestTest, a_target_whose_rows_never_earned_rests_on_no_reward) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 2000; ++i) log += fmt::format("{},0.5,{}\n", i % 2 ? "a" : "b", i % 4 == 0);
  const auto a = ask(log, "always:a");
  EXPECT_NE(findings(*a).find("few-rewards"), std::string::npos) << findings(*a);
  EXPECT_FALSE(a->backtest.estimates[0].delta.is_sound());
}

// A loss that grows is no uplift, and one that shrinks is.
TEST_F(BacktestTest, an_uplift_of_losses_has_the_sign_of_the_difference) {
  for (const std::size_t replicates : {std::size_t{0}, std::size_t{200}}) {
    Question question;
    question.log.reward = "reward - 1.0";
    files.texts["log"] = even_log(4000);
    question.log.paths = {"log"};
    question.target = "always:a";
    question.spec.replicates = replicates;
    question.spec.estimators = {parse_estimator("snips"), parse_estimator("dm")};
    question.spec.refits = 20;
    const auto a = answer(std::move(question), files);
    for (const Estimated& e : a->backtest.estimates) {
      ASSERT_LT(e.uplift->baseline, 0);
      EXPECT_LT(e.uplift->difference, 0);
      EXPECT_NEAR(e.uplift->relative, -(0.75 / 0.625 - 1), 0.01);
      ASSERT_TRUE(e.uplift->relative_interval);
      EXPECT_LT(e.uplift->relative_interval->low, e.uplift->relative);
      EXPECT_GT(e.uplift->relative_interval->high, e.uplift->relative);
      EXPECT_LT(e.uplift->relative_interval->high, 0);
    }
  }
}

TEST_F(BacktestTest, a_baseline_that_may_be_0_is_nothing_to_be_a_share_of) {
  Question question;
  question.log.reward = "reward - 0.374";
  const auto a = ask(even_log(4000), "always:b", question);
  const Uplift& uplift = *a->backtest.estimates[1].uplift;
  EXPECT_TRUE(std::isnan(uplift.relative));
  EXPECT_FALSE(uplift.relative_interval);
  EXPECT_GT(uplift.difference_interval.low, 0);
  EXPECT_GT(a->backtest.diagnosis.effective_rewards, 100);  // gains do not cancel losses
}

TEST_F(BacktestTest, propensities_that_are_far_off_are_not_trusted) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 4000; ++i)
    log += fmt::format("{},{},{}\n", i % 2 ? "a" : "b", i % 2 ? 0.5 : 0.3, i % 3 == 0);
  EXPECT_EQ(ask(log, "uniform")->backtest.trust, Trust::no);  // 1.33 on average
  std::string near = log;
  for (std::size_t at = near.find("0.3,"); at != std::string::npos; at = near.find("0.3,", at + 1))
    near.replace(at, 3, "0.4");
  EXPECT_EQ(ask(near, "uniform")->backtest.trust, Trust::doubt);  // 1.125
}

TEST_F(BacktestTest, rows_out_of_time_order_are_noticed) {
  const auto a = ask(
      "time,action,propensity,reward\n2026-01-02T00:00:00Z,a,0.5,1\n2026-01-01T00:00:00Z,b,0.5,1\n",
      "uniform");
  EXPECT_FALSE(a->log.in_time_order);
  EXPECT_NE(findings(*a).find("time-order"), std::string::npos);
}

TEST_F(BacktestTest, rows_of_one_unit_widen_the_intervals) {
  std::string once = "unit,action,propensity,reward\n", often = once;
  for (int i = 0; i < 6000; ++i) {
    const std::string row = fmt::format("{},0.5,{}\n", i % 2 ? "a" : "b", i % 7 < 3);
    once += fmt::format("u{},{}", i, row);
    for (int copy = 0; copy < 4; ++copy) often += fmt::format("u{},{}", i, row);
  }
  const auto single = ask(once, "always:a"), repeated = ask(often, "always:a");
  EXPECT_NEAR(repeated->log.rows_per_unit, 4, 1e-9);
  EXPECT_NEAR(repeated->backtest.estimates[1].error, single->backtest.estimates[1].error,
              0.1 * single->backtest.estimates[1].error);
  EXPECT_FALSE(repeated->backtest.estimates[0].anytime.interval);
}

TEST_F(BacktestTest, a_few_rows_with_all_the_weight_are_refused) {
  std::string log = "action,propensity,reward\n";
  for (int i = 0; i < 1000; ++i) log += "a,0.999,0\n";
  log += "b,0.001,1\n";
  const auto a = ask(log, "always:b");
  EXPECT_EQ(a->backtest.trust, Trust::no);
  EXPECT_NE(findings(*a).find("effective-sample-size"), std::string::npos);
  EXPECT_NE(findings(*a).find("one-row"), std::string::npos);
}

// --- what is promised

TEST_F(BacktestTest, refitting_the_model_gives_dm_the_error_that_logs_show) {
  const testing::SyntheticWorld world = testing::synthetic_world(0.35, 1, 20'000);
  BacktestSpec spec;
  spec.estimators = {parse_estimator("dm")};
  spec.refits = 60;
  std::vector<double> values;
  double stated = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    testing::FakeFiles fakes;
    const auto log = testing::synthetic_log(world, 600, seed, fakes);
    spec.refits = seed <= 5 ? 60 : 0;
    const Backtest found = run_backtest(*log, ColumnsTarget(*log, "pe"), nullptr, spec);
    values.push_back(found.estimates[0].value);
    if (seed <= 5) stated += found.estimates[0].error / 5;
    EXPECT_EQ(found.estimates[0].bootstrap.is_sound(), seed <= 5);
  }
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / 40;
  for (const double v : values) squares += (v - mean) * (v - mean) / 39;
  EXPECT_NEAR(stated / std::sqrt(squares), 1, 0.35);
}

TEST(Coverage, of_intervals_is_what_they_say_slow) {
  constexpr int kLogs = 150;
  const testing::SyntheticWorld world = testing::synthetic_world(0.35, 1, 50'000);
  BacktestSpec spec;
  for (const char* name : {"ips", "snips", "dr", "sndr"})
    spec.estimators.push_back(parse_estimator(name));
  spec.replicates = 200;
  const testing::Replicated found = testing::replicate(world, 1000, kLogs, spec);
  for (const auto& [name, of] : found.estimators) {
    for (const auto& [kind, by] : of.by) {
      if (by.stated < kLogs / 2) continue;
      EXPECT_GT(by.share(), 0.88) << name << " " << kind;
      const bool always = kind == "bernstein" || kind == "anytime";
      EXPECT_GT(by.share(), always ? 0.95 : 0) << name;
    }
  }
  const double least = world.least_deviation / std::sqrt(1000.0);
  EXPECT_LT(found.estimators.at("dr").deviation(kLogs), 1.25 * least);
  EXPECT_LT(found.estimators.at("sndr").deviation(kLogs), 1.25 * least);
  EXPECT_GT(found.estimators.at("ips").deviation(kLogs), 1.3 * least);
}

TEST(Estimators, are_read_from_words) {
  EXPECT_EQ(name_of(parse_estimator("dros@10")), "dros@10");
  EXPECT_EQ(name_of(parse_estimator("cips@inf")), "cips@inf");
  EXPECT_EQ(name_of(parse_estimator("snips")), "snips");
  for (const char* bad : {"ipw", "ips@3", "dros@-1", "sg-ips@2", "dros@x", "sg-dr@inf"})
    EXPECT_THROW(parse_estimator(bad), Error) << bad;
}

TEST(Targets, are_read_from_words) {
  EXPECT_EQ(parse_target("w.json").kind, TargetKind::weights);
  EXPECT_EQ(parse_target("weights my file").rest, "my file");
  EXPECT_EQ(parse_target("action:a == 1 ? \"x\" : \"y\"").rest, "a == 1 ? \"x\" : \"y\"");
  for (const char* bad : {"unifrom", "always", "uniform:x", ""})
    EXPECT_THROW(parse_target(bad), Error) << bad;
}

}  // namespace
}  // namespace autopilot::evaluate
