#include "core/evaluate/segments.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/evaluate/backtest.h"
#include "core/stats/ope_interval.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using stats::OpeRows;

constexpr double kLeastEffectiveOfSegment = 100;
constexpr double kMostOfOneRowOfSegment = 0.05;
// What a column says, in a key: its kind, then its value.
enum KeyKind : std::int64_t { kNumberKey, kTextKey, kNoKey };

// A copy of some rows.
struct Picked {
  std::vector<double> weight, reward, value, residual, mrdr_value, mrdr_residual, accepted;

  OpeRows of(const OpeRows& from, const std::vector<std::size_t>& which) {
    const auto pick = [&](const double* values, std::vector<double>& to) -> const double* {
      if (values == nullptr) return nullptr;
      to.resize(which.size());
      for (std::size_t i = 0; i < which.size(); ++i) to[i] = values[which[i]];
      return to.data();
    };
    return {which.size(),
            pick(from.weight, weight),
            pick(from.reward, reward),
            pick(from.value, value),
            pick(from.residual, residual),
            pick(from.mrdr_value, mrdr_value),
            pick(from.mrdr_residual, mrdr_residual),
            pick(from.accepted, accepted)};
  }
};

stats::ErrorWorth worth_of(const std::vector<double>& influence) {
  return {stats::shape_of_influence(influence).freedom, static_cast<double>(influence.size())};
}

// Numbers keep their order as keys; its own inverse on what it gives.
std::int64_t ordered(std::int64_t bits) {
  return bits < 0 ? bits ^ std::numeric_limits<std::int64_t>::max() : bits;
}

}  // namespace

Segmenting::Segmenting(const Log& log, const std::vector<std::string>& columns,
                       std::optional<Duration> window)
    : log_(log), window_micros_(window ? window->nanos / 1000 : 0) {
  for (const std::string& name : columns) {
    for (const ContextColumn& column : log.context) {
      if (column.name == name) columns_.push_back(column);
    }
  }
  if (window && log.time == Log::kNone)
    throw Error(ErrorKind::invalid, "--window needs a column with the time",
                "say which with --columns time=NAME");
  if (window && window_micros_ <= 0) throw Error(ErrorKind::usage, "--window is too short");
}

void Segmenting::key_of(const Batch& batch, std::size_t row, Key& key) const {
  key.clear();
  for (const ContextColumn& column : columns_) {
    const std::uint32_t code = batch.columns[column.index].codes[row];
    const double number = batch.columns[column.index].numbers[row];
    const KeyKind kind = code != events::kNoLabel ? kTextKey
                         : std::isnan(number)     ? kNoKey
                                                  : kNumberKey;
    key.push_back(kind);
    key.push_back(kind == kTextKey     ? std::int64_t{code}
                  : kind == kNumberKey ? ordered(std::bit_cast<std::int64_t>(number + 0.0))
                                       : 0);
  }
  if (window_micros_ == 0) return;
  const std::int64_t t = batch.columns[log_.time].integers[row];
  key.push_back(t / window_micros_ - (t % window_micros_ < 0 ? 1 : 0));
}

std::string Segmenting::name_of(const Key& key) const {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ContextColumn& column = columns_[i];
    const std::int64_t kind = key[2 * i], at = key[2 * i + 1];
    std::string value = "(none)";
    if (kind == kTextKey) value = log_.labels[column.index][static_cast<std::uint32_t>(at)];
    if (kind == kNumberKey) value = double_text(std::bit_cast<double>(ordered(at)));
    parts.push_back(fmt::format("{}={}", column.name, value));
  }
  if (window_micros_ > 0) {
    constexpr std::size_t kDay = 10;  // letters of it
    const std::string from = format_rfc3339(Instant::from_micros(key.back() * window_micros_));
    const bool whole_days = window_micros_ % (Duration::seconds(24 * 3600).nanos / 1000) == 0;
    parts.push_back(whole_days ? from.substr(0, kDay) : from);
  }
  return join(parts, " ");
}

SegmentTallies::SegmentTallies(const Segmenting& segmenting, const TallyPlan& plan)
    : segmenting_(&segmenting), plan_(&plan) {}

Tally& SegmentTallies::tally_of(const Segmenting::Key& key) {
  const auto found = tallies_.find(key);
  if (found != tallies_.end()) return found->second;
  if (tallies_.size() == kMost)
    throw Error(ErrorKind::invalid, fmt::format("there are more than {} segments", kMost),
                "choose columns with fewer values, or a longer --window");
  return tallies_.emplace(key, Tally(*plan_, kBlocks)).first->second;
}

void SegmentTallies::add(const Batch& batch, const Tally::Rows& rows,
                         const std::vector<std::uint32_t>& block) {
  std::map<Segmenting::Key, std::vector<std::size_t>> members;
  Segmenting::Key key;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    segmenting_->key_of(batch, i, key);
    members[key].push_back(i);
  }
  std::vector<Picked> picked(rows.by_target.size());
  std::vector<OpeRows> copies(rows.by_target.size());
  std::vector<std::uint32_t> blocks;
  for (const auto& [of, which] : members) {
    Tally::Rows some;
    for (std::size_t t = 0; t < picked.size(); ++t) {
      copies[t] = picked[t].of(*rows.by_target[t], which);
      some.by_target.push_back(&copies[t]);
    }
    blocks.clear();
    for (const std::size_t i : which) blocks.push_back(block[i] % kBlocks);
    some.block = blocks;
    tally_of(of).add(some);
  }
}

void SegmentTallies::add(const SegmentTallies& other) {
  for (const auto& [key, tally] : other.tallies_) tally_of(key).add(tally);
}

std::vector<Segment> SegmentTallies::describe(const Segmenting& segmenting,
                                              const stats::Estimand& target,
                                              const stats::Estimand& baseline, double alpha) const {
  std::vector<Segment> out;
  std::vector<double> p;
  std::vector<std::size_t> tested;
  for (const auto& [key, tally] : tallies_) {
    Segment segment;
    segment.name = segmenting.name_of(key);
    segment.rows = tally.rows();
    segment.effective = tally.weights()[0].effective();
    segment.largest_share = tally.weights()[0].largest_share();
    segment.is_refused = segment.effective < kLeastEffectiveOfSegment ||
                         segment.largest_share > kMostOfOneRowOfSegment;
    const std::vector<double> totals = tally.sums().totals();
    std::vector<double> influence = stats::block_influence(tally.sums(), target, totals);
    const std::vector<double> other = stats::block_influence(tally.sums(), baseline, totals);
    segment.value = stats::estimate(target, totals);
    segment.error = stats::error_of_influence(influence);
    const double half = segment.error * stats::student_factor(worth_of(influence), alpha);
    segment.interval = {segment.value - half, segment.value + half};
    segment.baseline = stats::estimate(baseline, totals);
    segment.difference = segment.value - segment.baseline;
    for (std::size_t b = 0; b < influence.size(); ++b) influence[b] -= other[b];
    segment.difference_error = stats::error_of_influence(influence);
    if (segment.difference_error > 0)
      segment.p =
          stats::student_p(worth_of(influence), segment.difference / segment.difference_error);
    if (!segment.is_refused) {
      p.push_back(segment.p);
      tested.push_back(out.size());
    }
    out.push_back(std::move(segment));
  }
  const std::vector<double> by_holm = stats::holm(p), by_bh = stats::benjamini_hochberg(p);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    out[tested[i]].holm = by_holm[i];
    out[tested[i]].benjamini_hochberg = by_bh[i];
  }
  return out;
}

}  // namespace autopilot::evaluate
