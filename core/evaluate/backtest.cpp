#include "core/evaluate/backtest.h"

#include <algorithm>
#include <cmath>
#include <future>

#include "core/base/threads.h"
#include "core/evaluate/comparison.h"
#include "core/evaluate/counting.h"
#include "core/evaluate/estimating.h"
#include "core/evaluate/sequences.h"
#include "core/stats/ope_resample.h"

namespace autopilot::evaluate {
namespace {

using stats::Ope;

constexpr std::size_t kReplicatesAtOnce = 500;

// In the order of the log: what holds whenever one looks.
std::optional<Sequences> follow(const Comparison& comparison) {
  const Log& log = comparison.log();
  if (log.has_repeated_units()) return std::nullopt;
  std::vector<stats::OpeEstimator> estimators;
  for (const Tuned& e : comparison.estimators()) estimators.push_back(e.estimator);
  const double most = comparison.spec().most_weight.value_or(comparison.most_weight()[0]);
  Sequences out(estimators, log.least_reward, log.most_reward, most, comparison.spec().alpha,
                comparison.is_against_logged());
  RowTerms terms(comparison.without_replay(0));
  log.rows->for_each_in_order([&](const events::Batch& batch) { out.add(terms.compute(batch)); });
  return out;
}

std::vector<std::vector<double>> resample(const Counted& counted, const BacktestSpec& spec) {
  const std::vector<stats::Estimand> estimands = counted.estimands();
  std::vector<std::vector<double>> out(estimands.size(), std::vector<double>(spec.replicates));
  const std::size_t pieces = (spec.replicates + kReplicatesAtOnce - 1) / kReplicatesAtOnce;
  const stats::Resampler resampler(counted.tally().sums(), spec.seed);
  share_out(pieces, workers_for(pieces), [&](std::size_t, std::size_t piece) {
    const std::size_t begin = piece * kReplicatesAtOnce;
    resampler.run(estimands, begin, std::min(begin + kReplicatesAtOnce, spec.replicates), out);
  });
  return out;
}

// The estimator that segments are told by: the first of those that are unbiased and stable.
std::size_t segment_estimator(const std::vector<Estimated>& estimates) {
  for (const Ope kind : {Ope::sndr, Ope::snips, Ope::dr, Ope::ips}) {
    for (std::size_t e = 0; e < estimates.size(); ++e) {
      if (estimates[e].estimator.kind == kind) return e;
    }
  }
  return 0;
}

// An estimate whose error cannot be told is not to be trusted without a word.
void doubt_skewed(Backtest& out) {
  const bool is_any = std::any_of(out.estimates.begin(), out.estimates.end(),
                                  [](const auto& e) { return !e.is_shrunk && e.is_skewed(); });
  if (!is_any) return;
  out.findings.push_back({Trust::doubt, "skewed",
                          "estimates rest on a few rows: their normal and bootstrap intervals "
                          "are left out, and the others are wide"});
  out.trust = verdict_of(out.findings);
}

}  // namespace

bool Estimated::is_skewed() const { return std::abs(skewness) > kMostSkewness; }

Backtest run_backtest(const Log& log, const Target& target, const Target* baseline,
                      const BacktestSpec& spec) {
  const Comparison comparison(log, target, baseline, spec);
  // Needs one core only, and nothing of what follows here.
  std::future<std::optional<Sequences>> followed =
      std::async(std::launch::async, follow, std::cref(comparison));
  const Counted counted(comparison);
  const std::vector<std::vector<double>> replicates = resample(counted, spec);
  const std::optional<Sequences> sequences = followed.get();
  std::optional<Refits> refits;
  if (spec.refits > 0 && comparison.has(Ope::dm)) refits = refit(comparison);

  Backtest out;
  out.target = target.name();
  out.baseline = baseline != nullptr ? baseline->name() : "logged";
  out.model = comparison.model() != nullptr ? comparison.model()->name() : "";
  out.logged = log.reward_sum / static_cast<double>(log.rows->rows());
  if (target.played() != nullptr) out.played = *target.played();
  out.diagnosis = counted.diagnosis();
  out.findings = find_doubts(log, target, out.diagnosis);
  out.trust = verdict_of(out.findings);
  out.estimates = estimate_all({comparison, counted, replicates, sequences, refits});
  doubt_skewed(out);
  const std::size_t e = segment_estimator(out.estimates);
  out.segment_estimator = out.estimates[e].estimator;
  out.segments = counted.segments(e);
  return out;
}

}  // namespace autopilot::evaluate
