#include "core/evaluate/estimating.h"

#include <algorithm>
#include <cmath>

#include "core/base/threads.h"

namespace autopilot::evaluate {
namespace {

using stats::BlockSums;
using stats::ErrorWorth;
using stats::InfluenceShape;
using stats::Interval;
using stats::Ope;

constexpr const char* kFrozenModel =
    "it would take the model as given: --refits 100 fits it anew in each resample";
constexpr const char* kRatio = "a ratio, no mean of bounded terms";
constexpr const char* kShrunk = "shrunk weights bias the estimate by an unknown amount";
constexpr const char* kHeavyTail = "the weights may have no finite variance";
constexpr const char* kLearns = "what an algorithm earns changes as it learns";
constexpr const char* kSkewed = "it rests on a few rows";

Interval around(double value, double error, const ErrorWorth& worth, double alpha) {
  const double half = stats::student_factor(worth, alpha) * error;
  return {value - half, value + half};
}

class Estimating {
 public:
  Estimating(const Evidence& from, std::size_t estimator)
      : from_(from), sums_(from.counted.tally().sums()), e_(estimator) {}

  Estimated run() {
    const Tuned& tuned = from_.comparison.estimators()[e_];
    out_.estimator = tuned.estimator;
    out_.is_tuned = tuned.is_tuned;
    out_.is_shrunk = from_.comparison.shrinks(tuned.estimator);
    out_.value = stats::estimate(from_.counted.target(e_), from_.counted.totals());
    if (tuned.estimator.kind == Ope::dm)
      leave_out();
    else
      intervals();
    return std::move(out_);
  }

 private:
  double alpha() const { return from_.comparison.spec().alpha; }
  std::vector<double> influence_of(const stats::Estimand& estimand) const {
    return stats::block_influence(sums_, estimand, from_.counted.totals());
  }
  const std::vector<double>& replicates_of(std::size_t column) const {
    return from_.replicates[column];
  }

  void leave_out() {
    for (Stated* s : {&out_.delta, &out_.bootstrap, &out_.bernstein, &out_.anytime})
      s->why_not = kFrozenModel;
    out_.error = std::nan("");
    if (!from_.refits) return;
    const double baseline = stats::estimate(from_.counted.baseline(e_), from_.counted.totals());
    state_refitted(*from_.refits, baseline, alpha(), out_);
  }

  void intervals() {
    influence_ = influence_of(from_.counted.target(e_));
    const InfluenceShape shape = stats::shape_of_influence(influence_);
    out_.skewness = shape.skewness;
    out_.largest_influence = shape.largest;
    out_.error = error();
    const ErrorWorth worth = worth_of(shape);
    out_.delta.interval = replays_two_values()
                              ? stats::score_interval(out_.value, kept(), rewards(), alpha())
                              : around(out_.value, out_.error, worth, alpha());
    resampled(worth);
    bounded();
    const std::string doubt = doubt_of();
    out_.delta.why_not = doubt;
    if (out_.bootstrap.interval) out_.bootstrap.why_not = doubt;
    if (out_.is_shrunk) out_.bernstein.why_not = out_.anytime.why_not = kShrunk;
    out_.uplift = uplift();
  }

  std::size_t column() const { return from_.counted.column_of(e_); }

  double error() const {
    const Tally& tally = from_.counted.tally();
    if (!tally.is_by_rows()) return stats::error_of_influence(influence_);
    const double out = stats::delta_error(from_.counted.target(e_), from_.counted.totals(),
                                          tally.moments()[column()]);
    if (out_.estimator.kind != Ope::replay || kept() < 2) return out;
    return out * std::sqrt(kept() / (kept() - 1));
  }

  void resampled(const ErrorWorth& worth) {
    if (from_.comparison.spec().replicates == 0) {
      out_.bootstrap.why_not = "no replicates were asked for";
      return;
    }
    stats::Replicates resamples(replicates_of(column()), worth);
    out_.bootstrap.interval = resamples.interval(alpha());
    out_.percentiles = resamples.percentiles(alpha());
  }

  // Rows that replay keeps are a sample of their own, whose size is all that counts.
  double kept() const {
    const stats::Estimand& estimand = from_.counted.target(e_);
    return from_.counted.totals()[static_cast<std::size_t>(estimand.denominator)];
  }

  Interval rewards() const {
    return {from_.comparison.log().least_reward, from_.comparison.log().most_reward};
  }

  // Whether replay's rows are independent and each earned the least or the most that there is.
  bool replays_two_values() const {
    const Interval ends = rewards();
    if (out_.estimator.kind != Ope::replay || from_.comparison.log().has_repeated_units() ||
        kept() < 2)
      return false;
    const auto place = static_cast<std::size_t>(from_.counted.target(e_).ratio);
    const double sum = from_.counted.totals()[place];
    const double squares = from_.counted.tally().moments()[column()].ratio_ratio;
    const double within = (ends.low + ends.high) * sum - squares - ends.low * ends.high * kept();
    const double width = ends.high - ends.low;
    return width > 0 && std::abs(within) <= 1e-9 * width * width * kept();
  }

  ErrorWorth worth_of(const InfluenceShape& shape) const {
    ErrorWorth out{shape.freedom, static_cast<double>(sums_.blocks())};
    if (out_.estimator.kind != Ope::replay) return out;
    out.parts = std::max(2.0, kept());
    out.freedom = std::min(out.freedom, out.parts - 1);
    return out;
  }

  // Why normal and bootstrap intervals cannot be relied on.
  std::string doubt_of() const {
    if (out_.is_shrunk) return kShrunk;
    if (from_.counted.diagnosis().has_heavy_tail()) return kHeavyTail;
    if (out_.is_skewed()) return kSkewed;
    return {};
  }

  // Intervals that need to know how far terms can go.
  void bounded() {
    if (from_.comparison.targets()[0]->played() != nullptr) {
      out_.bernstein.why_not = out_.anytime.why_not = kLearns;
      return;
    }
    if (stats::is_self_normalised(out_.estimator.kind)) {
      out_.bernstein.why_not = out_.anytime.why_not = kRatio;
      return;
    }
    if (!from_.sequences) {
      out_.bernstein.why_not = out_.anytime.why_not = "units come back";
      return;
    }
    const stats::RowMoments& moments = from_.counted.tally().moments()[column()];
    const double n = from_.counted.tally().rows();
    const double variance =
        std::max(0.0, moments.mean_mean - n * out_.value * out_.value) / std::max(1.0, n - 1);
    const Interval range = from_.sequences->range(e_);
    out_.bernstein.interval =
        stats::empirical_bernstein(out_.value, variance, range.high - range.low, n, alpha());
    out_.anytime.interval = from_.sequences->interval(e_);
  }

  Uplift uplift() const {
    Uplift out;
    out.baseline = stats::estimate(from_.counted.baseline(e_), from_.counted.totals());
    out.difference = out_.value - out.baseline;
    const std::vector<double> other = influence_of(from_.counted.baseline(e_));
    std::vector<double> influence = influence_;
    for (std::size_t b = 0; b < influence.size(); ++b) influence[b] -= other[b];
    const InfluenceShape shape = stats::shape_of_influence(influence);
    out.difference_error = stats::error_of_influence(influence);
    out.difference_interval =
        around(out.difference, out.difference_error, worth_of(shape), alpha());
    out.relative = out.baseline != 0 ? out.difference / out.baseline : std::nan("");
    if (out.difference_error > 0)
      out.p = stats::student_p(worth_of(shape), out.difference / out.difference_error);
    if (from_.sequences && from_.comparison.is_against_logged() && !out_.is_shrunk &&
        from_.comparison.targets()[0]->played() == nullptr)
      out.evidence = from_.sequences->evidence(e_);
    if (from_.comparison.spec().replicates == 0) return out;
    resampled_difference(shape, out);
    // That of (target - baseline) / baseline.
    for (std::size_t b = 0; b < influence.size(); ++b) influence[b] -= out.relative * other[b];
    if (out.baseline != 0) resampled_relative(stats::shape_of_influence(influence), out);
    return out;
  }

  void resampled_difference(const InfluenceShape& shape, Uplift& out) const {
    std::vector<double> difference = replicates_of(column());
    const std::vector<double>& base = replicates_of(from_.counted.baseline_of(e_));
    for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= base[i];
    stats::Replicates resamples(std::move(difference), worth_of(shape));
    out.p = resamples.p_of_zero();
    out.difference_interval = resamples.interval(alpha());
  }

  void resampled_relative(const InfluenceShape& shape, Uplift& out) const {
    std::vector<double> relative = replicates_of(column());
    const std::vector<double>& base = replicates_of(from_.counted.baseline_of(e_));
    for (std::size_t i = 0; i < relative.size(); ++i)
      relative[i] = base[i] != 0 ? (relative[i] - base[i]) / base[i] : std::nan("");
    out.relative_interval =
        stats::Replicates(std::move(relative), worth_of(shape)).interval(alpha());
  }

  const Evidence& from_;
  const BlockSums& sums_;
  std::size_t e_;
  std::vector<double> influence_;
  Estimated out_;
};

}  // namespace

std::vector<Estimated> estimate_all(const Evidence& evidence) {
  std::vector<Estimated> out(evidence.comparison.estimators().size());
  share_out(out.size(), workers_for(out.size()),
            [&](std::size_t, std::size_t e) { out[e] = Estimating(evidence, e).run(); });
  return out;
}

}  // namespace autopilot::evaluate
