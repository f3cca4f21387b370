#include "core/optimize/separable.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/optimize/price_search.h"
#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

// The family of answers: at a price of spend and a friction, the best allocation.
class Answers {
 public:
  Answers(const Problem& problem, const Forest& forest)
      : problem_(problem), forest_(forest), highest_(problem, 2) {}

  // `weight` of the returns, `outer` the price of spend.
  Filled at(double outer, double friction, double weight = 1) {
    if (!fill_ || friction != friction_ || weight != weight_) build(friction, weight);
    Filled filled =
        fill_->fill(outer / weight, [this](std::size_t i) { return problem_.channels[i].current; });
    rounds_ += filled.rounds;
    return filled;
  }
  std::size_t rounds() const { return rounds_; }

 private:
  void build(double friction, double weight) {
    fill_.emplace(forest_);
    friction_ = friction;
    weight_ = weight;
    const Risk& risk = problem_.risk;
    for (std::size_t i = 0; i < problem_.channels.size(); ++i) {
      const Channel& c = problem_.channels[i];
      const double penalty = risk.any() ? risk.penalty * risk.diagonal[i] : 0;
      fill_->add_with_friction(i, c.curve, c.min, std::max(c.min, highest_.of(i)), c.current,
                               friction / weight, penalty / weight);
    }
    fill_->finish();
  }

  const Problem& problem_;
  const Forest& forest_;
  Highest highest_;
  std::optional<Waterfill> fill_;
  double friction_ = 0, weight_ = 1;
  std::size_t rounds_ = 0;
};

struct Answer {
  Filled filled;
  double roi = 0, return_min = 0, friction = 0;  // prices
  double outer = 0;                              // that the nodes' prices are above of
};

class Separable {
 public:
  explicit Separable(const Problem& problem)
      : problem_(problem), forest_(*forest_of(problem)), family_(problem, forest_) {}

  Allocation solve() {
    Allocation out;
    out.solver = "waterfill";
    outer_ = problem_.price + (problem_.goal == Goal::most_profit ? 1 : 0);
    Answer answer = with_turnover();
    out.rounds = family_.rounds();
    out.spend = std::move(answer.filled.spend);
    if (answer.filled.end == Filled::End::unbounded) {
      out.status = Status::unbounded;
      out.unbounded = endless(out.spend);
      return out;
    }
    if (answer.filled.end == Filled::End::infeasible) {
      out.status = Status::infeasible;
      return out;
    }
    out.prices = prices(answer);
    out.objective = objective_of(problem_, out.spend);
    out.bound = out.objective;
    return out;
  }

 private:
  double returned(const Filled& filled) const { return return_of(problem_, filled.spend); }
  double moved(const Filled& filled) const {
    double sum = 0;
    for (std::size_t i = 0; i < filled.spend.size(); ++i)
      sum += std::abs(filled.spend[i] - problem_.channels[i].current);
    return sum;
  }

  // Channels that get all there is; those that never saturate, where there are such.
  std::vector<std::size_t> endless(const std::vector<double>& spend) const {
    std::vector<std::size_t> all, rising;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      if (!std::isinf(spend[i])) continue;
      all.push_back(i);
      const Family family = problem_.channels[i].curve.family;
      if (family == Family::linear || family == Family::logarithm || family == Family::power)
        rising.push_back(i);
    }
    return rising.empty() ? all : rising;
  }

  // The point between two answers that are equally good at their prices where `at` is 0.
  template <class At>
  Filled mixed(const Filled& a, const Filled& b, At at) const {
    double low = 0, high = 1;  // at(a) < 0 <= at(b)
    Filled out = b;
    for (int i = 0; i < 100; ++i) {
      const double share = low + (high - low) / 2;
      if (share <= low || share >= high) break;
      for (std::size_t k = 0; k < out.spend.size(); ++k)
        out.spend[k] = a.spend[k] + share * (b.spend[k] - a.spend[k]);
      (at(out) < 0 ? low : high) = share;
    }
    for (std::size_t k = 0; k < out.spend.size(); ++k) {
      const auto [least, most] = std::minmax(a.spend[k], b.spend[k]);
      out.spend[k] = std::clamp(a.spend[k] + high * (b.spend[k] - a.spend[k]), least, most);
    }
    return out;
  }

  // The least price from `low` to `high` at which at(answer) >= 0, where it is not at low but is at
  // high; the answer there.
  template <class Of, class At>
  Filled crossing(double& low, double& high, Of of, At at) {
    Filled below = of(low), above = of(high);
    double miss_below = at(below), miss_above = at(above);
    for (int i = 0; i < 120; ++i) {
      // Secants in turns with halving, which alone would end.
      double next = i % 3 == 2 ? between(low, high)
                               : low - miss_below * (high - low) / (miss_above - miss_below);
      if (!(next > low && next < high)) next = between(low, high);
      if (!(next > low && next < high)) break;
      Filled here = of(next);
      const double miss = at(here);
      if (miss < 0) {
        low = next;
        below = std::move(here);
        miss_below = miss;
      } else {
        high = next;
        above = std::move(here);
        miss_above = miss;
        if (miss == 0) break;
      }
    }
    return mixed(below, above, at);
  }

  Answer with_turnover() {
    Answer out = with_floors(0);
    if (out.filled.end != Filled::End::done || moved(out.filled) <= limit()) return out;
    const auto spare = [&](const Filled& f) { return problem_.turnover_max - moved(f); };
    double low = 0, high = 1e-9;
    while (high < 1e300 && spare(with_floors(high).filled) < 0) high *= 16;
    if (high >= 1e300) {
      out.filled.end = Filled::End::infeasible;
      return out;
    }
    const Filled mix = crossing(
        low, high, [&](double t) { return with_floors(t).filled; }, spare);
    out = with_floors(high);
    out.filled.spend = mix.spend;
    out.friction = high;
    return out;
  }
  double limit() const { return problem_.turnover_max * (1 + 1e-12); }

  Answer with_floors(double friction) {
    if (problem_.goal == Goal::least_spend) return for_return(friction);
    Answer out;
    out.outer = outer_;
    out.filled = family_.at(outer_, friction);
    out.friction = friction;
    const double rho = problem_.roi_min;
    if (std::isfinite(rho)) with_roi(rho, friction, out);
    if (std::isfinite(problem_.return_min) && out.filled.end == Filled::End::done &&
        returned(out.filled) < problem_.return_min * (1 - 1e-12))
      out.filled.end = Filled::End::infeasible;
    return out;
  }

  // (1 + mu) f - (outer + mu rho) x is (1 + mu) times the problem at the price (outer + mu rho) /
  // (1 + mu), which goes from outer to rho.
  void with_roi(double rho, double friction, Answer& out) {
    const auto surplus = [&](const Filled& f) { return returned(f) - rho * spend_of(f.spend); };
    const bool open = out.filled.end == Filled::End::unbounded;
    if (out.filled.end == Filled::End::infeasible) return;
    if (!open && surplus(out.filled) >= -1e-12 * std::abs(returned(out.filled))) return;
    const Filled strictest = family_.at(rho, friction);
    if (strictest.end == Filled::End::done &&
        surplus(strictest) < -1e-10 * std::abs(returned(strictest))) {
      out.filled.end = Filled::End::infeasible;
      return;
    }
    if (strictest.end != Filled::End::done || outer_ >= rho) return;
    double low = outer_, high = rho;
    if (open) low = std::max(low, 1e-12 * rho);
    out.filled = crossing(
        low, high, [&](double p) { return family_.at(p, friction); }, surplus);
    out.outer = high;
    out.roi = high < rho ? (high - outer_) / (rho - high) : 0;
  }

  // Least spend for a return: the price falls until the return is reached.
  Answer for_return(double friction) {
    Answer out;
    const double wanted = problem_.return_min;
    const auto surplus = [&](const Filled& f) { return returned(f) - wanted; };
    double high = 1;
    out.filled = family_.at(high, friction);
    while (high < 1e290 && out.filled.end == Filled::End::done && surplus(out.filled) >= 0)
      out.filled = family_.at(high *= 1024, friction);
    if (high >= 1e290 || out.filled.end == Filled::End::infeasible) {
      out.outer = high;
      return out;  // the least that may be spent does it
    }
    Filled most = family_.at(0, friction);
    double floor = 0;
    if (most.end == Filled::End::unbounded) most = family_.at(floor = high * 1e-30, friction);
    if (surplus(most) < -1e-12 * std::abs(wanted)) {
      out.filled.end = Filled::End::infeasible;
      return out;
    }
    double low = -high, top = -floor;
    out.filled = crossing(
        low, top, [&](double p) { return family_.at(-p, friction); }, surplus);
    out.outer = -top;
    out.return_min = top < 0 ? -1 / top : 0;
    return out;
  }

  Prices prices(const Answer& answer) const {
    double scale = 1 + answer.roi;
    if (problem_.goal == Goal::least_spend) scale = answer.return_min;
    Prices out = prices_of(problem_, forest_, answer.filled.price_of, answer.outer);
    out.total *= scale;
    for (double& price : out.group) price *= scale;
    for (double& price : out.share) price *= scale;
    out.turnover = answer.friction * scale;
    out.roi = answer.roi;
    out.return_min = answer.return_min;
    return out;
  }

  const Problem& problem_;
  Forest forest_;
  Answers family_;
  double outer_ = 0;
};

}  // namespace

bool is_separable(const Problem& problem) {
  if (!problem.risk.is_diagonal()) return false;
  if (problem.risk.any() && (std::isfinite(problem.roi_min) || std::isfinite(problem.return_min)))
    return false;
  for (const Channel& c : problem.channels) {
    if (c.can_stop() && c.min <= 0) return false;
    if (!is_concave(c.curve, c.min, c.max)) return false;
  }
  for (const Group& group : problem.groups) {
    if (std::isfinite(group.roi_min) || group.max_active) return false;
    if (group.max_share < kInfinity && !problem.is_fixed()) return false;
  }
  return forest_of(problem).has_value();
}

Highest::Highest(const Problem& problem, double room)
    : problem_(problem), total_(problem.total_max > 0 ? room * problem.total_max : kInfinity) {
  for (const Group& group : problem.groups) {
    const double ceiling = room * ceiling_of(problem, group);
    if (ceiling == kInfinity || ceiling <= 0) continue;
    by_group_.resize(problem.channels.size(), kInfinity);
    for (const std::size_t i : group.members) by_group_[i] = std::min(by_group_[i], ceiling);
  }
}

std::vector<double> highest(const Problem& problem, double room) {
  const Highest highest(problem, room);
  std::vector<double> out(problem.channels.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = highest.of(i);
  return out;
}

Prices prices_of(const Problem& problem, const Forest& forest, const std::vector<double>& price_of,
                 double outer) {
  Prices out;
  out.group.assign(problem.groups.size(), 0);
  out.share.assign(problem.groups.size(), 0);
  out.total = price_of[0] - outer;
  for (std::size_t k = 0; k < forest.nodes.size(); ++k) {
    for (const std::size_t child : forest.nodes[k].children) {
      const std::size_t g = forest.nodes[child].group;
      const Group& group = problem.groups[g];
      const double price = price_of[child] - price_of[k];
      const bool of_share = price > 0 && ceiling_of(problem, group) < group.max;
      (of_share ? out.share : out.group)[g] = price;
      if (of_share) out.total += price * group.max_share;
    }
  }
  return out;
}

Allocation solve_separable(const Problem& problem) { return Separable(problem).solve(); }

}  // namespace autopilot::optimize
