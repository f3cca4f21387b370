#include "core/evaluate/sequences.h"

#include <algorithm>

#include "core/evaluate/tuning.h"

namespace autopilot::evaluate {
namespace {

using stats::Interval;
using stats::Ope;
using stats::OpeEstimator;

// The largest weight that an estimator uses. dros peaks at sqrt(L).
double largest_used(const OpeEstimator& e, double most_weight) {
  const double p = e.parameter;
  switch (e.kind) {
    case Ope::cips:
    case Ope::switch_dr:
      return std::min(p, most_weight);
    case Ope::dros:
      return stats::shrunk_weight(e, std::min(std::sqrt(p), most_weight));
    default:
      return stats::shrunk_weight(e, most_weight);
  }
}

Interval range_of(const OpeEstimator& e, double least, double most, double most_weight) {
  const double w = largest_used(e, most_weight);
  if (!stats::needs_model(e.kind)) return {std::min(0.0, w * least), std::max(0.0, w * most)};
  // v + w (r - q): predictions are within the rewards.
  const double spread = most - least;
  return {least - w * spread, most + w * spread};
}

// An estimator that shrinks no weight is the one it would shrink.
OpeEstimator plain(const OpeEstimator& e, double most_weight) {
  if (shrinks(e, most_weight) || !stats::has_parameter(e.kind)) return e;
  return {stats::needs_model(e.kind) ? Ope::dr : Ope::ips};
}

}  // namespace

Sequences::Sequences(const std::vector<OpeEstimator>& estimators, double least_reward,
                     double most_reward, double most_weight, double alpha, bool against_logged)
    : against_logged_(against_logged), most_reward_(most_reward) {
  for (const OpeEstimator& given : estimators) {
    const OpeEstimator e = plain(given, most_weight);
    const auto same = std::find_if(followed_.begin(), followed_.end(), [&](const Followed& f) {
      return f.estimator.kind == e.kind && f.estimator.parameter == e.parameter;
    });
    place_.push_back(static_cast<std::size_t>(same - followed_.begin()));
    if (same == followed_.end())
      followed_.push_back({e, range_of(e, least_reward, most_reward, most_weight),
                           stats::MeanSequence(alpha), stats::MeanAboveZero()});
  }
}

void Sequences::add(const stats::OpeRows& rows) {
  terms_.resize(rows.count);
  scaled_.resize(rows.count);
  for (Followed& f : followed_) {
    if (stats::is_self_normalised(f.estimator.kind) || f.estimator.kind == Ope::dm) continue;
    mean_terms(f.estimator, rows, terms_.data());
    const double width = f.range.high - f.range.low;
    if (!(width > 0)) continue;
    for (std::size_t i = 0; i < rows.count; ++i) scaled_[i] = (terms_[i] - f.range.low) / width;
    f.mean.add({scaled_.data(), rows.count});
    if (!against_logged_) continue;
    // The least that a term less its reward can be becomes -1.
    const double least = std::max(1e-300, most_reward_ - f.range.low);
    for (std::size_t i = 0; i < rows.count; ++i) scaled_[i] = (terms_[i] - rows.reward[i]) / least;
    f.gain.add({scaled_.data(), rows.count});
  }
}

std::optional<Interval> Sequences::interval(std::size_t estimator) const {
  const Followed& f = followed_[place_[estimator]];
  if (stats::is_self_normalised(f.estimator.kind)) return std::nullopt;
  const Interval unit = f.mean.interval();
  const double width = f.range.high - f.range.low;
  return Interval{f.range.low + unit.low * width, f.range.low + unit.high * width};
}

std::optional<double> Sequences::evidence(std::size_t estimator) const {
  const Followed& f = followed_[place_[estimator]];
  if (stats::is_self_normalised(f.estimator.kind)) return std::nullopt;
  return std::exp(f.gain.log_evidence());
}

}  // namespace autopilot::evaluate
