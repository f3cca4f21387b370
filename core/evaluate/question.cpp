#include "core/evaluate/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/evaluate/algorithm.h"

namespace autopilot::evaluate {
namespace {

struct TargetName {
  const char* name;
  TargetKind kind;
  bool has_rest;
};
constexpr std::array kTargetNames = {
    TargetName{"logged", TargetKind::logged, false},
    TargetName{"uniform", TargetKind::uniform, false},
    TargetName{"always", TargetKind::always, true},
    TargetName{"weights", TargetKind::weights, true},
    TargetName{"column", TargetKind::column, true},
    TargetName{"columns", TargetKind::columns, true},
    TargetName{"action", TargetKind::action, true},
    TargetName{"algorithm", TargetKind::algorithm, true},
};
constexpr const char* kTargetHelp =
    "a policy is a FILE of weights (.csv, .json, .yaml), uniform, always:ACTION, column:NAME, "
    "columns:PREFIX, action:CEL, algorithm:SPEC or logged";

bool is_file_name(const std::string& text) {
  return text.ends_with(".csv") || text.ends_with(".json") || text.ends_with(".yaml") ||
         text.ends_with(".yml");
}

void want_column(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

void want_for(LogRequest& request, const TargetWords& target) {
  if (target.kind == TargetKind::column) want_column(request.probabilities, target.rest);
  if (target.kind == TargetKind::columns) want_column(request.probability_prefixes, target.rest);
  if (target.kind == TargetKind::algorithm) {
    parse_algorithm(target.rest);  // before anything is read
    request.is_played = true;
  }
  if (target.kind == TargetKind::action) want_column(request.rules, target.rest);
}

}  // namespace

TargetWords parse_target(const std::string& text) {
  if (is_file_name(text) && text.find(':') == std::string::npos) return {TargetKind::weights, text};
  const std::size_t end = text.find_first_of(": ");
  const std::string name = text.substr(0, end);
  std::string rest = end == std::string::npos ? "" : std::string(trim(text.substr(end + 1)));
  std::vector<std::string> known;
  for (const TargetName& target : kTargetNames) {
    known.emplace_back(target.name);
    if (name != target.name) continue;
    if (target.has_rest == rest.empty())
      throw Error(ErrorKind::usage,
                  target.has_rest ? fmt::format("{}: of what? as in {}:X", text, name)
                                  : fmt::format("{} takes nothing behind it", name),
                  kTargetHelp);
    return {target.kind, std::move(rest)};
  }
  const std::string close = did_you_mean(name, known);
  throw Error(ErrorKind::usage, fmt::format("there is no policy '{}'", text),
              close.empty() ? kTargetHelp : std::string(trim(close)));
}

ModelSpec parse_model(const std::string& text, ModelSpec spec) {
  const std::size_t end = text.find(':');
  const std::string name = text.substr(0, end);
  if (name == "columns" && end != std::string::npos && end + 1 < text.size()) {
    spec.kind = ModelSpec::Kind::columns;
    spec.prefix = text.substr(end + 1);
  } else if (text.empty()) {
    spec.kind = ModelSpec::Kind::automatic;
  } else if (text == "tabular") {
    spec.kind = ModelSpec::Kind::tabular;
  } else if (text == "ridge") {
    spec.kind = ModelSpec::Kind::ridge;
  } else if (text == "logistic") {
    spec.kind = ModelSpec::Kind::logistic;
  } else {
    throw Error(ErrorKind::usage, fmt::format("there is no model '{}'", text),
                "there are tabular, ridge, logistic and columns:PREFIX");
  }
  return spec;
}

namespace {

// Adds to the request what targets, model and segments need of the log.
void complete_request(Question& question) {
  question.spec.model = parse_model(question.model, question.spec.model);
  if (question.log.judge == nullptr) want_for(question.log, parse_target(question.target));
  if (!question.baseline.empty()) {
    const TargetWords baseline = parse_target(question.baseline);
    if (baseline.kind == TargetKind::algorithm)
      throw Error(ErrorKind::usage, "an algorithm is no baseline: it is what others are for",
                  "make it the target, and the other policy the baseline");
    want_for(question.log, baseline);
  }
  if (question.spec.model.kind == ModelSpec::Kind::columns)
    want_column(question.log.prefixes, question.spec.model.prefix);
  question.log.keep_times = question.spec.window.has_value();
  for (const std::string& name : question.spec.segments)
    want_column(question.log.columns.context, name);
}

std::unique_ptr<Target> make_target(Log& log, const Question& question, const TargetWords& words) {
  switch (words.kind) {
    case TargetKind::uniform:
      return uniform_target(log);
    case TargetKind::always:
      return constant_target(log, words.rest);
    case TargetKind::weights:
      return weights_target(log, question.weights.at(words.rest));
    case TargetKind::column:
      return std::make_unique<ColumnTarget>(log, words.rest);
    case TargetKind::columns:
      return std::make_unique<ColumnsTarget>(log, words.rest);
    case TargetKind::algorithm:
      return std::make_unique<AlgorithmTarget>(log, parse_algorithm(words.rest),
                                               question.spec.seed);
    case TargetKind::action:
      for (std::size_t r = 0; r < log.rules.size(); ++r) {
        if (log.rules[r].name == words.rest) return std::make_unique<RuleTarget>(log, r);
      }
      [[fallthrough]];
    case TargetKind::logged:
      break;
  }
  return nullptr;
}

}  // namespace

void load_weights(Question& question, Files& files, Diagnostics& faults) {
  std::vector<std::string> policies{question.baseline};
  if (question.log.judge == nullptr) policies.push_back(question.target);
  for (const std::string& policy : policies) {
    const TargetWords words = policy.empty() ? TargetWords{} : parse_target(policy);
    if (words.kind != TargetKind::weights || question.weights.contains(words.rest)) continue;
    const std::string text = words.rest == "-" ? files.read_all_stdin() : files.read(words.rest);
    question.weights.emplace(words.rest, read_weights(text, shown_path(words.rest), faults));
  }
}

std::unique_ptr<Answer> answer(Question question, Files& files,
                               const events::EventReader::Progress& progress) {
  complete_request(question);
  const bool is_judged = question.log.judge != nullptr;
  const TargetWords target = is_judged ? TargetWords{} : parse_target(question.target);
  if (!is_judged && target.kind == TargetKind::logged)
    throw Error(ErrorKind::usage, "the target is what was logged: there is nothing to evaluate",
                kTargetHelp);
  auto out = std::make_unique<Answer>();
  out->log = read_log(files, question.log, progress);
  if (is_judged)
    out->target = std::make_unique<FilterTarget>(out->log, question.target);
  else
    out->target = make_target(out->log, question, target);
  if (!question.baseline.empty())
    out->baseline = make_target(out->log, question, parse_target(question.baseline));
  if (question.spec.estimators.empty())
    question.spec.estimators = is_judged
                                   ? std::vector{parse_estimator("ips"), parse_estimator("snips")}
                                   : default_estimators(*out->target);
  out->backtest = run_backtest(out->log, *out->target, out->baseline.get(), question.spec);
  return out;
}

}  // namespace autopilot::evaluate
