#include "core/optimize/pool.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/optimize/price_search.h"

namespace autopilot::optimize {
namespace {

constexpr int kMostLooks = 200;
constexpr std::size_t kManySteps = 2000;

struct Keyed {
  std::uint64_t key;
  std::size_t place;
};
// Stable, from the last digit to the first; digits that are the same everywhere are left out.
void sort_by_key(std::vector<Keyed>& list) {
  constexpr int kBits = 11, kDigits = 6;
  constexpr std::size_t kValues = std::size_t{1} << kBits;
  std::vector<std::size_t> count(kDigits * kValues, 0);
  const auto digit = [](std::uint64_t key, int d) {
    return static_cast<std::size_t>(key >> (d * kBits)) & (kValues - 1);
  };
  for (const Keyed& k : list) {
    for (int d = 0; d < kDigits; ++d)
      ++count[static_cast<std::size_t>(d) * kValues + digit(k.key, d)];
  }
  std::vector<Keyed> other(list.size());
  for (int d = 0; d < kDigits; ++d) {
    std::size_t* const counts = &count[static_cast<std::size_t>(d) * kValues];
    if (counts[digit(list.front().key, d)] == list.size()) continue;
    std::size_t before = 0;
    for (std::size_t v = 0; v < kValues; ++v) before += std::exchange(counts[v], before);
    for (const Keyed& k : list) other[counts[digit(k.key, d)]++] = k;
    list.swap(other);
  }
}

// Neumaier's sum, of which every stage is asked for.
class Stages {
 public:
  void add(double x) {
    const double next = sum_ + x;
    if (std::isfinite(next))
      lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  double so_far() const { return sum_ + lost_; }

 private:
  double sum_ = 0, lost_ = 0;
};

}  // namespace

void Pool::add_base(double low, double value) {
  base_ += low;
  base_value_ += value;
}

void Pool::add_step(std::size_t channel, double width, double slope) {
  if (!(width > 0)) return;
  steps_.push_back({slope, width, static_cast<std::uint32_t>(channel)});
  widest_ += width;
  ++parts_;
}

Lane& Pool::lane(Family family, double shift) {
  for (Lane& lane : lanes_) {
    if (lane.family == family && lane.shift == shift) return lane;
  }
  lanes_.emplace_back();
  lanes_.back().family = family;
  lanes_.back().shift = shift;
  lanes_.back().reserve(expected_ / 4);
  return lanes_.back();
}

void Pool::add_smooth(std::size_t channel, const Curve& c, double low, double high, double shift,
                      double penalty) {
  if (!(high > low)) return;
  ++parts_;
  widest_ += high - low;
  Family family = c.family;
  if (family == Family::hill && c.s == 1) family = Family::michaelis_menten;
  if (penalty > 0 && family == Family::linear) family = Family::quadratic;
  const auto of = static_cast<std::uint32_t>(channel);
  if (penalty > 0 && family != Family::quadratic)
    penalised_.push_back({shift, low, high, penalty, c, of});
  else
    lane(family, shift).add(c, low, high, penalty, of, with_returns_);
}

// By falling slope, then by channel: digit by digit, which beats comparing where there are many.
void Pool::sort_steps() {
  const auto is_before = [](const Step& a, const Step& b) {
    return a.slope != b.slope ? a.slope > b.slope : a.channel < b.channel;
  };
  if (steps_.size() < kManySteps) return std::sort(steps_.begin(), steps_.end(), is_before);
  std::vector<Keyed> order(steps_.size());
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    const auto rising = static_cast<std::uint64_t>(ordinal_of(steps_[k].slope));
    order[k] = {~(rising ^ (std::uint64_t{1} << 63)), k};
  }
  sort_by_key(order);
  std::vector<Step> sorted;
  sorted.reserve(steps_.size());
  for (const Keyed& k : order) sorted.push_back(steps_[k.place]);
  steps_ = std::move(sorted);
  if (!std::is_sorted(steps_.begin(), steps_.end(), is_before))
    std::sort(steps_.begin(), steps_.end(), is_before);
}

void Pool::finish() {
  sort_steps();
  reached_.assign(steps_.size() + 1, 0);
  if (with_returns_) earned_ = reached_;
  Stages width, earned;
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    width.add(steps_[k].width);
    reached_[k + 1] = width.so_far();
    if (!with_returns_) continue;
    earned.add(steps_[k].width * steps_[k].slope);
    earned_[k + 1] = earned.so_far();
  }
  for (Lane& lane : lanes_) lane.finish();
}

LaneSums Pool::look(const Penalised& part, double price) const {
  const double at = price + part.shift;
  const auto best = [&](double p) {
    return best_at(part.curve, p, part.low, part.high, part.penalty).low;
  };
  const double step = std::max(1e-9, 1e-6 * std::abs(at)), here = best(at);
  return {here - part.low, (best(at - step) - here) / step, 0};
}

std::size_t Pool::steps_above(double price, bool or_at) const {
  const auto first = std::partition_point(steps_.begin(), steps_.end(), [&](const Step& s) {
    return or_at ? s.slope >= price : s.slope > price;
  });
  return static_cast<std::size_t>(first - steps_.begin());
}

double Pool::step_low(double price) const { return reached_[steps_above(price, false)]; }

Demand Pool::demand(double price, bool with_returns) {
  Demand out{base_, 0, 0, base_value_};
  if (!add_expanded_demand(price, with_returns, out)) add_smooth_demand(price, with_returns, out);
  out.high = out.low;
  if (steps_.empty()) return out;
  const std::size_t taken = steps_above(price, false);
  out.low += reached_[taken];
  out.high += reached_[steps_above(price, true)];
  if (with_returns) out.returned += earned_[taken];
  return out;
}

void Pool::add_smooth_demand(double price, bool with_returns, Demand& out) {
  const auto add = [&](const LaneSums& sums) {
    out.low += sums.amount;
    out.fall += sums.fall;
    out.returned += sums.returned;
  };
  for (Lane& lane : lanes_) add(look_at(lane, price, with_returns, nullptr, nullptr));
  for (const Penalised& part : penalised_) add(look(part, price));
}

void Pool::spend(double price, std::vector<double>& spend, std::vector<double>& falls,
                 std::vector<OpenStep>& open) {
  for (Lane& lane : lanes_) {
    amounts_.resize(lane.low.size());
    falls_.resize(lane.low.size());
    look_at(lane, price, false, amounts_.data(), falls_.data());
    for (std::size_t i = 0; i < lane.channel.size(); ++i) {
      spend[lane.channel[i]] += amounts_[i];
      falls[lane.channel[i]] += falls_[i];
    }
  }
  for (const Penalised& part : penalised_) {
    const LaneSums sums = look(part, price);
    spend[part.channel] += sums.amount;
    falls[part.channel] += sums.fall;
  }
  for (const Step& step : steps_) {
    if (step.slope < price) break;
    if (step.slope > price)
      spend[step.channel] += step.width;
    else
      open.push_back({step.channel, step.width});
  }
}

double Pool::guess(double price, double smooth, double fall, double target, double bend) const {
  const bool by_ratio = price > 0;
  const auto smooth_at = [&](double other) {
    if (fall == 0) return smooth;
    if (!by_ratio) return smooth - fall * (other - price);
    if (!(other > 0)) return kInfinity;
    const double ratio = std::log(other / price);
    return smooth - fall * price * ratio * (1 + bend / 2 * ratio);
  };
  // The first step at whose slope, the step itself taken, enough is wanted.
  std::size_t a = 0, b = steps_.size();
  while (a < b) {
    const std::size_t k = (a + b) / 2;
    if (smooth_at(steps_[k].slope) + reached_[k + 1] >= target)
      b = k;
    else
      a = k + 1;
  }
  if (a < steps_.size() && smooth_at(steps_[a].slope) + reached_[a] <= target)
    return steps_[a].slope;
  if (fall == 0) return std::nan("");
  const double missing = (smooth + reached_[a] - target) / fall;
  if (!by_ratio) return price + missing;
  // missing = ratio (1 + bend / 2 ratio), from the side of a small bend.
  const double off = missing / price, root = 1 + 2 * bend * off;
  const double ratio = root > 0 ? 2 * off / (1 + std::sqrt(root)) : off;
  return price * std::exp(ratio);
}

double Pool::price_for(double target, double close) {
  constexpr double far = std::numeric_limits<double>::max();
  double low = -far, high = far, price = 1;
  for (int i = 0; i < kMostLooks; ++i) {
    const Demand d = demand(price);
    if (d.low <= target + close && d.high >= target - close) return price;
    (d.low > target ? low : high) = price;
    double next = guess(price, d.low - step_low(price), d.fall, target);
    if (!(next > low && next < high) || i % 8 == 7) next = between(low, high);
    if (!(next > low && next < high)) break;
    price = next;
  }
  return price;
}

double Pool::top_slope() const {
  double top = steps_.empty() ? -kInfinity : steps_.front().slope;
  for (const Lane& lane : lanes_) {
    for (std::size_t i = 0; i < lane.channel.size(); ++i)
      top = std::max(top, lane.slope_at_end(i, false) - lane.shift);
  }
  for (const Penalised& p : penalised_)
    top = std::max(top, slope_at(p.curve, p.low) - p.penalty * p.low - p.shift);
  return top;
}

double Pool::least_slope() const {
  double least = steps_.empty() ? kInfinity : steps_.back().slope;
  for (const Lane& lane : lanes_) {
    for (std::size_t i = 0; i < lane.channel.size(); ++i)
      least = std::min(least, lane.slope_at_end(i, true) - lane.shift);
  }
  for (const Penalised& p : penalised_) {
    const double end = std::isinf(p.high) ? 0 : slope_before(p.curve, p.high) - p.penalty * p.high;
    least = std::min(least, end - p.shift);
  }
  return least;
}

double Pool::middle_step(double low, double high) const {
  const std::size_t first = steps_above(high, true), last = steps_above(low, false);
  return first >= last ? std::nan("") : steps_[first + (last - first) / 2].slope;
}

Pool Pool::sample(std::size_t every) const {
  Pool out;
  for (std::size_t k = every / 2; k < steps_.size(); k += every)
    out.add_step(steps_[k].channel, steps_[k].width, steps_[k].slope);
  for (const Lane& lane : lanes_) {
    out.lanes_.push_back(lane.sample(every));
    const Lane& added = out.lanes_.back();
    out.parts_ += added.channel.size();
    for (std::size_t i = 0; i < added.channel.size(); ++i)
      out.widest_ += added.high[i] - added.low[i];
  }
  out.finish();
  return out;
}

}  // namespace autopilot::optimize
