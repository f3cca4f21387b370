#include "core/evaluate/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/evaluate/parts.h"
#include "core/evaluate/terms.h"
#include "core/stats/ope_blocks.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using stats::Ope;
using stats::OpeEstimator;

struct WeightLimits {
  std::vector<double> most;  // by target
  double squares = 0;        // of the first target's

  void add(const WeightLimits& other) {
    for (std::size_t t = 0; t < most.size(); ++t) most[t] = std::max(most[t], other.most[t]);
    squares += other.squares;
  }
};

void add_limits(const Log& log, const Target& target, const Batch& batch, double& most,
                double& squares) {
  std::vector<double> weight(batch.rows);
  weights_of(log, target, batch, weight.data());
  for (const double w : weight) most = std::max(most, w);
  squares += stats::lane_dot(weight.data(), weight.data(), weight.size());
}

}  // namespace

Comparison::Comparison(const Log& log, const Target& target, const Target* baseline,
                       const BacktestSpec& spec)
    : log_(log), spec_(spec) {
  targets_.push_back(&target);
  if (baseline != nullptr) targets_.push_back(baseline);
  check();
  fit();
  limit_weights();
  TermsSource terms = without_replay(0);
  terms.mrdr = nullptr;
  estimators_ =
      tune({spec.estimators, spec.tuning, terms, {mean_square_, most_weight_[0]}, spec.alpha});
}

bool Comparison::needs_model() const {
  return std::any_of(spec_.estimators.begin(), spec_.estimators.end(),
                     [](const OpeEstimator& e) { return stats::needs_model(e.kind); });
}

bool Comparison::has(Ope kind) const {
  return std::any_of(spec_.estimators.begin(), spec_.estimators.end(),
                     [&](const OpeEstimator& e) { return e.kind == kind; });
}

void Comparison::check() const {
  for (const Target* target : targets_) {
    if (target->knows_all() || !needs_model()) continue;
    if (target->played() != nullptr)
      throw Error(ErrorKind::invalid,
                  fmt::format("{} changes its mind too often to keep the probabilities of all "
                              "actions, which estimators with a model need",
                              target->name()),
                  "let it look at its rewards less often (growth=0.05), or choose with --estimator "
                  "replay,ips,snips");
    throw Error(ErrorKind::invalid,
                fmt::format("{} gives the probability of the logged action only; estimators with "
                            "a model need that of all actions",
                            target->name()),
                "choose with --estimator ips,snips,cips,sg-ips, or give all: --target "
                "columns:PREFIX");
  }
}

void Comparison::fit() {
  if (!needs_model()) return;
  model_ = fit_model(log_, spec_.model, nullptr);
  if (!has(Ope::mrdr)) return;
  const bool is_fitted = chosen_kind(log_, spec_.model) != ModelSpec::Kind::columns;
  for (const Target* target : targets_)
    mrdr_.push_back(fit_model(log_, spec_.model, is_fitted ? target : nullptr));
}

// What replay accepts rows by, and how far terms can go.
void Comparison::limit_weights() {
  Parts<WeightLimits> parts;
  log_.rows->for_each([&](std::size_t part, const Batch& batch) {
    if (!parts[part]) parts[part].emplace().most.resize(targets_.size());
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      double squares = 0;
      add_limits(log_, *targets_[t], batch, parts[part]->most[t], squares);
      if (t == 0) parts[part]->squares += squares;
    }
  });
  const WeightLimits limits = merged(parts);
  most_weight_ = limits.most;
  mean_square_ = limits.squares / static_cast<double>(log_.rows->rows());
  const double allowed = spec_.most_weight.value_or(most_weight_[0]);
  if (most_weight_[0] > allowed)
    throw Error(
        ErrorKind::invalid,
        fmt::format("a weight is {:.4g}, more than --max-weight {:.4g} allows", most_weight_[0],
                    allowed),
        "bounds that hold for smaller weights would say too much: leave it out, or say what "
        "no weight can exceed");
  for (const double most : most_weight_) {
    if (std::isfinite(most * most)) continue;
    throw Error(ErrorKind::invalid,
                "a weight overflows: the target's probability over a propensity near 0",
                "no policy acts with such a probability: look at how the log's propensities "
                "are written");
  }
}

bool Comparison::shrinks(const OpeEstimator& estimator) const {
  return evaluate::shrinks(estimator, most_weight_[0]);
}

TermsSource Comparison::without_replay(std::size_t target) const {
  TermsSource out;
  out.log = &log_;
  out.target = targets_[target];
  out.model = model_.get();
  out.mrdr = mrdr_.empty() ? nullptr : mrdr_[target].get();
  return out;
}

TermsSource Comparison::source(std::size_t target) const {
  TermsSource out = without_replay(target);
  out.with_replay = has(Ope::replay);
  out.most_weight = most_weight_[target];
  out.seed = spec_.seed;
  return out;
}

}  // namespace autopilot::evaluate
