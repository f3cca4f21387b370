#include "core/evaluate/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <thread>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/evaluate/segments.h"
#include "core/evaluate/sequences.h"
#include "core/events/row_builder.h"
#include "core/stats/normal.h"
#include "core/stats/ope_tuning.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using events::RowStore;
using stats::BlockSums;
using stats::Interval;
using stats::Ope;
using stats::OpeEstimator;
using stats::OpeRows;
using stats::TuningSums;

constexpr const char* kFrozenModel = "it would take the model as given; see dr";
constexpr const char* kRatio = "a ratio, no mean of bounded terms";
constexpr const char* kShrunk = "shrunk weights bias the estimate by an unknown amount";
constexpr const char* kHeavyTail = "the weights may have no finite variance";
constexpr const char* kSkewed = "it rests on a few rows";
constexpr double kMostSkewness = 0.3;

template <class T>
using Parts = std::array<std::optional<T>, RowStore::kParts>;

template <class T>
T merged(Parts<T>& parts) {
  T out = std::move(*parts[0]);
  for (std::size_t p = 1; p < parts.size(); ++p) {
    if (parts[p]) out.add(*parts[p]);
  }
  return out;
}

// The same as stats::percentile(), without sorting all. REQUIRES values.
double selected_percentile(std::vector<double>& values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  const double low = *at, fraction = place - std::floor(place);
  if (fraction == 0) return low;
  return low + fraction * (*std::min_element(at + 1, values.end()) - low);
}

Interval percentiles(std::vector<double> values, double alpha) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return {std::nan(""), std::nan("")};
  const double low = selected_percentile(values, alpha / 2);
  return {low, selected_percentile(values, 1 - alpha / 2)};
}

// Everything about one comparison: the target, and the baseline if that is a policy, too.
class Comparison {
 public:
  Comparison(const Log& log, const Target& target, const Target* baseline, const BacktestSpec& spec)
      : log_(log), spec_(spec), estimators_(spec.estimators) {
    targets_.push_back(&target);
    if (baseline != nullptr) targets_.push_back(baseline);
    check();
  }

  Backtest run() {
    fit();
    limit_weights();
    tune();
    plan();
    count();
    Backtest out;
    out.target = targets_[0]->name();
    out.baseline = targets_.size() > 1 ? targets_[1]->name() : "logged";
    out.model = model_ ? model_->name() : "";
    out.logged = log_.reward_sum / static_cast<double>(log_.rows->rows());
    out.diagnosis = diagnosis_->finish(tally_->weights()[0]);
    heavy_tail_ = out.diagnosis.has_heavy_tail();
    out.findings = find_doubts(log_, *targets_[0], out.diagnosis);
    out.trust = verdict_of(out.findings);
    resample();
    follow();
    for (std::size_t e = 0; e < estimators_.size(); ++e) out.estimates.push_back(estimated(e));
    doubt_skewed(out);
    if (segments_) describe_segments(out);
    return out;
  }

 private:
  bool needs_model() const {
    return std::any_of(estimators_.begin(), estimators_.end(),
                       [](const OpeEstimator& e) { return stats::needs_model(e.kind); });
  }
  bool has(Ope kind) const {
    return std::any_of(estimators_.begin(), estimators_.end(),
                       [&](const OpeEstimator& e) { return e.kind == kind; });
  }

  void check() const {
    for (const Target* target : targets_) {
      if (target->knows_all() || !needs_model()) continue;
      throw Error(ErrorKind::invalid,
                  fmt::format("{} gives the probability of the logged action only; estimators with "
                              "a model need that of all actions",
                              target->name()),
                  "choose with --estimator ips,snips,cips,sg-ips, or give all: --target "
                  "columns:PREFIX");
    }
  }

  void fit() {
    if (!needs_model()) return;
    model_ = fit_model(log_, spec_.model, nullptr);
    if (!has(Ope::mrdr)) return;
    const bool is_fitted = chosen_kind(log_, spec_.model) != ModelSpec::Kind::columns;
    for (const Target* target : targets_)
      mrdr_.push_back(fit_model(log_, spec_.model, is_fitted ? target : nullptr));
  }

  // Without what only some estimators read.
  TermsSource plain_source(std::size_t target) const {
    TermsSource out;
    out.log = &log_;
    out.target = targets_[target];
    out.model = model_.get();
    return out;
  }
  TermsSource source(std::size_t target) const {
    TermsSource out = plain_source(target);
    out.mrdr = mrdr_.empty() ? nullptr : mrdr_[target].get();
    out.with_replay = has(Ope::replay);
    out.most_weight = most_weight_.empty() ? 1 : most_weight_[target];
    out.seed = spec_.seed;
    return out;
  }

  std::vector<RowTerms> row_terms() const {
    std::vector<RowTerms> out;
    for (std::size_t t = 0; t < targets_.size(); ++t) out.emplace_back(source(t));
    return out;
  }

  // The largest weight of each target: what replay accepts rows by, and how far terms can go.
  void limit_weights() {
    struct Part {
      std::vector<double> most;
      double squares = 0;  // of the target's weights
    };
    Parts<Part> parts;
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      if (!parts[part]) parts[part].emplace().most.resize(targets_.size());
      for (std::size_t t = 0; t < targets_.size(); ++t) {
        double most = 0, squares = 0;
        for (std::size_t i = 0; i < batch.rows; ++i) {
          const double w = targets_[t]->logged(batch, i) / log_.propensity_of(batch, i);
          most = std::max(most, w);
          squares += w * w;
        }
        parts[part]->most[t] = std::max(parts[part]->most[t], most);
        if (t == 0) parts[part]->squares += squares;
      }
    });
    most_weight_.assign(targets_.size(), 0);
    for (const auto& part : parts) {
      for (std::size_t t = 0; part && t < targets_.size(); ++t)
        most_weight_[t] = std::max(most_weight_[t], part->most[t]);
      if (part) mean_square_ += part->squares / static_cast<double>(log_.rows->rows());
    }
    for (const double most : most_weight_) {
      if (std::isfinite(most * most)) continue;
      throw Error(ErrorKind::invalid,
                  "a weight overflows: the target's probability over a propensity near 0",
                  "no policy acts with such a probability: look at how the log's propensities "
                  "are written");
    }
  }

  // Chooses the parameters that were left open.
  void tune() {
    tuned_.resize(estimators_.size());
    set_sub_gaussian();
    std::vector<std::vector<OpeEstimator>> grids;
    for (const OpeEstimator& e : estimators_) {
      grids.push_back(stats::has_parameter(e.kind) && std::isnan(e.parameter)
                          ? stats::tuning_grid(e.kind)
                          : std::vector<OpeEstimator>());
      drop_alike(grids.back());
    }
    if (std::all_of(grids.begin(), grids.end(), [](const auto& g) { return g.empty(); })) return;
    const std::vector<TuningSums> sums = tuning_sums(grids);
    std::size_t at = 0;
    for (std::size_t e = 0; e < estimators_.size(); ++e) {
      if (grids[e].empty()) continue;
      const std::span<const TuningSums> own(sums.data() + at, grids[e].size());
      const std::size_t chosen =
          spec_.tuning == Tuning::slope
              ? stats::choose_by_slope(own, log_.rows->rows())
              : stats::choose_by_mse(own, log_.rows->rows(), {mean_square_, most_weight_[0]});
      estimators_[e] = grids[e][chosen];
      tuned_[e] = true;
      at += grids[e].size();
    }
  }

  // Of candidates that shrink no weight, the last is enough.
  void drop_alike(std::vector<OpeEstimator>& grid) const {
    if (grid.empty()) return;
    const OpeEstimator last = grid.back();
    grid.pop_back();
    std::erase_if(grid, [&](const OpeEstimator& e) { return !shrinks(e); });
    grid.push_back(last);
  }

  // Those have a best parameter of their own (stats::sub_gaussian_parameter).
  void set_sub_gaussian() {
    for (std::size_t e = 0; e < estimators_.size(); ++e) {
      const Ope kind = estimators_[e].kind;
      if ((kind != Ope::sg_ips && kind != Ope::sg_dr) || !std::isnan(estimators_[e].parameter))
        continue;
      estimators_[e].parameter = stats::sub_gaussian_parameter(
          mean_square_, static_cast<double>(log_.rows->rows()), spec_.alpha);
      tuned_[e] = true;
    }
  }

  struct TuningPart {
    std::vector<TuningSums> sums;
    void add(const TuningPart& other) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add(other.sums[i]);
    }
  };

  std::vector<TuningSums> tuning_sums(const std::vector<std::vector<OpeEstimator>>& grids) {
    Parts<TuningPart> parts;
    Parts<RowTerms> terms;
    std::array<std::vector<double>, RowStore::kParts> scratch;
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      if (!parts[part]) {
        parts[part].emplace();
        terms[part].emplace(plain_source(0));
        for (const auto& grid : grids) {
          for (const OpeEstimator& e : grid) parts[part]->sums.push_back({e, 0, 0, 0});
        }
      }
      const OpeRows& rows = terms[part]->compute(batch);
      for (TuningSums& sums : parts[part]->sums) {
        const bool with_model = stats::needs_model(sums.estimator.kind);
        sums.add(rows, scratch[part]);
        if (spec_.tuning == Tuning::mse)
          sums.add_lost(rows, with_model ? rows.residual : rows.reward);
      }
    });
    return std::move(merged(parts).sums);
  }

  // Beside each estimator of the target stands that of the baseline; what was logged is the same
  // beside all.
  void plan() {
    std::vector<Column> columns;
    for (const OpeEstimator& e : estimators_) {
      columns.push_back({0, e, {}});
      if (targets_.size() > 1) columns.push_back({1, e, {}});
    }
    if (targets_.size() == 1) columns.push_back({0, {Ope::logged}, {}});
    plan_.emplace(std::move(columns), most_weight_);
  }
  std::size_t column_of(std::size_t e) const { return targets_.size() > 1 ? 2 * e : e; }
  std::size_t baseline_of(std::size_t e) const {
    return targets_.size() > 1 ? 2 * e + 1 : estimators_.size();
  }
  const stats::Estimand& estimand(std::size_t column) const {
    return plan_->columns[column].estimand;
  }

  std::size_t blocks() const {
    if (log_.unit != Log::kNone) return BlockSums::kBlocks;
    return std::min<std::size_t>(BlockSums::kBlocks, log_.rows->rows());
  }

  // The one pass that all else is made from.
  void count() {
    Parts<Tally> tallies;
    Parts<DiagnosisSums> diagnoses;
    Parts<std::vector<RowTerms>> terms;
    Parts<SegmentTallies> segments;
    const bool by_unit = log_.unit != Log::kNone;
    if (!spec_.segments.empty() || spec_.window)
      segmenting_.emplace(log_, spec_.segments, spec_.window);
    log_.rows->for_each([&](std::size_t part, const Batch& batch) {
      if (!tallies[part]) {
        tallies[part].emplace(*plan_, blocks());
        diagnoses[part].emplace(log_, *targets_[0]);
        terms[part].emplace(row_terms());
        if (segmenting_) segments[part].emplace(*segmenting_, *plan_);
      }
      Tally::Rows rows;
      for (RowTerms& t : *terms[part]) rows.by_target.push_back(&t.compute(batch));
      rows.first = batch.first;
      std::vector<std::uint32_t> block;
      if (by_unit || segmenting_) {
        for (std::size_t i = 0; i < batch.rows; ++i)
          block.push_back(log_.block_of(batch, i, blocks()));
      }
      if (by_unit) rows.block = block;
      tallies[part]->add(rows);
      diagnoses[part]->add(batch, *rows.by_target[0]);
      if (segmenting_) segments[part]->add(batch, rows, block);
    });
    tally_.emplace(merged(tallies));
    diagnosis_.emplace(merged(diagnoses));
    if (segmenting_) segments_.emplace(merged(segments));
  }

  void resample() {
    std::vector<stats::Estimand> estimands;
    for (const Column& c : plan_->columns) estimands.push_back(c.estimand);
    replicates_.assign(estimands.size(), std::vector<double>(spec_.replicates));
    if (spec_.replicates == 0) return;
    const std::size_t threads =
        spec_.replicates < 64 ? 1 : std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
    const auto work = [&](std::size_t t) {
      const std::size_t begin = spec_.replicates * t / threads;
      const std::size_t end = spec_.replicates * (t + 1) / threads;
      stats::resample(tally_->sums(), estimands, {spec_.seed, begin, end}, replicates_);
    };
    std::vector<std::thread> helpers;
    for (std::size_t t = 1; t < threads; ++t) helpers.emplace_back(work, t);
    work(0);
    for (std::thread& t : helpers) t.join();
  }

  // In the order of the log: what holds whenever one looks.
  void follow() {
    if (log_.has_repeated_units()) return;
    const double most = spec_.most_weight.value_or(most_weight_[0]);
    sequences_.emplace(estimators_, log_.least_reward, log_.most_reward, most, spec_.alpha,
                       targets_.size() == 1);
    TermsSource without_replay = source(0);
    without_replay.with_replay = false;
    RowTerms terms(without_replay);
    log_.rows->for_each_in_order(
        [&](const Batch& batch) { sequences_->add(terms.compute(batch)); });
  }

  double error_of(std::size_t column) const {
    if (tally_->by_turns())
      return stats::delta_error(estimand(column), totals(), tally_->moments()[column]);
    return stats::error_of_influence(stats::block_influence(tally_->sums(), estimand(column)));
  }

  const std::vector<double>& totals() const {
    if (totals_.empty()) totals_ = tally_->sums().totals();
    return totals_;
  }

  Estimated estimated(std::size_t e) {
    Estimated out;
    out.estimator = estimators_[e];
    out.is_tuned = tuned_[e];
    out.is_shrunk = stats::has_parameter(out.estimator.kind) && shrinks(out.estimator);
    const std::size_t column = column_of(e);
    out.value = stats::estimate(estimand(column), totals());
    if (out.estimator.kind == Ope::dm) {
      for (Stated* s : {&out.delta, &out.bootstrap, &out.bernstein, &out.anytime})
        s->why_not = kFrozenModel;
      out.error = std::nan("");
      return out;
    }
    out.error = error_of(column);
    std::tie(out.skewness, out.largest_influence) =
        stats::skewness_of_influence(stats::block_influence(tally_->sums(), estimand(column)));
    const double z = stats::normal_quantile(1 - spec_.alpha / 2);
    out.delta.interval = Interval{out.value - z * out.error, out.value + z * out.error};
    if (spec_.replicates > 0)
      out.bootstrap.interval = percentiles(replicates_[column], spec_.alpha);
    else
      out.bootstrap.why_not = "no replicates were asked for";
    bounded(e, out);
    const std::string doubt = doubt_of(out);
    out.delta.why_not = doubt;
    if (out.bootstrap.interval) out.bootstrap.why_not = doubt;
    if (out.is_shrunk) out.bernstein.why_not = out.anytime.why_not = kShrunk;
    out.uplift = uplift(e, out);
    return out;
  }

  // An estimate whose error cannot be told is not to be trusted without a word.
  static void doubt_skewed(Backtest& out) {
    const bool is_any = std::any_of(
        out.estimates.begin(), out.estimates.end(),
        [](const Estimated& e) { return !e.is_shrunk && std::abs(e.skewness) > kMostSkewness; });
    if (!is_any) return;
    out.findings.push_back({Trust::doubt, "skewed",
                            "estimates rest on a few rows: their normal and bootstrap intervals "
                            "are left out, and the others are wide"});
    out.trust = verdict_of(out.findings);
  }

  // Why normal and bootstrap intervals cannot be relied on.
  std::string doubt_of(const Estimated& e) const {
    if (e.is_shrunk) return kShrunk;
    if (heavy_tail_) return kHeavyTail;
    if (std::abs(e.skewness) > kMostSkewness) return kSkewed;
    return {};
  }

  bool shrinks(const OpeEstimator& estimator) const {
    const double w = most_weight_[0];
    return std::abs(stats::shrunk_weight(estimator, w) - w) > 1e-12 * w;
  }

  // Intervals that need to know how far terms can go.
  void bounded(std::size_t e, Estimated& out) const {
    if (stats::is_self_normalised(out.estimator.kind)) {
      out.bernstein.why_not = out.anytime.why_not = kRatio;
      return;
    }
    if (!sequences_) {
      out.bernstein.why_not = out.anytime.why_not = "units come back";
      return;
    }
    const stats::RowMoments& moments = tally_->moments()[column_of(e)];
    const double n = tally_->rows();
    const double variance =
        std::max(0.0, moments.mean_mean - n * out.value * out.value) / std::max(1.0, n - 1);
    const Interval range = sequences_->range(e);
    out.bernstein.interval =
        stats::empirical_bernstein(out.value, variance, range.high - range.low, n, spec_.alpha);
    out.anytime.interval = sequences_->interval(e);
  }

  Uplift uplift(std::size_t e, const Estimated& of) const {
    const std::size_t column = column_of(e), base = baseline_of(e);
    Uplift out;
    out.baseline = stats::estimate(estimand(base), totals());
    out.difference = of.value - out.baseline;
    std::vector<double> influence = stats::block_influence(tally_->sums(), estimand(column));
    const std::vector<double> other = stats::block_influence(tally_->sums(), estimand(base));
    for (std::size_t b = 0; b < influence.size(); ++b) influence[b] -= other[b];
    out.difference_error = stats::error_of_influence(influence);
    const double z = stats::normal_quantile(1 - spec_.alpha / 2);
    out.difference_interval = {out.difference - z * out.difference_error,
                               out.difference + z * out.difference_error};
    out.relative = out.baseline != 0 ? out.difference / out.baseline : std::nan("");
    if (out.difference_error > 0)
      out.p = 2 * stats::normal_cdf(-std::abs(out.difference) / out.difference_error);
    if (sequences_ && targets_.size() == 1 && !of.is_shrunk) out.evidence = sequences_->evidence(e);
    if (spec_.replicates > 0) resampled_uplift(column, base, out);
    return out;
  }

  void resampled_uplift(std::size_t column, std::size_t base, Uplift& out) const {
    std::vector<double> difference(spec_.replicates), relative(spec_.replicates);
    double below = 0, above = 0;
    for (std::size_t i = 0; i < spec_.replicates; ++i) {
      const double b = replicates_[base][i];
      difference[i] = replicates_[column][i] - b;
      relative[i] = b != 0 ? difference[i] / b : std::nan("");
      below += difference[i] <= 0;
      above += difference[i] >= 0;
    }
    const auto n = static_cast<double>(spec_.replicates);
    // As many as can be told apart by so many replicates (Davison and Hinkley 1997, section 4.2).
    out.p = std::min(1.0, 2 * (std::min(below, above) + 1) / (n + 1));
    out.difference_interval = percentiles(std::move(difference), spec_.alpha);
    if (out.baseline != 0) out.relative_interval = percentiles(std::move(relative), spec_.alpha);
  }

  // The estimator that segments are told by: the first of those that are unbiased and stable.
  std::size_t segment_estimator() const {
    for (const Ope kind : {Ope::sndr, Ope::snips, Ope::dr, Ope::ips}) {
      for (std::size_t e = 0; e < estimators_.size(); ++e) {
        if (estimators_[e].kind == kind) return e;
      }
    }
    return 0;
  }

  void describe_segments(Backtest& out) const {
    const std::size_t e = segment_estimator();
    out.segment_estimator = estimators_[e];
    out.segments = segments_->describe(*segmenting_, estimand(column_of(e)),
                                       estimand(baseline_of(e)), spec_.alpha);
  }

  const Log& log_;
  const BacktestSpec& spec_;
  std::vector<OpeEstimator> estimators_;
  std::vector<const Target*> targets_;
  std::vector<bool> tuned_;
  std::vector<double> most_weight_;  // by target
  double mean_square_ = 0;
  bool heavy_tail_ = false;
  std::unique_ptr<RewardModel> model_;
  std::vector<std::unique_ptr<RewardModel>> mrdr_;  // by target
  std::optional<TallyPlan> plan_;
  std::optional<Tally> tally_;
  std::optional<DiagnosisSums> diagnosis_;
  std::optional<Segmenting> segmenting_;
  std::optional<SegmentTallies> segments_;
  std::optional<Sequences> sequences_;
  std::vector<std::vector<double>> replicates_;  // by column of the plan
  mutable std::vector<double> totals_;
};

}  // namespace

Backtest run_backtest(const Log& log, const Target& target, const Target* baseline,
                      const BacktestSpec& spec) {
  return Comparison(log, target, baseline, spec).run();
}

std::vector<OpeEstimator> default_estimators(const Target& target) {
  std::vector<OpeEstimator> out;
  for (const std::string& name : stats::ope_names()) {
    const OpeEstimator e = parse_estimator(name);
    if (target.knows_all() || !stats::needs_model(e.kind)) out.push_back(e);
  }
  return out;
}

std::string name_of(const OpeEstimator& e) {
  const std::string name(stats::to_string(e.kind));
  if (!stats::has_parameter(e.kind) || std::isnan(e.parameter)) return name;
  if (std::isinf(e.parameter)) return name + "@inf";
  return fmt::format("{}@{:.4g}", name, e.parameter);
}

OpeEstimator parse_estimator(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::string name = text.substr(0, at);
  const std::optional<Ope> kind = stats::parse_ope(name);
  if (!kind)
    throw Error(ErrorKind::usage, fmt::format("there is no estimator '{}'", name),
                fmt::format("there are {}", join(stats::ope_names(), ", ")));
  OpeEstimator out{*kind, std::nan("")};
  if (at == std::string::npos) return out;
  const std::string parameter = text.substr(at + 1);
  const bool is_share = *kind == Ope::sg_ips || *kind == Ope::sg_dr;
  if (parameter == "inf" && !is_share) {
    out.parameter = std::numeric_limits<double>::infinity();
    return out;
  }
  if (!stats::has_parameter(*kind) || !events::parse_number(parameter, out.parameter) ||
      out.parameter < 0 || (is_share && out.parameter > 1) || (!is_share && out.parameter == 0))
    throw Error(ErrorKind::usage,
                fmt::format("{}: {}", text,
                            !stats::has_parameter(*kind) ? name + " has no parameter"
                            : is_share                   ? "the parameter is a number from 0 to 1"
                                       : "the parameter is a number above 0, or inf"));
  return out;
}

}  // namespace autopilot::evaluate
