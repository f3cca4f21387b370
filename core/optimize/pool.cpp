#include "core/optimize/pool.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr std::size_t kBlock = 512;  // summed on its own, so that rounding does not grow

const double kTwoLogTwo = 2 * std::log(2.0);

}  // namespace

void Pool::add_step(std::size_t channel, double width, double slope) {
  if (!(width > 0)) return;
  steps_.push_back({slope, width, static_cast<std::uint32_t>(channel)});
  widest_ += width;
  top_ = std::max(top_, slope);
  least_ = std::min(least_, slope);
  ++parts_;
}

Pool::Lane& Pool::lane(Family family, double shift, bool penalised) {
  for (Lane& lane : lanes_) {
    if (lane.family == family && lane.shift == shift && lane.penalised == penalised) return lane;
  }
  lanes_.push_back({family, shift, penalised, {}, {}, {}, {}, {}, {}, {}, {}, {}});
  return lanes_.back();
}

void Pool::add_smooth(std::size_t channel, const Curve& c, double low, double high, double shift,
                      double penalty) {
  if (!(high > low)) return;
  ++parts_;
  widest_ += high - low;
  top_ = std::max(top_, slope_at(c, low) - penalty * low - shift);
  least_ =
      std::min(least_, (std::isinf(high) ? 0 : slope_before(c, high) - penalty * high) - shift);
  Family family = c.family;
  if (family == Family::hill && c.s == 1) family = Family::michaelis_menten;
  if (penalty > 0 && family == Family::linear) family = Family::quadratic;
  const bool closed = family == Family::quadratic && c.family != Family::piecewise;
  Lane& to = lane(family, shift, penalty > 0 && !closed);
  to.low.push_back(low);
  to.high.push_back(high);
  to.channel.push_back(static_cast<std::uint32_t>(channel));
  double p = c.a, q = c.b + c.carry, r = 0, t = 0;
  switch (family) {
    case Family::exponential:
      p = c.b;
      q = c.b * std::log(c.a / c.b) - c.carry;
      break;
    case Family::michaelis_menten:
      p = std::sqrt(c.a * c.b);
      break;
    case Family::quadratic:
      q = 0;
      r = (c.family == Family::linear ? 0 : c.b) + penalty;
      p = c.family == Family::linear ? c.a : c.a - c.b * c.carry;
      break;
    case Family::power:
      p = std::log(c.a * c.s);
      q = c.carry;
      r = 1 / (1 - c.s);
      break;
    case Family::hill:
      p = c.b;
      q = c.carry;
      r = c.s;
      t = std::log(c.a * c.s / c.b);
      to.warm.push_back(std::nan(""));
      break;
    default:
      break;
  }
  if (to.penalised) {
    to.curves.push_back(c);
    r = penalty;
  }
  to.p.push_back(p);
  to.q.push_back(q);
  to.r.push_back(r);
  to.t.push_back(t);
}

void Pool::finish() {
  std::sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) {
    return a.slope != b.slope ? a.slope > b.slope : a.channel < b.channel;
  });
  reached_.assign(steps_.size() + 1, 0);
  double lost = 0;
  for (std::size_t k = 0; k < steps_.size(); ++k) {  // Kahan's sum
    const double width = steps_[k].width - lost;
    reached_[k + 1] = reached_[k] + width;
    lost = std::isinf(reached_[k + 1]) ? 0 : (reached_[k + 1] - reached_[k]) - width;
  }
}

double Pool::wanted(Lane& lane, std::size_t i, double price, double log_price, double& fall) {
  const double p = lane.p[i], q = lane.q[i];
  switch (lane.family) {
    case Family::logarithm: {
      const double x = p / price;
      fall = x / price;
      return x - q;
    }
    case Family::exponential:
      fall = p / price;
      return q - p * log_price;
    case Family::michaelis_menten: {
      const double x = p / std::sqrt(price);
      fall = x / (2 * price);
      return x - q;
    }
    case Family::power: {
      const double x = std::exp((p - log_price) * lane.r[i]);
      fall = x * lane.r[i] / price;
      return x - q;
    }
    default: {
      const double s = lane.r[i];
      const double target = log_price - lane.t[i];
      double& warm = lane.warm[i];
      if (s > 1) {
        const double turn = std::log((s - 1) / (s + 1)) / s;
        const double most = (s - 1) * turn - 2 * std::log1p(std::exp(s * turn));
        if (target >= most) {
          fall = 0;
          return -kInfinity;
        }
        if (warm <= turn) warm = std::nan("");
      }
      if (std::isnan(warm)) {
        warm = 0;
        if (target < -kTwoLogTwo) warm = -target / (s + 1);
        if (target > 0 && s < 1) warm = target / (s - 1);
      }
      double w = hill_logarithm(s, target, warm);
      if (!std::isfinite(w)) w = -target / (s + 1);
      warm = w;
      const double e = std::exp(s * w), x = p * std::exp(w);
      const double bend = 2 * s * (std::isinf(e) ? 1 : e / (1 + e)) - (s - 1);
      fall = x / (bend * price);
      return x - q;
    }
  }
}

// visit(index, amount above low, fall) for each part of a lane.
template <class F>
void Pool::each_wanted(Lane& lane, double price, F visit) {
  const double at = price + lane.shift;
  const std::size_t n = lane.low.size();
  if (lane.penalised) {
    for (std::size_t i = 0; i < n; ++i) {
      const Best best = best_at(lane.curves[i], at, lane.low[i], lane.high[i], lane.r[i]);
      const double step = std::max(1e-9, 1e-6 * std::abs(at));
      const double lower =
          best_at(lane.curves[i], at - step, lane.low[i], lane.high[i], lane.r[i]).low;
      visit(i, best.low - lane.low[i], (lower - best.low) / step);
    }
    return;
  }
  if (lane.family == Family::quadratic) {
    for (std::size_t i = 0; i < n; ++i) {
      const double x = (lane.p[i] - at) / lane.r[i];
      const bool within = x > lane.low[i] && x < lane.high[i];
      visit(i, std::clamp(x, lane.low[i], lane.high[i]) - lane.low[i], within ? 1 / lane.r[i] : 0);
    }
    return;
  }
  if (!(at > 0)) {
    for (std::size_t i = 0; i < n; ++i) visit(i, lane.high[i] - lane.low[i], 0.0);
    return;
  }
  const double log_price = std::log(at);
  for (std::size_t i = 0; i < n; ++i) {
    double fall = 0;
    const double x = wanted(lane, i, at, log_price, fall);
    if (!(x > lane.low[i]))
      visit(i, 0.0, 0.0);
    else if (!(x < lane.high[i]))
      visit(i, lane.high[i] - lane.low[i], 0.0);
    else
      visit(i, x - lane.low[i], fall);
  }
}

double Pool::step_low(double price) const {
  const auto first = std::partition_point(steps_.begin(), steps_.end(),
                                          [&](const Step& s) { return s.slope > price; });
  return reached_[static_cast<std::size_t>(first - steps_.begin())];
}

Demand Pool::demand(double price) {
  Demand out;
  for (Lane& lane : lanes_) {
    double block = 0, falls = 0, lane_sum = 0;
    each_wanted(lane, price, [&](std::size_t i, double amount, double fall) {
      block += amount;
      falls += fall;
      if (i % kBlock == kBlock - 1) {
        lane_sum += block;
        block = 0;
      }
    });
    out.low += lane_sum + block;
    out.fall += falls;
  }
  out.low += base_;
  out.high = out.low;
  if (steps_.empty()) return out;
  out.low += step_low(price);
  const auto last = std::partition_point(steps_.begin(), steps_.end(),
                                         [&](const Step& s) { return s.slope >= price; });
  out.high += reached_[static_cast<std::size_t>(last - steps_.begin())];
  return out;
}

void Pool::spend(double price, std::vector<double>& low, std::vector<double>& high,
                 std::vector<double>& falls) {
  for (Lane& lane : lanes_) {
    each_wanted(lane, price, [&](std::size_t i, double amount, double fall) {
      low[lane.channel[i]] += amount;
      high[lane.channel[i]] += amount;
      falls[lane.channel[i]] += fall;
    });
  }
  for (const Step& step : steps_) {
    if (step.slope < price) break;
    high[step.channel] += step.width;
    if (step.slope > price) low[step.channel] += step.width;
  }
}

double Pool::guess(double price, double smooth, double fall, double target) const {
  const bool by_ratio = price > 0;
  const auto smooth_at = [&](double other) {
    if (fall == 0) return smooth;
    if (!by_ratio) return smooth - fall * (other - price);
    return other > 0 ? smooth - fall * price * std::log(other / price) : kInfinity;
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
  return by_ratio ? price * std::exp(missing / price) : price + missing;
}

double Pool::middle_step(double low, double high) const {
  const auto first = std::partition_point(steps_.begin(), steps_.end(),
                                          [&](const Step& s) { return s.slope >= high; });
  const auto last =
      std::partition_point(first, steps_.end(), [&](const Step& s) { return s.slope > low; });
  return first == last ? std::nan("") : (first + (last - first) / 2)->slope;
}

Pool Pool::sample(std::size_t every) const {
  Pool out;
  for (std::size_t k = every / 2; k < steps_.size(); k += every)
    out.add_step(steps_[k].channel, steps_[k].width, steps_[k].slope);
  for (const Lane& lane : lanes_) {
    if (lane.penalised) continue;
    Lane& to = out.lane(lane.family, lane.shift, false);
    for (std::size_t i = every / 2; i < lane.low.size(); i += every) {
      to.low.push_back(lane.low[i]);
      to.high.push_back(lane.high[i]);
      to.p.push_back(lane.p[i]);
      to.q.push_back(lane.q[i]);
      to.r.push_back(lane.r[i]);
      to.t.push_back(lane.t[i]);
      if (!lane.warm.empty()) to.warm.push_back(std::nan(""));
      to.channel.push_back(lane.channel[i]);
      out.widest_ += lane.high[i] - lane.low[i];
      ++out.parts_;
    }
  }
  out.finish();
  return out;
}

}  // namespace autopilot::optimize
