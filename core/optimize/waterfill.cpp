#include "core/optimize/waterfill.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/optimize/price_search.h"

namespace autopilot::optimize {
namespace {

constexpr double kClose = 2e-13;           // of a target: what rounding may leave to close
constexpr double kSlack = 1e-9;            // by how much bounds may miss each other
constexpr std::size_t kManyParts = 20000;  // from which on a sample finds the start
constexpr std::size_t kSampled = 64;       // one in so many
constexpr double kNear = 1e-6;             // of a target: where many parts are as good as smooth
constexpr double kSteepest = 1e300;        // a slope that stands for an infinite one
constexpr double kMost = std::numeric_limits<double>::max();

}  // namespace

Waterfill::Waterfill(const Forest& forest, bool with_returns)
    : forest_(forest),
      with_returns_(with_returns),
      pools_(forest.nodes.size(), Pool(with_returns)),
      base_(forest.home.size(), 0),
      top_(forest.home.size(), 0),
      fixed_(forest.nodes.size(), 0) {
  if (pools_.size() == 1) pools_[0].expect(forest.home.size());
}

void Waterfill::add_base(std::size_t channel, double low, double high) {
  base_[channel] = low;
  top_[channel] = high;
  pools_[forest_.home[channel]].add_base(low);
}

void Waterfill::add_fixed(std::size_t node, double amount) {
  fixed_[node] += amount;
  pools_[node].add_base(amount);
}

void Waterfill::add_step(std::size_t channel, double width, double slope) {
  pools_[forest_.home[channel]].add_step(channel, width, slope);
}

void Waterfill::add_smooth(std::size_t channel, const Curve& curve, double low, double high,
                           double shift, double penalty) {
  pools_[forest_.home[channel]].add_smooth(channel, curve, low, high, shift, penalty);
}

void Waterfill::add(std::size_t channel, const Curve& curve, double low, double high,
                    double penalty) {
  add_with_friction(channel, curve, low, high, low, 0, penalty);
}

void Waterfill::add_with_friction(std::size_t channel, const Curve& curve, double low, double high,
                                  double current, double friction, double penalty) {
  add_base(channel, low, high);
  if (with_returns_ && (is_straight(curve) || !(high > low)))
    pools_[forest_.home[channel]].add_base(0, value_at(curve, low));
  const double kink = friction == 0 ? low : std::clamp(current, low, high);
  const auto add_part = [&](const Stretch& part, double from, double to, double shift) {
    if (!(to > from)) return;
    if (part.straight && penalty == 0) return add_step(channel, to - from, part.slope - shift);
    if (!part.straight) return add_smooth(channel, curve, from, to, shift, penalty);
    // Slope less penalty x: a parabola whose argument is the spend itself.
    const Curve straight{Family::linear, part.slope, 1, 1, 0, {}};
    add_smooth(channel, straight, from, to, shift, penalty);
  };
  if (!is_straight(curve) && inflection_of(curve) <= low) {
    add_part({low, high, 0, false}, low, kink, -friction);
    add_part({low, high, 0, false}, kink, high, friction);
    return;
  }
  const auto add_stretch = [&](const Stretch& part) {
    add_part(part, part.low, std::min(part.high, kink), -friction);
    add_part(part, std::max(part.low, kink), part.high, friction);
  };
  if (is_straight(curve) && curve.family != Family::piecewise)
    return add_stretch({low, high, slope_at(curve, low), true});
  for (const Stretch& part : concave_envelope(curve, low, high)) add_stretch(part);
}

void Waterfill::finish() {
  for (Pool& pool : pools_) pool.finish();
}

// Bounds of each node from those of what is in it; false when they cannot all be met.
bool Waterfill::tighten(Filled& out) {
  const std::size_t n = forest_.nodes.size();
  least_.assign(n, 0);
  most_.assign(n, 0);
  for (std::size_t k = n; k-- > 0;) {
    const ForestNode& node = forest_.nodes[k];
    double least = pools_[k].base(), most = pools_[k].base() + pools_[k].widest();
    for (const std::size_t child : node.children) {
      least += least_[child];
      most += most_[child];
    }
    const double slack = kSlack * std::max({1e-300, std::abs(least), std::abs(node.min)});
    if (least > node.max + slack || most < node.min - slack || node.min > node.max + slack) {
      out.node = k;
      return false;
    }
    least_[k] = std::min(std::max(least, node.min), most);
    most_[k] = std::max(std::min(most, node.max), least_[k]);
  }
  return true;
}

Demand Waterfill::demand(std::size_t k, double price, bool with_returns) {
  Known& known = known_[k];
  if (known.price == price && (known.with_returns || !with_returns)) return known.demand;
  Demand out = pools_[k].demand(price, with_returns);
  for (const std::size_t child : forest_.nodes[k].children) {
    const Demand of = demand(child, price, with_returns);
    out.low += std::clamp(of.low, least_[child], most_[child]);
    out.high += std::clamp(of.high, least_[child], most_[child]);
    if (of.low < most_[child] && of.high > least_[child]) out.fall += of.fall;
    if (with_returns) out.returned += returned_within(child, of, price);
  }
  known = {price, out, with_returns};
  return out;
}

// What a node returns that gets what it wants, or what its bounds leave of that.
double Waterfill::returned_within(std::size_t k, const Demand& wanted, double price) {
  if (wanted.low > most_[k]) {
    if (std::isnan(returned_[k].most)) returned_[k].most = returned_at(k, most_[k]);
    return returned_[k].most;
  }
  if (wanted.high < least_[k]) {
    if (std::isnan(returned_[k].least)) returned_[k].least = returned_at(k, least_[k]);
    return returned_[k].least;
  }
  return wanted.returned + price * (std::max(wanted.low, least_[k]) - wanted.low);
}

double Waterfill::returned_at(std::size_t k, double target) {
  double price = price_at_end(k, target);
  if (std::isnan(price)) price = search(k, target, std::nan(""));
  const Demand there = demand(k, price, true);
  const double off = target - there.low;
  return there.returned + (off == 0 ? 0 : price * off);
}

double Waterfill::start_of(std::size_t k, double target) {
  const Pool& pool = pools_[k];
  if (pool.parts() < kManyParts || !forest_.nodes[k].children.empty()) return std::nan("");
  Pool few = pool.sample(kSampled);
  if (few.parts() == 0) return std::nan("");
  const double share =
      (target - pool.base()) * static_cast<double>(few.parts()) / static_cast<double>(pool.parts());
  return few.price_for(share, 1e-4 * share);
}

bool Waterfill::is_met(const Demand& wanted, double target) {
  const double close = kClose * std::abs(target);
  return wanted.low <= target + close && wanted.high >= target - close;
}

// The price at which a node wants `target`.
double Waterfill::search(std::size_t k, double target, double hint) {
  double low = -kMost, high = kMost;  // more is wanted at low, less at high
  double price = std::isfinite(hint) ? hint : start_of(k, target);
  if (!std::isfinite(price)) price = 1;
  const bool alone = forest_.nodes[k].children.empty();
  double best = price, best_miss = kInfinity;
  for (int i = 0; i < 200; ++i) {
    const Demand d = demand(k, price);
    ++rounds_;
    if (is_met(d, target)) return price;
    const double miss = d.low > target ? d.low - target : target - d.high;
    if (miss < best_miss) {
      best_miss = miss;
      best = price;
    }
    (d.low > target ? low : high) = price;
    double next = alone ? guess(k, price, d, target, 0)
                        : price + (d.low > target ? d.low - target : d.high - target) / d.fall;
    if (alone && miss <= kNear * std::abs(target) && is_smooth_between(k, price, next)) {
      // What Newton's step still misses is of the order of rounding.
      known_[k] = {next, {target, target, d.fall, 0}, false};
      return next;
    }
    if (i % 4 == 3 && !alone) {
      double step = pools_[k].middle_step(low, high);
      for (std::size_t n = k + 1; std::isnan(step) && n < pools_.size(); ++n)
        step = pools_[n].middle_step(low, high);
      if (!std::isnan(step)) next = step;
    }
    // Halving keeps a bad start or a kink from costing more than 64 looks.
    if (!(next > low && next < high) || i % 8 == 7) next = between(low, high);
    if (!(next > low && next < high)) break;
    price = next;
  }
  return best;
}

double Waterfill::guess(std::size_t k, double price, const Demand& there, double target,
                        double bend) const {
  const Pool& pool = pools_[k];
  return pool.guess(price, there.low - pool.step_low(price), there.fall, target, bend);
}
double Waterfill::guess(double price, const Demand& there, double target, double bend) const {
  if (forest_.nodes[0].children.empty()) return guess(0, price, there, target, bend);
  const double missing = (there.low > target ? there.low : there.high) - target;
  return price > 0 ? price * std::exp(missing / (there.fall * price))
                   : price + missing / there.fall;
}

// Many parts, none of them a step between the prices, which are close.
bool Waterfill::is_smooth_between(std::size_t k, double a, double b) const {
  const Pool& pool = pools_[k];
  return pool.parts() >= kManyParts && std::isfinite(b) && pool.step_low(a) == pool.step_low(b) &&
         std::isnan(pool.middle_step(std::min(a, b), std::max(a, b)));
}

void Waterfill::expect_near(double price, double reach) {
  for (Pool& pool : pools_) pool.expect_near(price, reach);
  known_.assign(known_.size(), {});
}

double Waterfill::price_of(double target, double hint) {
  const double end = price_at_end(0, target);
  return std::isnan(end) ? search(0, target, hint) : end;
}

// Where nothing is open, any price beyond that of the first unit more (or the last less) would do;
// this is the nearest. NaN when `target` lies between.
double Waterfill::price_at_end(std::size_t k, double target) {
  const double close = kClose * std::abs(target);
  double least = pools_[k].base(), most = pools_[k].base() + pools_[k].widest();
  for (const std::size_t child : forest_.nodes[k].children) {
    least += least_[child];
    most += most_[child];
  }
  const bool at_least = target <= least + close, at_most = target >= most - close;
  if (!at_least && !at_most) return std::nan("");
  const bool alone = forest_.nodes[k].children.empty() && pools_[k].parts() > 0;
  if (alone && at_least) return std::min(pools_[k].top_slope(), kSteepest);
  if (alone) return pools_[k].least_slope();
  double low = -kSteepest, high = kSteepest;
  if (at_least) {
    narrow(low, high, [&](double price) { return demand(k, price).low > target + close; });
    return high;
  }
  narrow(low, high, [&](double price) { return demand(k, price).high >= target - close; });
  return low;
}

bool Waterfill::begin() {
  Filled out;
  known_.assign(forest_.nodes.size(), {});
  returned_.assign(forest_.nodes.size(), {});
  return tighten(out);
}

}  // namespace autopilot::optimize
