// Filling: each node's target and price from the top down, ties settled, rounding closed.
#include <algorithm>
#include <cmath>

#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

constexpr double kMostPrice = std::numeric_limits<double>::max();

void add_exactly(double x, double& sum, double& lost) {  // Neumaier's sum
  const double next = sum + x;
  lost += std::abs(sum) >= std::abs(x) ? (sum - next) + x : (x - next) + sum;
  sum = next;
}

// The same channel's together, by channel.
void join_by_channel(std::vector<OpenStep>& open) {
  std::sort(open.begin(), open.end(),
            [](const OpenStep& a, const OpenStep& b) { return a.channel < b.channel; });
  std::size_t kept = 0;
  for (std::size_t k = 0; k < open.size(); ++k) {
    if (kept > 0 && open[kept - 1].channel == open[k].channel)
      open[kept - 1].width += open[k].width;
    else
      open[kept++] = open[k];
  }
  open.resize(kept);
}

}  // namespace

void Waterfill::descend(std::size_t k, double target, double price, Filled& out) {
  const double hint = price;
  const Demand wanted = demand(k, price);
  target_[k] = target;
  bound_[k] = k == 0 ? forest_.nodes[0].min == forest_.nodes[0].max : false;
  if (!is_met(wanted, target)) {
    bound_[k] = true;
    if (std::isnan(price = price_at_end(k, target)))
      price = search(k, target, k == 0 ? last_price_ : hint > 0 ? hint : std::nan(""));
    if (k == 0) last_price_ = price;
  }
  out.price_of[k] = price;
  const double at = std::isfinite(price) ? price : kMostPrice;
  const Demand open = demand(k, at);
  const double width = open.high - open.low;
  const double share =
      width > 0 && std::isfinite(width) ? std::clamp((target - open.low) / width, 0.0, 1.0) : 0;
  pools_[k].spend(at, out.spend, out.falls, open_);
  for (const std::size_t child : forest_.nodes[k].children) {
    const Demand d = demand(child, at);
    const double low = std::clamp(d.low, least_[child], most_[child]);
    const double high = std::clamp(d.high, least_[child], most_[child]);
    descend(child, high > low && std::isfinite(high) ? low + share * (high - low) : low, at, out);
  }
}

// Among what is as good: nearest to `near`, which is water-filling again, with parabolas.
void Waterfill::settle_ties(const Aims& near, Filled& out) {
  join_by_channel(open_);
  if (open_.empty()) return;
  Forest again{forest_.nodes, {}};
  for (std::size_t k = 0; k < again.nodes.size(); ++k) {
    if (bound_[k]) again.nodes[k].min = again.nodes[k].max = target_[k];
  }
  for (const OpenStep& o : open_) again.home.push_back(forest_.home[o.channel]);
  Waterfill nearest(again);
  std::vector<double> settled_sum(again.nodes.size(), 0), lost = settled_sum;
  std::size_t next = 0;
  for (std::size_t i = 0; i < out.spend.size(); ++i) {
    if (next < open_.size() && open_[next].channel == i) {
      ++next;
      continue;
    }
    add_exactly(out.spend[i], settled_sum[forest_.home[i]], lost[forest_.home[i]]);
  }
  for (std::size_t k = 0; k < again.nodes.size(); ++k)
    nearest.add_fixed(k, settled_sum[k] + lost[k]);
  for (std::size_t j = 0; j < open_.size(); ++j) {
    const double least = out.spend[open_[j].channel];
    const double aim = near ? near(open_[j].channel) : least;
    nearest.add(j, {Family::quadratic, aim, 1, 1, 0, {}}, least, least + open_[j].width);
  }
  nearest.finish();
  const Filled settled = nearest.fill(0, nullptr);
  if (settled.end != Filled::End::done) return;
  for (std::size_t j = 0; j < open_.size(); ++j) out.spend[open_[j].channel] = settled.spend[j];
}

// A region is a node with its own price and all within that has no other.
std::vector<std::size_t> Waterfill::find_regions(Filled& out) const {
  const std::size_t nodes = forest_.nodes.size();
  std::vector<std::size_t> region(nodes, 0);
  out.region.assign(nodes, kFree);
  for (std::size_t k = 0; k < nodes; ++k) {
    if (bound_[region[k]]) out.region[k] = region[k];
    for (const std::size_t child : forest_.nodes[k].children)
      region[child] = bound_[child] ? child : region[k];
  }
  return region;
}

// What rounding left of a region's target goes to the parts that are open, each by as much as it
// would give for a lower price.
void Waterfill::close_rounding(Filled& out) {
  const std::size_t nodes = forest_.nodes.size(), n = forest_.home.size();
  const std::vector<std::size_t> region = find_regions(out);
  std::vector<double> missing(nodes, 0), open(nodes, 0), lost(nodes, 0);
  const std::vector<double>& falls = out.falls;
  const auto take = [&](std::size_t k, double amount) {
    add_exactly(-amount, missing[k], lost[k]);
  };
  for (std::size_t k = 0; k < nodes; ++k) {
    if (bound_[k]) missing[k] = target_[k];
  }
  for (std::size_t k = 0; k < nodes; ++k) {
    take(region[k], fixed_[k]);
    for (const std::size_t child : forest_.nodes[k].children) {
      if (bound_[child]) take(region[k], target_[child]);
    }
  }
  // Neighbours are mostly of one region, whose sums are at hand then.
  std::size_t here = 0;
  double short_of = missing[0], rounded = lost[0], falling = open[0];
  const auto move_to = [&](std::size_t k) {
    missing[here] = short_of, lost[here] = rounded, open[here] = falling;
    here = k;
    short_of = missing[k], rounded = lost[k], falling = open[k];
  };
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = region[forest_.home[i]];
    if (k != here) move_to(k);
    const double given = std::max(out.spend[i], base_[i]);
    out.spend[i] = given;
    add_exactly(-given, short_of, rounded);
    falling += falls[i];
  }
  move_to(here);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = region[forest_.home[i]];
    if (bound_[k] && falls[i] > 0) out.spend[i] += (missing[k] + lost[k]) * (falls[i] / open[k]);
    out.spend[i] = std::min(std::max(out.spend[i], base_[i]), top_[i]);
  }
}

Filled Waterfill::fill(double outer, const Aims& near) {
  Filled out;
  const std::size_t n = forest_.home.size(), nodes = forest_.nodes.size();
  if (!tighten(out)) {
    out.end = Filled::End::infeasible;
    return out;
  }
  rounds_ = 0;
  known_.assign(nodes, {});
  returned_.assign(nodes, {});
  open_.clear();
  out.falls.assign(n, 0);
  target_.assign(nodes, 0);
  bound_.assign(nodes, false);
  out.price_of.assign(nodes, outer);
  out.spend = base_;
  const Demand wanted = demand(0, outer);
  double target = std::clamp(wanted.low, least_[0], most_[0]);
  if (std::isinf(target)) {
    out.end = Filled::End::unbounded;
    for (Pool& pool : pools_) pool.spend(outer, out.spend, out.falls, open_);
    return out;
  }
  if (near && wanted.high > wanted.low && target == wanted.low) {
    // Free to spend more for nothing: as near as may be to what is spent now.
    double now = 0, lost = 0;
    for (std::size_t i = 0; i < n; ++i) add_exactly(near(i), now, lost);
    target = std::clamp(now + lost, target, std::clamp(wanted.high, least_[0], most_[0]));
  }
  descend(0, target, outer, out);
  settle_ties(near, out);
  close_rounding(out);
  out.rounds = rounds_;
  return out;
}

}  // namespace autopilot::optimize
