#include "core/optimize/whole.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "core/optimize/forest.h"

namespace autopilot::optimize {
namespace {

constexpr double kHair = 1e-9;        // of a unit: what is no unit more
constexpr std::int64_t kBack = 3;     // units that a start lies below the best without units
constexpr std::size_t kMany = 20000;  // channels, of which each starts at its last whole unit
constexpr std::int64_t kMost = std::int64_t{1} << 60;

std::int64_t up(double x, double unit) {
  return static_cast<std::int64_t>(std::ceil(x / unit - kHair));
}
std::int64_t down(double x, double unit) {
  if (x / unit > static_cast<double>(kMost)) return kMost;
  return static_cast<std::int64_t>(std::floor(x / unit + kHair));
}

class Whole {
 public:
  Whole(const Problem& problem, const Forest& forest, double unit)
      : problem_(problem), forest_(forest), unit_(unit), parent_(forest.nodes.size(), 0) {
    for (std::size_t k = 0; k < forest.nodes.size(); ++k) {
      low_.push_back(up(forest.nodes[k].min, unit));
      high_.push_back(down(forest.nodes[k].max, unit));
      for (const std::size_t child : forest.nodes[k].children) parent_[child] = k;
    }
    used_.assign(forest.nodes.size(), 0);
    within_.resize(forest.nodes.size());
    for (std::size_t i = 0; i < problem.channels.size(); ++i)
      each_node(i, [&](std::size_t k) { within_[k].push_back(i); });
  }

  std::optional<std::vector<std::int64_t>> find(const std::vector<double>& near) {
    const std::size_t n = near.size();
    const std::int64_t back = n > kMany ? 0 : kBack;
    near_ = near;
    units_.assign(n, 0);
    most_.assign(n, 0);
    for (std::size_t i = 0; i < n; ++i) {
      const Channel& c = problem_.channels[i];
      const std::int64_t least = up(c.min, unit_);
      most_[i] = down(c.max, unit_);
      if (least > most_[i]) return std::nullopt;
      units_[i] = std::clamp(down(near[i], unit_) - back, least, most_[i]);
      each_node(i, [&](std::size_t k) { used_[k] += units_[i]; });
    }
    // First what groups must have, innermost first, then the total.
    for (std::size_t k = forest_.nodes.size(); k-- > 0;) {
      if (!serve(k, low_[k], true)) return std::nullopt;
    }
    serve(0, high_[0], false);
    for (std::size_t k = 0; k < forest_.nodes.size(); ++k) {
      if (used_[k] < low_[k] || used_[k] > high_[k]) return std::nullopt;
    }
    return units_;
  }

 private:
  template <class F>
  void each_node(std::size_t i, F visit) const {
    for (std::size_t k = forest_.home[i];; k = parent_[k]) {
      visit(k);
      if (k == 0) return;
    }
  }
  bool has_room(std::size_t i) const {
    if (units_[i] >= most_[i]) return false;
    bool room = true;
    each_node(i, [&](std::size_t k) { room &= used_[k] < high_[k]; });
    return room;
  }
  double gain(std::size_t i) const {
    const double x = static_cast<double>(units_[i]) * unit_;
    const double y = static_cast<double>(units_[i] + 1) * unit_;
    const Curve& curve = problem_.channels[i].curve;
    // Of a straight line without rounding, so that what is as good is seen to be so.
    double out = curve.family == Family::linear ? slope_at(curve, x) * unit_
                                                : value_at(curve, y) - value_at(curve, x);
    const Risk& risk = problem_.risk;
    if (risk.any() && !risk.diagonal.empty())
      out -= risk.penalty * risk.diagonal[i] * (y * y - x * x) / 2;
    return out - problem_.price * unit_;
  }

  // How far a channel is below the best amount without units, in units: who is asked first among
  // those that earn the same.
  double behind(std::size_t i) const {
    return std::round((near_[i] / unit_ - static_cast<double>(units_[i])) * 1e6);
  }

  // Unit by unit until the node has `wanted`, or nobody gains and it need not.
  bool serve(std::size_t node, std::int64_t wanted, bool needed) {
    struct Offer {
      double earns, behind;
      std::size_t channel;
    };
    const auto worse = [](const Offer& a, const Offer& b) {
      if (a.earns != b.earns) return a.earns < b.earns;
      return a.behind != b.behind ? a.behind < b.behind : a.channel > b.channel;
    };
    if (used_[node] >= wanted) return true;
    std::vector<Offer> first;
    first.reserve(within_[node].size());
    for (const std::size_t i : within_[node]) first.push_back({gain(i), behind(i), i});
    std::priority_queue<Offer, std::vector<Offer>, decltype(worse)> offers(worse, std::move(first));
    while (used_[node] < wanted && !offers.empty()) {
      const double earns = offers.top().earns;
      const std::size_t i = offers.top().channel;
      offers.pop();
      if (!has_room(i)) continue;
      if (!needed && earns <= 0) break;
      ++units_[i];
      each_node(i, [&](std::size_t k) { ++used_[k]; });
      offers.push({gain(i), behind(i), i});
    }
    return !needed || used_[node] >= wanted;
  }

  const Problem& problem_;
  const Forest& forest_;
  double unit_;
  std::vector<std::size_t> parent_;
  std::vector<std::vector<std::size_t>> within_;  // by node: its channels, and those of its nodes
  std::vector<double> near_;
  std::vector<std::int64_t> low_, high_, used_, units_, most_;
};

}  // namespace

std::optional<std::vector<std::int64_t>> whole_units(const Problem& problem,
                                                     const std::vector<double>& near, double unit) {
  const std::optional<Forest> forest = forest_of(problem);
  if (!forest) return std::nullopt;
  return Whole(problem, *forest, unit).find(near);
}

}  // namespace autopilot::optimize
