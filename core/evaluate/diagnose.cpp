#include "core/evaluate/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/text.h"
#include "core/stats/normal.h"

namespace autopilot::evaluate {
namespace {

constexpr std::size_t kMostKept = 1 << 17;  // weights of the tail
constexpr std::size_t kFewestForTail = 10;  // of them, for Hill's estimator
constexpr double kLeastEffective = 100;
constexpr double kFewEffective = 0.1;  // of the rows
constexpr double kFewRewards = 10;
constexpr double kMostOfOneRow = 0.05;
constexpr double kMostUnseen = 0.05;
constexpr double kMostUneven = 0.05;   // of the rows
constexpr double kFarOff = 4;          // errors that the mean weight may be off
constexpr double kMostOff = 0.2;       // of what it should be
constexpr double kFewestExpected = 5;  // rows of an action, for its calibration to be tested

constexpr double kFewestUnits = 10, kFewUnits = 100;

// Why, the commonest reason first, and where the first of them is.
std::string bad_rows_text(const events::BadRows& bad) {
  std::vector<std::pair<std::string, std::uint64_t>> reasons(bad.reasons().begin(),
                                                             bad.reasons().end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out;
  for (const auto& [reason, count] : reasons)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", reason, count);
  if (bad.shown().empty()) return out;
  return fmt::format("{}; the first is {}", out, place_of(bad.shown().front()));
}

std::string percent(double share) { return fmt::format("{:.3g}%", share * 100); }

// Some of them by name: a spelling that the log does not have is the commonest reason.
std::string unseen_text(const Log& log, const std::vector<std::string>& actions) {
  constexpr std::size_t kNamed = 3, kShort = 2;  // letters, of which any are alike
  const events::Labels& known = log.labels[log.action];
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(kNamed, actions.size()); ++i) {
    const bool may_be_meant =
        actions[i].size() > kShort && known.find(actions[i]) == events::kNoLabel;
    const std::string close(may_be_meant ? trim(did_you_mean(actions[i], known.texts())) : "");
    named.push_back(close.empty() ? actions[i] : fmt::format("{} ({})", actions[i], close));
  }
  const std::size_t more = actions.size() - named.size();
  return join(named, ", ") + (more > 0 ? fmt::format(" and {} more", more) : std::string());
}

}  // namespace

DiagnosisSums::DiagnosisSums(const Log& log, const Target& target)
    : log_(&log),
      target_(&target),
      most_kept_(std::min<std::size_t>(kMostKept, log.rows->rows() / 100 + 2)),
      cells_(log.cells()) {}

void DiagnosisSums::keep_largest() {
  if (largest_.size() <= most_kept_) return;
  const auto last = largest_.begin() + static_cast<std::ptrdiff_t>(most_kept_ - 1);
  std::nth_element(largest_.begin(), last, largest_.end(), std::greater<>());
  least_kept_ = *last;
  largest_.resize(most_kept_);
}

void DiagnosisSums::add(const events::Batch& batch, const stats::OpeRows& rows) {
  const std::size_t room = most_kept_ + std::max<std::size_t>(most_kept_ / 2, 4096);
  largest_.reserve(room);
  for (std::size_t i = 0; i < rows.count; ++i) {
    if (!(rows.weight[i] > least_kept_)) continue;
    largest_.push_back(rows.weight[i]);
    if (largest_.size() == room) keep_largest();
  }
  const BatchPropensities propensity(*log_, batch);
  const BatchCells cell(*log_, batch);
  std::size_t unused = 0;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double p = propensity[i], inverse = 1 / p;
    Cell& to = cells_[cell[i]];
    to.count += 1;
    to.inverse += inverse;
    to.inverse_squares += inverse * inverse;
    least_propensity_ = std::min(least_propensity_, p);
    unused += rows.weight[i] == 0 ? 1 : 0;
  }
  unused_ += static_cast<double>(unused);
}

void DiagnosisSums::add(const DiagnosisSums& other) {
  for (const double w : other.largest_) {
    if (w > least_kept_) largest_.push_back(w);
  }
  keep_largest();
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    cells_[c].count += other.cells_[c].count;
    cells_[c].inverse += other.cells_[c].inverse;
    cells_[c].inverse_squares += other.cells_[c].inverse_squares;
  }
  least_propensity_ = std::min(least_propensity_, other.least_propensity_);
  unused_ += other.unused_;
}

// Hill (1975), The Annals of Statistics 3, of the 1 % largest weights: below 2 the variance of the
// weights is infinite, and no number of rows makes a normal interval right.
void DiagnosisSums::tail(Diagnosis& out, const WeightSums& weights) {
  const std::size_t k =
      std::min(largest_.size(), static_cast<std::size_t>(std::ceil(weights.rows / 100)));
  keep_largest();
  std::sort(largest_.begin(), largest_.end(), std::greater<>());
  double sum = 0, logs = 0;
  for (std::size_t i = 0; i < k; ++i) sum += largest_[i];
  out.top_share = weights.sum > 0 ? sum / weights.sum : 0;
  if (k < kFewestForTail || k >= largest_.size() || !(largest_[k] > 0)) return;
  for (std::size_t i = 0; i < k; ++i) logs += std::log(largest_[i] / largest_[k]);
  out.tail_index = logs > 0 ? static_cast<double>(k) / logs : 0;
}

// Over the rows of a position, 1[action]/p has expectation 1 for each action when p is right.
void DiagnosisSums::calibrate(Diagnosis& out) const {
  const std::size_t positions = log_->positions();
  std::vector<double> rows(positions);
  for (std::size_t c = 0; c < cells_.size(); ++c) rows[c % positions] += cells_[c].count;
  double inverse = 0;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    inverse += cells_[c].inverse;
    const double n = rows[c % positions], mean = cells_[c].inverse / n;
    if (cells_[c].count < kFewestExpected) continue;
    out.tested += 1;
    const double variance = (cells_[c].inverse_squares - cells_[c].inverse * mean) / (n - 1) / n;
    const double z = variance > 0 ? (mean - 1) / std::sqrt(variance) : 0;
    if (std::abs(z) <= std::abs(out.worst.z)) continue;
    out.worst = {log_->action_name(c / positions), log_->position_name(c % positions), mean, z};
  }
  out.inverse_propensity = inverse / out.rows / static_cast<double>(log_->actions());
  const double p = 2 * stats::normal_cdf(-std::abs(out.worst.z));
  out.calibration_p = out.tested > 0 ? std::min(1.0, p * out.tested) : 1;
}

// By action: the target's probability at positions where the log never shows it, added up.
std::vector<double> DiagnosisSums::never_logged(const Target& target) const {
  std::vector<double> out(log_->actions());
  const std::vector<double>* const table = target.table();
  if (table == nullptr) return out;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].count == 0) out[c / log_->positions()] += (*table)[c];
  }
  return out;
}

double DiagnosisSums::unseen_of(const Target& target, std::vector<std::string>& actions) const {
  actions = target.unseen_actions;
  const std::vector<double> never = never_logged(target);
  double sum = 0;
  for (std::size_t a = 0; a < never.size(); ++a) {
    sum += never[a];
    if (never[a] > 0) actions.push_back(log_->action_name(a));
  }
  return target.unseen + sum / static_cast<double>(log_->positions());
}

void DiagnosisSums::support(Diagnosis& out) const {
  out.unused = unused_ / out.rows;
  out.unseen = unseen_of(*target_, out.unseen_actions);
  out.uneven_rows = target_->uneven_rows;
}

Diagnosis DiagnosisSums::finish(const WeightSums& weights, const Target* baseline) {
  Diagnosis out;
  out.rows = weights.rows;
  out.effective = weights.effective();
  out.effective_rewards = weights.effective_rewards();
  out.mean_weight = weights.mean();
  out.mean_weight_error = weights.mean_error();
  out.most_weight = weights.most;
  out.largest_share = weights.largest_share();
  out.least_propensity = least_propensity_;
  tail(out, weights);
  calibrate(out);
  support(out);
  if (baseline == nullptr) return out;
  out.baseline_unseen = unseen_of(*baseline, out.baseline_unseen_actions);
  out.uneven_rows = std::max(out.uneven_rows, baseline->uneven_rows);
  return out;
}

double Diagnosis::mean_weight_z() const {
  const double off = mean_weight - (1 - unseen);
  if (mean_weight_error > 0) return off / mean_weight_error;
  return std::abs(off) < 1e-9 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), off);
}

bool Diagnosis::has_heavy_tail() const {
  if (tail_index == 0 || effective >= kFewEffective * rows) return false;
  return tail_index * (1 - 2 / std::sqrt(std::ceil(rows / 100))) < 2;
}

std::string_view to_string(Trust trust) {
  return trust == Trust::yes ? "trust" : trust == Trust::doubt ? "doubt" : "distrust";
}

Trust verdict_of(const std::vector<Finding>& findings) {
  Trust out = Trust::yes;
  for (const Finding& finding : findings) out = std::max(out, finding.trust);
  return out;
}

std::vector<Finding> find_doubts(const Log& log, const Target& target, const Diagnosis& d) {
  std::vector<Finding> out;
  const auto say = [&](Trust trust, const char* name, std::string text) {
    out.push_back({trust, name, std::move(text)});
  };
  if (log.actions() < 2 && !target.is_filter())
    say(Trust::no, "one-action",
        fmt::format("the log shows one action only, {}: nothing can be compared",
                    log.action_name(0)));
  if (d.mean_weight == 0)
    say(Trust::no, "no-overlap",
        target.is_filter() ? "the policies let nothing through"
                           : "the target would have chosen none of what was logged");
  else if (d.effective < kLeastEffective)
    say(Trust::no, "effective-sample-size",
        fmt::format("the weights leave {:.3g} of {} rows, fewer than {}", d.effective, d.rows,
                    kLeastEffective));
  if (d.largest_share > kMostOfOneRow)
    say(Trust::no, "one-row",
        fmt::format("one row has {} of all weight (at most {})", percent(d.largest_share),
                    percent(kMostOfOneRow)));
  if (d.unseen > 1e-9)
    say(d.unseen > kMostUnseen ? Trust::no : Trust::doubt, "unseen-actions",
        fmt::format("{} of what the target does was never logged: {}", percent(d.unseen),
                    unseen_text(log, d.unseen_actions)));
  if (d.baseline_unseen > 1e-9)
    say(d.baseline_unseen > kMostUnseen ? Trust::no : Trust::doubt, "unseen-baseline",
        fmt::format("{} of what the baseline does was never logged ({}): what it earns, and so "
                    "the uplift, cannot be told",
                    percent(d.baseline_unseen), unseen_text(log, d.baseline_unseen_actions)));
  if (d.uneven_rows > 0)
    say(d.uneven_rows > kMostUneven ? Trust::no : Trust::doubt, "uneven-probabilities",
        fmt::format("in {} of the rows the probabilities of the target or the baseline do not sum "
                    "up to 1",
                    percent(d.uneven_rows)));
  if (log.has_repeated_units()) {
    const double units = d.rows / log.rows_per_unit;
    if (units < kFewUnits)
      say(units < kFewestUnits ? Trust::no : Trust::doubt, "few-units",
          fmt::format("the rows come from {:.0f} unit{} only: rows of one unit are no independent "
                      "evidence (column {})",
                      units, units < 1.5 ? "" : "s", log.columns.unit));
  }
  if (d.has_heavy_tail())
    say(Trust::doubt, "heavy-tail",
        fmt::format(
            "the largest weights fall off so slowly (tail index {:.2f}) that their variance "
            "may have no bound: normal and bootstrap intervals are left out",
            d.tail_index));
  if (log.least_reward == log.most_reward && log.actions() > 1)
    say(Trust::doubt, "one-reward",
        fmt::format("every row earned {:.4g}: nothing tells what one action earns from another",
                    log.least_reward));
  else if (d.mean_weight > 0 && d.effective_rewards < kFewRewards)
    say(Trust::doubt, "few-rewards",
        fmt::format("what the target earns rests on {:.2g} reward{}", d.effective_rewards,
                    d.effective_rewards == 1 ? "" : "s"));
  const double expected = 1 - d.unseen;
  if (std::abs(d.mean_weight_z()) > kFarOff && d.mean_weight > 0 && !target.is_filter())
    say(std::abs(d.mean_weight - expected) > kMostOff * expected ? Trust::no : Trust::doubt,
        "mean-weight",
        fmt::format("the weights are {:.4g} on average, not {:.4g} (z {:.1f}): propensities or "
                    "target are not what they say",
                    d.mean_weight, expected, d.mean_weight_z()));
  if (d.calibration_p < 1e-3 && !target.is_filter())
    say(Trust::doubt, "calibration",
        fmt::format(
            "action {}{} was logged {:.3g} times as often as its propensities say (z {:.1f})",
            d.worst.action, d.worst.position.empty() ? "" : " at position " + d.worst.position,
            d.worst.mean, d.worst.z));
  if (log.propensities == Propensities::estimated)
    say(Trust::doubt, "estimated-propensities",
        "the propensities are frequencies of the log: right only when the policy that acted saw no "
        "context");
  if (log.propensities == Propensities::uniform && !target.is_filter())
    say(Trust::doubt, "assumed-propensities",
        log.columns.propensity.empty()
            ? "the log has no propensities: all actions are taken to have been alike"
            : fmt::format("all actions are taken to have been alike: column {} is not used",
                          log.columns.propensity));
  if (!log.in_time_order)
    say(Trust::doubt, "time-order",
        "rows are not in the order of their times: what holds at every moment is said for the "
        "order "
        "of the log");
  for (const auto& [one, other] : log.alike)
    say(Trust::doubt, "same-rows",
        fmt::format("{} and {} begin with the same rows: what is in both counts twice", other,
                    one));
  if (log.bad.count() > 0)
    say(Trust::doubt, "bad-rows",
        fmt::format("{} of {} rows were left out: {}", log.bad.count(), log.lines,
                    bad_rows_text(log.bad)));
  return out;
}

}  // namespace autopilot::evaluate
