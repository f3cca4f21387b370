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

void add_exactly(double x, double& sum, double& lost) {  // Neumaier's sum
  const double next = sum + x;
  lost += std::abs(sum) >= std::abs(x) ? (sum - next) + x : (x - next) + sum;
  sum = next;
}

}  // namespace

Waterfill::Waterfill(const Forest& forest, bool with_returns)
    : forest_(forest),
      with_returns_(with_returns),
      pools_(forest.nodes.size(), Pool(with_returns)),
      base_(forest.home.size(), 0),
      fixed_(forest.nodes.size(), 0) {
  if (pools_.size() == 1) pools_[0].expect(forest.home.size());
}

void Waterfill::add_base(std::size_t channel, double low) {
  base_[channel] = low;
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
  add_base(channel, low);
  if (with_returns_ && (is_straight(curve) || !(high > low)))
    pools_[forest_.home[channel]].add_base(0, value_at(curve, low));
  const double kink = std::clamp(current, low, high);
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
  for (const Stretch& part : concave_envelope(curve, low, high)) {
    add_part(part, part.low, std::min(part.high, kink), -friction);
    add_part(part, std::max(part.low, kink), part.high, friction);
  }
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

// The price at which a node wants `target`.
double Waterfill::search(std::size_t k, double target, double hint) {
  const double close = kClose * std::abs(target);
  double low = -kMost, high = kMost;  // more is wanted at low, less at high
  double price = std::isfinite(hint) ? hint : start_of(k, target);
  if (!std::isfinite(price)) price = 1;
  const bool alone = forest_.nodes[k].children.empty();
  double best = price, best_miss = kInfinity;
  for (int i = 0; i < 200; ++i) {
    const Demand d = demand(k, price);
    ++rounds_;
    if (d.low <= target + close && d.high >= target - close) return price;
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

void Waterfill::descend(std::size_t k, double target, double price, Filled& out) {
  const double hint = price;
  const Demand wanted = demand(k, price);
  const double close = kClose * std::abs(target);
  target_[k] = target;
  bound_[k] = k == 0 ? forest_.nodes[0].min == forest_.nodes[0].max : false;
  if (wanted.low > target + close || wanted.high < target - close) {
    bound_[k] = true;
    if (std::isnan(price = price_at_end(k, target)))
      price = search(k, target, k == 0 ? last_price_ : hint > 0 ? hint : std::nan(""));
    if (k == 0) last_price_ = price;
  }
  out.price_of[k] = price;
  const double at = std::isfinite(price) ? price : kMost;
  const Demand open = demand(k, at);
  const double width = open.high - open.low;
  const double share =
      width > 0 && std::isfinite(width) ? std::clamp((target - open.low) / width, 0.0, 1.0) : 0;
  pools_[k].spend(at, out.least, out.most, out.falls);
  for (const std::size_t child : forest_.nodes[k].children) {
    const Demand d = demand(child, at);
    const double low = std::clamp(d.low, least_[child], most_[child]);
    const double high = std::clamp(d.high, least_[child], most_[child]);
    descend(child, high > low && std::isfinite(high) ? low + share * (high - low) : low, at, out);
  }
}

// Among what is as good: nearest to `near`, which is water-filling again, with parabolas.
void Waterfill::settle_ties(const std::vector<double>* near, Filled& out) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < out.spend.size(); ++i) {
    if (out.most[i] > out.least[i]) open.push_back(i);
  }
  if (open.empty()) return;
  Forest again{forest_.nodes, {}};
  for (std::size_t k = 0; k < again.nodes.size(); ++k) {
    if (bound_[k]) again.nodes[k].min = again.nodes[k].max = target_[k];
  }
  for (const std::size_t i : open) again.home.push_back(forest_.home[i]);
  Waterfill nearest(again);
  std::vector<double> settled_sum(again.nodes.size(), 0), lost = settled_sum;
  std::size_t next = 0;
  for (std::size_t i = 0; i < out.spend.size(); ++i) {
    if (next < open.size() && open[next] == i) {
      ++next;
      continue;
    }
    add_exactly(out.spend[i], settled_sum[forest_.home[i]], lost[forest_.home[i]]);
  }
  for (std::size_t k = 0; k < again.nodes.size(); ++k)
    nearest.add_fixed(k, settled_sum[k] + lost[k]);
  for (std::size_t j = 0; j < open.size(); ++j) {
    const std::size_t i = open[j];
    const double aim = near != nullptr ? (*near)[i] : out.least[i];
    nearest.add(j, {Family::quadratic, aim, 1, 1, 0, {}}, out.least[i], out.most[i]);
  }
  nearest.finish();
  const Filled settled = nearest.fill(0, nullptr);
  if (settled.end != Filled::End::done) return;
  for (std::size_t j = 0; j < open.size(); ++j) out.spend[open[j]] = settled.spend[j];
}

// What rounding left of a node's target goes to the parts that are open, each by as much as it
// would give for a lower price. A region is a node with its own price and all within that has no
// other.
void Waterfill::close_rounding(Filled& out) {
  const std::size_t nodes = forest_.nodes.size(), n = forest_.home.size();
  std::vector<std::size_t> region(nodes, 0);
  std::vector<double> missing(nodes, 0), open(nodes, 0), lost(nodes, 0);
  const std::vector<double>& falls = out.falls;
  out.region.assign(n, kFree);
  const auto take = [&](std::size_t k, double amount) {
    add_exactly(-amount, missing[k], lost[k]);
  };
  for (std::size_t k = 0; k < nodes; ++k) {
    if (bound_[k]) missing[k] = target_[k];
    for (const std::size_t child : forest_.nodes[k].children)
      region[child] = bound_[child] ? child : region[k];
  }
  for (std::size_t k = 0; k < nodes; ++k) {
    take(region[k], fixed_[k]);
    for (const std::size_t child : forest_.nodes[k].children) {
      if (bound_[child]) take(region[k], target_[child]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = region[forest_.home[i]];
    take(k, out.spend[i]);
    open[k] += falls[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = region[forest_.home[i]];
    if (bound_[k]) out.region[i] = k;
    if (bound_[k] && falls[i] > 0) out.spend[i] += (missing[k] + lost[k]) * (falls[i] / open[k]);
  }
}

bool Waterfill::begin() {
  Filled out;
  known_.assign(forest_.nodes.size(), {});
  returned_.assign(forest_.nodes.size(), {});
  return tighten(out);
}

Filled Waterfill::fill(double outer, const std::vector<double>* near) {
  Filled out;
  const std::size_t n = forest_.home.size(), nodes = forest_.nodes.size();
  if (!tighten(out)) {
    out.end = Filled::End::infeasible;
    return out;
  }
  rounds_ = 0;
  known_.assign(nodes, {});
  returned_.assign(nodes, {});
  out.falls.assign(n, 0);
  target_.assign(nodes, 0);
  bound_.assign(nodes, false);
  out.price_of.assign(nodes, outer);
  out.least = out.most = base_;
  const Demand wanted = demand(0, outer);
  double target = std::clamp(wanted.low, least_[0], most_[0]);
  if (std::isinf(target)) {
    out.end = Filled::End::unbounded;
    out.spend = base_;
    for (std::size_t k = 0; k < nodes; ++k) pools_[k].spend(outer, out.spend, out.most, out.falls);
    return out;
  }
  if (near != nullptr && wanted.high > wanted.low && target == wanted.low) {
    // Free to spend more for nothing: as near as may be to what is spent now.
    const double now = spend_of(*near);
    target = std::clamp(now, target, std::clamp(wanted.high, least_[0], most_[0]));
  }
  descend(0, target, outer, out);
  out.spend = out.least;
  settle_ties(near, out);
  for (std::size_t i = 0; i < n; ++i) out.spend[i] = std::max(out.spend[i], base_[i]);
  close_rounding(out);
  out.rounds = rounds_;
  return out;
}

}  // namespace autopilot::optimize
