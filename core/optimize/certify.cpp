#include "core/optimize/certify.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr double kRoom = 2;

double entry(const std::vector<double>& values, std::size_t i) {
  return i < values.size() ? values[i] : 0;
}

class Feasibility {
 public:
  Feasibility(const Problem& problem, const std::vector<double>& spend)
      : problem_(problem), spend_(spend), all_(spend_of(spend)) {}

  double worst() {
    for (std::size_t i = 0; i < spend_.size(); ++i) channel(i);
    at_least(all_, problem_.total_min);
    at_most(all_, problem_.total_max);
    for (const Group& group : problem_.groups) check(group);
    double returned = 0;
    if (std::isfinite(problem_.roi_min) || std::isfinite(problem_.return_min))
      returned = return_of(problem_, spend_);
    if (std::isfinite(problem_.roi_min)) returns_at_least(returned, problem_.roi_min, all_);
    if (std::isfinite(problem_.return_min))
      miss(problem_.return_min - returned, std::max(std::abs(returned), problem_.return_min));
    if (std::isfinite(problem_.turnover_max)) {
      double moved = 0;
      for (std::size_t i = 0; i < spend_.size(); ++i)
        moved += std::abs(spend_[i] - problem_.channels[i].current);
      at_most(moved, problem_.turnover_max);
    }
    return worst_;
  }

 private:
  void miss(double by, double scale) {
    if (!(by > 0)) worst_ = std::isnan(by) ? kInfinity : worst_;
    if (by > 0) worst_ = std::max(worst_, by / std::max(std::abs(scale), 1e-300));
  }
  void at_most(double value, double limit) {
    if (std::isnan(value) || limit < kInfinity)
      miss(value - limit, std::max({std::abs(value), std::abs(limit), scale()}));
  }
  void at_least(double value, double limit) {
    if (std::isnan(value) || limit > -kInfinity)
      miss(limit - value, std::max({std::abs(value), std::abs(limit), scale()}));
  }
  void returns_at_least(double returned, double roi, double spend) {
    miss(roi * spend - returned, std::max(std::abs(returned), std::abs(roi) * scale()));
  }
  // What is nothing beside all that is spent is no violation.
  double scale() const { return std::abs(all_) * 1e-3; }

  void channel(std::size_t i) {
    const Channel& c = problem_.channels[i];
    const double x = spend_[i];
    if (c.can_stop() && x == 0 && c.min <= 0) return;
    at_most(x, c.max);
    at_least(x, std::max(c.min, c.active_min));
  }

  void check(const Group& group) {
    double sum = 0, returned = 0;
    std::size_t active = 0;
    for (const std::size_t i : group.members) {
      const Channel& c = problem_.channels[i];
      sum += spend_[i];
      active += spend_[i] > 0;
      if (std::isfinite(group.roi_min))
        returned += value_at(c.curve, spend_[i]) - (spend_[i] > 0 ? c.fixed_cost : 0);
    }
    at_least(sum, group.min);
    at_most(sum, group.max);
    if (group.max_share < kInfinity) at_most(sum, group.max_share * all_);
    if (std::isfinite(group.roi_min)) returns_at_least(returned, group.roi_min, sum);
    if (group.max_active && active > *group.max_active) worst_ = kInfinity;
  }

  const Problem& problem_;
  const std::vector<double>& spend_;
  double all_;
  double worst_ = 0;
};

// Each channel's part of the Lagrangian: weight f(x) - price x - turnover |x - current|.
class Lagrangian {
 public:
  Lagrangian(const Problem& problem, const std::vector<double>& spend, const Prices& prices)
      : problem_(problem), prices_(prices), least_(problem.goal == Goal::least_spend) {
    const std::size_t n = problem.channels.size();
    // Least spend for a return is most of (return_min's price · return - spend).
    weight_.assign(n, (least_ ? 0 : 1) + prices.roi + prices.return_min);
    double price = problem.price + prices.total;
    if (problem.goal == Goal::most_profit || least_) price += 1;
    if (prices.roi != 0) price += prices.roi * problem.roi_min;
    for (std::size_t g = 0; g < problem.groups.size(); ++g) {
      if (entry(prices.share, g) != 0) price -= prices.share[g] * problem.groups[g].max_share;
    }
    price_.assign(n, price);
    for (std::size_t g = 0; g < problem.groups.size(); ++g) add(problem.groups[g], g);
    constant_ = prices.total > 0 ? prices.total * problem.total_max : 0;
    if (prices.total < 0) constant_ = prices.total * problem.total_min;
    if (prices.return_min != 0) constant_ -= prices.return_min * problem.return_min;
    if (prices.turnover != 0) constant_ += prices.turnover * problem.turnover_max;
    for (std::size_t g = 0; g < problem.groups.size(); ++g) constant_ += of_bounds(g);
    if (problem.risk.any()) linearise(spend);
  }

  // The greatest value of a channel's part, and the value it has.
  double best(std::size_t i) const {
    const Channel& c = problem_.channels[i];
    // The total bounds it too, but no closer, so that its price is for it to prove.
    const double low = c.min, high = std::max(low, std::min(c.max, kRoom * problem_.total_max));
    if (weight_[i] <= 0) return best_straight(i, low, high);
    double most = best_between(i, std::max(low, c.active_min), high) - weight_[i] * c.fixed_cost;
    if (c.can_stop() && low <= 0) most = std::max(most, part(i, 0));
    return most;
  }
  double part(std::size_t i, double x) const {
    const Channel& c = problem_.channels[i];
    return weight_[i] * (value_at(c.curve, x) - (x > 0 ? c.fixed_cost : 0)) - price_[i] * x -
           (prices_.turnover != 0 ? prices_.turnover * std::abs(x - c.current) : 0);
  }
  double constant() const { return constant_; }

 private:
  void add(const Group& group, std::size_t g) {
    const double bound = entry(prices_.group, g) + entry(prices_.share, g);
    const double roi = entry(prices_.group_roi, g);
    if (bound == 0 && roi == 0) return;
    for (const std::size_t i : group.members) {
      price_[i] += bound + (roi != 0 ? roi * group.roi_min : 0);
      weight_[i] += roi;
    }
  }
  double of_bounds(std::size_t g) const {
    const double price = entry(prices_.group, g);
    if (price > 0) return price * problem_.groups[g].max;
    return price < 0 ? price * problem_.groups[g].min : 0;
  }
  // Risk is convex: it lies above its tangent at `spend`.
  void linearise(const std::vector<double>& spend) {
    const std::vector<double> slopes = risk_slopes(problem_.risk, spend);
    for (std::size_t i = 0; i < spend.size(); ++i) {
      price_[i] += slopes[i];
      constant_ += slopes[i] * spend[i] / 2;
    }
  }
  double best_straight(std::size_t i, double low, double high) const {
    return std::max(part(i, low),
                    price_[i] >= 0 && std::isinf(high) ? part(i, low) : part(i, high));
  }
  double best_between(std::size_t i, double low, double high) const {
    const Channel& c = problem_.channels[i];
    const double w = weight_[i], friction = prices_.turnover;
    const auto of = [&](double price, double a, double b) {
      if (a > b) return -kInfinity;
      // Without an end, what rounding leaves of a line's slope is no gain.
      const bool endless = std::isinf(b) && is_straight(c.curve);
      const double slope = endless ? slope_at(c.curve, a) : 0;
      const bool level = endless && slope > price / w && slope <= price / w * (1 + 1e-12);
      return w * best_at(c.curve, level ? slope : price / w, a, b).value;
    };
    if (friction == 0) return of(price_[i], low, high);
    const double below = of(price_[i] - friction, low, std::min(high, c.current));
    const double above = of(price_[i] + friction, std::max(low, c.current), high);
    return std::max(below - friction * c.current, above + friction * c.current);
  }

  const Problem& problem_;
  const Prices& prices_;
  bool least_;
  std::vector<double> weight_, price_;
  double constant_ = 0;
};

}  // namespace

double violation_of(const Problem& problem, const std::vector<double>& spend) {
  return Feasibility(problem, spend).worst();
}

double relative_gap(double objective, double bound) {
  if (bound == objective) return 0;
  return std::abs(bound - objective) / std::max({std::abs(objective), std::abs(bound), 1e-300});
}

Certificate certify(const Problem& problem, const std::vector<double>& spend,
                    const Prices& prices) {
  Certificate out;
  out.violation = violation_of(problem, spend);
  const Lagrangian lagrangian(problem, spend, prices);
  std::vector<double> best(spend.size());
  double gain = 0;
  for (std::size_t i = 0; i < spend.size(); ++i) {
    best[i] = lagrangian.best(i);
    gain = std::max(gain, best[i] - lagrangian.part(i, spend[i]));
  }
  const double objective = objective_of(problem, spend);
  const bool least = problem.goal == Goal::least_spend;
  out.bound = lagrangian.constant() + spend_of(best);
  if (least) out.bound = -out.bound;
  out.gap = relative_gap(objective, out.bound);
  out.residual = gain / std::max(std::abs(objective), 1e-300);
  return out;
}

}  // namespace autopilot::optimize
