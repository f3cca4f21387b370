#include "tests/cases_ope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/system.h"
#include "core/base/text.h"
#include "core/evaluate/question.h"
#include "tests/fakes.h"

namespace autopilot {
namespace {

using evaluate::Backtest;
using evaluate::Estimated;
using evaluate::Log;

// reference.json, tolerances.
constexpr double kPoint = 1e-12, kError = 1e-10, kBootstrap = 0.11;

class OpeCases {
 public:
  explicit OpeCases(std::string folder)
      : folder_(std::move(folder)), files_(system_.world().files) {}

  OpeScore run() {
    const Value reference = parse_json_or_throw(read("reference.json"), "reference.json");
    for (const auto& [name, entry] : reference.get("obd")->as_map()) campaign(name, entry);
    synthetic(*reference.get("synthetic")->get("fixed_log"));
    for (const auto& [name, entry] : reference.get("replay")->as_map()) played(name, entry);
    return score_;
  }

 private:
  std::string at(const std::string& file) const { return folder_ + "/" + file; }
  std::string read(const std::string& file) const { return files_.read(at(file)); }

  void check(const std::string& what, bool holds, const std::string& why) {
    ++score_.run;
    score_.held += holds;
    if (!holds) fmt::print("{}: {}\n", what, why);
  }

  void check(const std::string& what, double got, double expected, double tolerance) {
    const bool holds = std::abs(got - expected) <= tolerance;
    check(what, holds, fmt::format("{} is not {} (off by {:.3g})", got, expected, got - expected));
  }
  void check_relative(const std::string& what, double got, double expected, double tolerance) {
    check(what, got, expected, tolerance * std::max(std::abs(expected), 1e-9));
  }

  // "men:random->bts": the log men_random.csv, evaluated for the policy bts.
  void campaign(const std::string& name, const Value& entry) {
    const std::size_t colon = name.find(':'), arrow = name.find("->");
    const std::string who = name.substr(0, colon);
    const std::string from = name.substr(colon + 1, arrow - colon - 1);
    const std::string to = name.substr(arrow + 2);
    const std::string file = fmt::format("{}_{}.csv", who, from);
    const std::string exact = fmt::format("{}_{}_exact.csv", to, who);
    if (!files_.exists(at(file)) || (to != "random" && !files_.exists(at(exact)))) {
      fmt::print("{}: skipped, its log is not there\n", name);
      return;
    }
    evaluate::LogRequest request;
    request.paths = {at(file)};
    const Log log = evaluate::read_log(files_, request);
    const auto target = target_of(log, to, exact);
    for (const auto& [model, folds] : {std::pair{"tabular", 1}, std::pair{"tabular_cf3", 3}}) {
      const std::string key = fmt::format("exact|{}", model);
      const Value* expected = entry.get("est")->get(key);
      if (expected == nullptr) continue;
      evaluate::BacktestSpec spec;
      spec.model.kind = evaluate::ModelSpec::Kind::tabular;
      spec.model.folds = static_cast<std::size_t>(folds);
      const std::string text =
          folds == 1 ? read(file)
                     : ordered_as_expected(name, read(file), to, exact, spec,
                                           expected->get("dm")->get("value")->as_double());
      testing::FakeFiles memory;
      memory.texts["log"] = text;
      request.paths = {"log"};
      const Log ordered = evaluate::read_log(memory, request);
      estimates(fmt::format("{} {}", name, key), ordered, *target_of(ordered, to, exact), spec,
                expected->as_map());
    }
    diagnosis(name, log, *target, *entry.get("diagnostics"));
  }

  std::unique_ptr<evaluate::Target> target_of(const Log& log, const std::string& to,
                                              const std::string& exact) const {
    if (to == "random") return evaluate::uniform_target(log);
    Diagnostics faults;
    return evaluate::weights_target(log, evaluate::read_weights(read(exact), exact, faults));
  }

  // Folds go by the order of rows, which the reference has from sorting by time: rows of the same
  // time may stand either way. The order, as it is or with one such pair exchanged, that gives the
  // expected value of dm; else as it is.
  std::string ordered_as_expected(const std::string& name, const std::string& text,
                                  const std::string& to, const std::string& exact,
                                  evaluate::BacktestSpec spec, double expected) const {
    spec.estimators = {evaluate::parse_estimator("dm")};
    spec.replicates = 0;
    std::vector<std::string> lines = split(text, '\n');
    const auto holds = [&] {
      testing::FakeFiles memory;
      memory.texts["log"] = join(lines, "\n");
      evaluate::LogRequest request;
      request.paths = {"log"};
      const Log log = evaluate::read_log(memory, request);
      const Backtest found = evaluate::run_backtest(log, *target_of(log, to, exact), nullptr, spec);
      return std::abs(found.estimates[0].value - expected) <= kPoint * expected;
    };
    const auto time_of = [](const std::string& line) { return line.substr(0, line.find(',')); };
    if (holds()) return text;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
      if (time_of(lines[i]) != time_of(lines[i + 1])) continue;
      std::swap(lines[i], lines[i + 1]);
      if (holds()) {
        fmt::print("{}: lines {} and {}, of the same time, exchanged\n", name, i + 1, i + 2);
        return join(lines, "\n");
      }
      std::swap(lines[i], lines[i + 1]);
    }
    return text;
  }

  void estimates(const std::string& name, const Log& log, const evaluate::Target& target,
                 const evaluate::BacktestSpec& given, const Map& expected) {
    std::vector<std::string> plain, by_slope, by_mse;
    for (const auto& [estimator, values] : expected) {
      if (estimator.ends_with("@slope"))
        by_slope.push_back(estimator);
      else if (estimator.ends_with("@mse"))
        by_mse.push_back(estimator);
      else
        plain.push_back(estimator);
    }
    group(name, log, target, given, expected, plain);
    group(name, log, target, given, expected, by_slope);
    evaluate::BacktestSpec mse = given;
    mse.tuning = evaluate::Tuning::mse;
    group(name, log, target, mse, expected, by_mse);
  }

  void group(const std::string& name, const Log& log, const evaluate::Target& target,
             evaluate::BacktestSpec spec, const Map& expected,
             const std::vector<std::string>& estimators) {
    for (const std::string& estimator : estimators) {
      const std::size_t tuned = std::min(estimator.find("@slope"), estimator.find("@mse"));
      spec.estimators.push_back(evaluate::parse_estimator(estimator.substr(0, tuned)));
    }
    const Backtest found = evaluate::run_backtest(log, target, nullptr, spec);
    spec.estimators = nearly(spec.estimators);
    const Backtest below = evaluate::run_backtest(log, target, nullptr, spec);
    for (std::size_t i = 0; i < estimators.size(); ++i) {
      const Value& wanted = *expected.find(estimators[i]);
      compare(name + " " + estimators[i], closer(found.estimates[i], below.estimates[i], wanted),
              wanted);
    }
  }

  // A weight that equals switch-dr's threshold falls on either side by how its propensity was
  // rounded when it was read.
  static std::vector<stats::OpeEstimator> nearly(std::vector<stats::OpeEstimator> all) {
    for (stats::OpeEstimator& e : all) {
      if (e.kind == stats::Ope::switch_dr) e.parameter *= 1 - 1e-12;
    }
    return all;
  }
  static const Estimated& closer(const Estimated& at, const Estimated& below, const Value& wanted) {
    const double value = wanted.get("value")->as_double();
    return std::abs(below.value - value) < std::abs(at.value - value) - kPoint * std::abs(value)
               ? below
               : at;
  }

  void compare(const std::string& name, const Estimated& got, const Value& expected) {
    check_relative(name, got.value, expected.get("value")->as_double(), kPoint);
    if (const Value* lambda = expected.get("lambda")) {
      const std::string chosen =
          std::isinf(got.estimator.parameter) ? "inf" : fmt::format("{}", got.estimator.parameter);
      const std::string wanted = lambda->is_string() ? lambda->as_string() : to_json(*lambda);
      check(name + " lambda", chosen == wanted, fmt::format("{} is not {}", chosen, wanted));
    }
    if (const Value* error = expected.get("delta_se"); error != nullptr && got.delta.interval)
      check_relative(name + " delta_se", got.error, error->as_double(), kError);
    if (const Value* uplift = expected.get("uplift_vs_logged"); uplift != nullptr && got.uplift)
      check_relative(name + " uplift", got.uplift->relative, uplift->as_double(), 1e-9);
    const Value* ends = expected.get("boot95_percentile_renormalised");
    if (ends == nullptr || !got.percentiles) return;
    const double allowed = kBootstrap * expected.get("boot_se")->as_double();
    check(name + " bootstrap low", got.percentiles->low, ends->as_list()[0].as_double(), allowed);
    check(name + " bootstrap high", got.percentiles->high, ends->as_list()[1].as_double(), allowed);
  }

  void diagnosis(const std::string& name, const Log& log, const evaluate::Target& target,
                 const Value& expected) {
    evaluate::BacktestSpec spec;
    spec.estimators = {evaluate::parse_estimator("ips")};
    spec.replicates = 0;
    const evaluate::Diagnosis got = evaluate::run_backtest(log, target, nullptr, spec).diagnosis;
    const auto same = [&](const char* what, double value) {
      check_relative(fmt::format("{} {}", name, what), value, expected.get(what)->as_double(),
                     kError);
    };
    same("ess", got.effective);
    same("mean_w", got.mean_weight);
    same("mean_w_se", got.mean_weight_error);
    same("mean_w_z", got.mean_weight_z());
    same("max_w", got.most_weight);
    same("max_w_share", got.largest_share);
    same("top1pct_share", got.top_share);
    same("min_pscore", got.least_propensity);
    same("E_b[1/p]/K", got.inverse_propensity);
    same("effective_clicks", got.effective_rewards);
    same("hill_tail_index_top1pct", got.tail_index);
    same("support_gap_pi_e_mass_on_(item,pos)_never_logged", got.unseen);
  }

  // "men:KL-UCB" along men_random.csv: whole numbers, equal to the row.
  void played(const std::string& name, const Value& expected) {
    const std::map<std::string, std::string> known{{"UCB1", "ucb1"}, {"KL-UCB", "kl_ucb"}};
    const std::size_t colon = name.find(':');
    const auto algorithm = known.find(name.substr(colon + 1));
    const std::string file = name.substr(0, colon) + "_random.csv";
    if (algorithm == known.end() || !files_.exists(at(file))) return;
    evaluate::Question question;
    question.log.paths = {at(file)};
    question.target = "algorithm:" + algorithm->second;
    question.spec.replicates = 0;
    const auto found = evaluate::answer(std::move(question), files_);
    const evaluate::Played& got = *found->backtest.played;
    check(name + " matched", got.kept, expected.get("matched")->as_double(), 0);
    check(name + " clicks", got.reward_kept, expected.get("clicks")->as_double(), 0);
    const List& pulls = expected.get("pulls")->as_list();
    bool are_equal = pulls.size() == got.actions.size();
    for (std::size_t a = 0; are_equal && a < got.actions.size(); ++a) {
      const auto arm = static_cast<std::size_t>(std::stoul(got.actions[a]));
      are_equal = arm < pulls.size() && pulls[arm].as_double() == got.kept_by_action[a];
    }
    check(name + " pulls", are_equal, "other arms were pulled");
  }

  // A log that brings its target's probabilities and its predictions in columns.
  void synthetic(const Value& expected) {
    const std::string file = "synthetic_5k.csv";
    if (!files_.exists(at(file))) {
      fmt::print("{}: skipped, it is not there\n", file);
      return;
    }
    evaluate::LogRequest request;
    request.paths = {at(file)};
    for (int a = 0; a < 10; ++a) {
      request.numbers.push_back(fmt::format("pe{}", a));
      request.numbers.push_back(fmt::format("qhat{}", a));
    }
    const Log log = evaluate::read_log(files_, request);
    const evaluate::ColumnsTarget target(log, "pe");
    evaluate::BacktestSpec spec;
    spec.model.kind = evaluate::ModelSpec::Kind::columns;
    spec.model.prefix = "qhat";
    std::vector<std::string> names;
    for (const auto& [name, value] : expected.get("values")->as_map()) {
      names.push_back(name);
      spec.estimators.push_back(evaluate::parse_estimator(name));
    }
    const Backtest found = evaluate::run_backtest(log, target, nullptr, spec);
    for (std::size_t i = 0; i < names.size(); ++i) {
      check_relative("synthetic " + names[i], found.estimates[i].value,
                     expected.get("values")->get(names[i])->as_double(), kPoint);
      if (const Value* error = expected.get("delta_se")->get(names[i]))
        check_relative("synthetic delta_se " + names[i], found.estimates[i].error,
                       error->as_double(), kError);
    }
    check_relative("synthetic ess", found.diagnosis.effective, expected.get("ess")->as_double(),
                   kPoint);
    check_relative("synthetic max_w", found.diagnosis.most_weight,
                   expected.get("max_w")->as_double(), kPoint);
  }

  std::string folder_;
  System system_;
  Files& files_;
  OpeScore score_;
};

}  // namespace

OpeScore run_ope_cases(const std::string& folder) { return OpeCases(folder).run(); }

}  // namespace autopilot
