#include "commands/backtest_options.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/events/row_builder.h"

namespace autopilot::commands {
namespace {

// "a,b" and repeated options alike.
std::vector<std::string> listed(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    for (const std::string& part : split(word, ',')) {
      if (!trim(part).empty()) out.emplace_back(trim(part));
    }
  }
  return out;
}

double number_of(const std::string& text, const char* option) {
  double out = 0;
  if (events::parse_number(text, out)) return out;
  throw Error(ErrorKind::usage, fmt::format("{} takes a number, not {}", option, text));
}

void set_role(evaluate::Mapping& mapping, const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string role = word.substr(0, equals);
  const std::vector<std::pair<std::string, std::string*>> roles{
      {"time", &mapping.time},     {"unit", &mapping.unit},
      {"action", &mapping.action}, {"propensity", &mapping.propensity},
      {"reward", &mapping.reward}, {"position", &mapping.position}};
  std::vector<std::string> known;
  for (const auto& [name, to] : roles) {
    known.push_back(name);
    if (name != role || equals == std::string::npos || equals + 1 == word.size()) continue;
    *to = word.substr(equals + 1);
    return;
  }
  const std::string close = did_you_mean(role, known);
  throw Error(ErrorKind::usage, fmt::format("--columns takes ROLE=COLUMN, not {}", word),
              close.empty() || close.find(role + "?") != std::string::npos
                  ? "roles are " + join(known, ", ")
                  : std::string(trim(close)));
}

}  // namespace

BacktestOptions::BacktestOptions(cli::Options& o) {
  o.arguments("LOG", files_, "logs: CSV or JSON Lines, plain, gzip or zstd; - is standard input",
              cli::Hint::file);
  o.options("--logs FILE", logs_, "the same", cli::Hint::file);
  o.option("--target POLICY", target_,
           "what to evaluate: a file of weights, uniform, always:ACTION, action:CEL, column:NAME, "
           "columns:PREFIX, algorithm:SPEC");
  o.option("--baseline POLICY", baseline_, "what to compare with; what was logged by default");
  o.option("--reward CEL", reward_, "a column, or CEL over the columns: revenue - 0.1 * cost");
  o.options("--columns ROLE=COLUMN", columns_,
            "which column is the time, unit, action, propensity, reward, position");
  o.options("--context COLUMNS", context_, "columns that describe a row, for models");
  o.options("--estimator NAMES", estimators_,
            "ips, snips, cips, sg-ips, dm, dr, sndr, sg-dr, switch-dr, dros, mrdr, replay; a "
            "parameter is set with @, as in dros@10; all by default");
  o.options("--segment COLUMNS", segments_, "tell rows apart by these");
  o.option("--window D", window_, "and by when they were logged: 1d");
  o.option("--model M", model_,
           "predicts rewards: tabular, ridge, logistic, columns:PREFIX; by the context by default");
  o.option("--folds N", folds_, "parts that rewards are predicted for by the others; 5 by default");
  o.option("--penalty X", penalty_, "of ridge and logistic; 1 by default");
  o.choice("--propensity", propensity_, {"logged", "uniform", "estimated"},
           "where propensities come from; logged by default");
  o.option("--missing-reward X", missing_reward_, "of rows without a reward, which are bad else");
  o.option("--max-bad SHARE", max_bad_, "share or number of bad rows that is allowed; 1%");
  o.option("--level SHARE", level_, "of the intervals; 95% by default");
  o.option("--replicates N", replicates_, "of the bootstrap; 10000 by default");
  o.option("--refits N", refits_,
           "resamples in which dm's model is fitted anew, for its interval; none by default");
  o.option("--seed N", seed_, "of the bootstrap and replay; 1 by default");
  o.choice("--tune", tune_, {"slope", "mse"}, "chooses parameters that are not set");
  o.option("--max-weight X", max_weight_,
           "what weights cannot exceed; the largest seen by default");
  o.flag("--force", force_, "show estimates that should not be trusted");
}

void BacktestOptions::set_log(evaluate::LogRequest& request) const {
  request.paths = logs_;
  request.paths.insert(request.paths.end(), files_.begin(), files_.end());
  if (request.paths.empty())
    throw Error(ErrorKind::usage, "there is no log", "name it: autopilot backtest --logs FILE");
  for (const std::string& word : listed(columns_)) set_role(request.columns, word);
  request.columns.context = listed(context_);
  request.reward = reward_;
  if (propensity_ == "uniform") request.propensities = evaluate::Propensities::uniform;
  if (propensity_ == "estimated") request.propensities = evaluate::Propensities::estimated;
  if (!missing_reward_.empty())
    request.missing_reward = number_of(missing_reward_, "--missing-reward");
  const std::optional<double> share = parse_share(max_bad_);
  request.max_bad = share && (*share < 1 || max_bad_.ends_with('%'))
                        ? std::min(*share, 1 - 1e-12)
                        : number_of(max_bad_, "--max-bad");
  if (!(request.max_bad >= 0))
    throw Error(ErrorKind::usage,
                fmt::format("--max-bad takes a share or a number of rows, not {}", max_bad_));
}

void BacktestOptions::set_spec(evaluate::BacktestSpec& spec) const {
  for (const std::string& name : listed(estimators_))
    spec.estimators.push_back(evaluate::parse_estimator(name));
  spec.segments = listed(segments_);
  if (!window_.empty()) {
    spec.window = parse_duration(window_);
    if (!spec.window)
      throw Error(ErrorKind::usage,
                  fmt::format("--window takes a duration such as 1d, not {}", window_));
  }
  if (folds_ < 1 || folds_ > 100) throw Error(ErrorKind::usage, "--folds takes 1 to 100");
  spec.model.folds = static_cast<std::size_t>(folds_);
  if (!penalty_.empty()) spec.model.penalty = number_of(penalty_, "--penalty");
  if (!(spec.model.penalty > 0)) throw Error(ErrorKind::usage, "--penalty takes a number above 0");
  const std::optional<double> level = parse_share(level_);
  if (!level || *level <= 0.5 || *level >= 1)
    throw Error(ErrorKind::usage, fmt::format("--level takes a share above 50%, not {}", level_));
  spec.alpha = 1 - *level;
  if (replicates_ > 1'000'000) throw Error(ErrorKind::usage, "--replicates takes at most 1000000");
  spec.replicates = static_cast<std::size_t>(replicates_);
  constexpr std::int64_t kFewestRefits = 20, kMostRefits = 2000;
  if (refits_ != 0 && (refits_ < kFewestRefits || refits_ > kMostRefits))
    throw Error(ErrorKind::usage, "--refits takes 20 to 2000: fewer tell no error");
  spec.refits = static_cast<std::size_t>(refits_);
  spec.seed = static_cast<std::uint64_t>(seed_);
  if (tune_ == "mse") spec.tuning = evaluate::Tuning::mse;
  if (!max_weight_.empty()) spec.most_weight = number_of(max_weight_, "--max-weight");
  if (spec.most_weight && !(*spec.most_weight > 0))
    throw Error(ErrorKind::usage, "--max-weight takes a number above 0");
}

evaluate::Question BacktestOptions::question(bool is_judged) const {
  evaluate::Question out;
  if (is_judged && !target_.empty())
    throw Error(ErrorKind::usage, "--target and --policies are two questions", "ask one of them");
  if (!is_judged && target_.empty())
    throw Error(ErrorKind::usage, "there is no target",
                "say which policy to evaluate: --target weights.json, --target uniform");
  out.target = target_;
  out.baseline = baseline_;
  out.model = model_;
  set_log(out.log);
  set_spec(out.spec);
  if (!is_judged) evaluate::parse_target(out.target);
  return out;
}

}  // namespace autopilot::commands
