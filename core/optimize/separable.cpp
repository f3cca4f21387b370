#include "core/optimize/separable.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/optimize/price_search.h"
#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

constexpr double kHair = 1e-12;      // of a floor: what is not missed
constexpr double kNoReturn = 1e290;  // a price at which no return is worth its spend

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
    // However dear a move is, this much has to move.
    if (out.filled.end == Filled::End::done && moved(out.filled) > limit() * (1 + 1e-9))
      out.filled.end = Filled::End::infeasible;
    return out;
  }
  double limit() const { return problem_.turnover_max * (1 + 1e-12); }

  // Floors on returns weigh the returns, so that each answer is that of one price of spend: at a
  // lower one more is returned, at one nearer to roi_min more is left above it.
  Answer with_floors(double friction) {
    Answer out;
    out.friction = friction;
    out.outer = problem_.goal == Goal::least_spend ? kNoReturn : outer_;
    if (problem_.goal == Goal::least_spend && std::isfinite(problem_.return_min))
      out.outer = price_of_too_little(friction);
    out.filled = family_.at(out.outer, friction);
    if (std::isfinite(problem_.return_min)) reach_return(out);
    if (std::isfinite(problem_.roi_min)) reach_roi(out);
    return out;
  }

  double surplus(const Filled& filled) const { return returned(filled) - problem_.return_min; }
  double left_over(const Filled& filled) const {
    return returned(filled) - problem_.roi_min * spend_of(filled.spend);
  }

  // One at which the return falls short, where there is such.
  double price_of_too_little(double friction) {
    double price = 1;
    while (price < kNoReturn) {
      const Filled filled = family_.at(price, friction);
      if (filled.end == Filled::End::infeasible) return price;
      if (filled.end == Filled::End::done && surplus(filled) < 0) return price;
      price *= 1024;
    }
    return kNoReturn;
  }

  void reach_return(Answer& out) {
    const double hair = kHair * std::abs(problem_.return_min);
    if (out.filled.end != Filled::End::done || surplus(out.filled) >= -hair) return;
    double floor = 0;
    Filled most = family_.at(floor, out.friction);
    if (most.end == Filled::End::unbounded)
      most = family_.at(floor = out.outer * 1e-30, out.friction);
    if (out.outer <= 0 || surplus(most) < -hair) {
      out.filled.end = Filled::End::infeasible;
      return;
    }
    move(out, floor, [this](const Filled& f) { return surplus(f); });
    out.return_min = out.outer > 0 ? base() / out.outer - own_weight() : 0;
  }

  void reach_roi(Answer& out) {
    const double rho = problem_.roi_min;
    if (out.filled.end == Filled::End::infeasible) return;
    const bool open = out.filled.end == Filled::End::unbounded;
    if (!open && left_over(out.filled) >= -kHair * std::abs(returned(out.filled))) return;
    const Filled strictest = family_.at(rho, out.friction);
    if (open && (strictest.end != Filled::End::done || out.outer >= rho)) return;
    // A higher price would return less than what has to be.
    const bool stuck = out.return_min > 0 && out.outer <= rho;
    if (stuck || (strictest.end == Filled::End::done &&
                  left_over(strictest) < -1e-10 * std::abs(returned(strictest)))) {
      out.filled.end = Filled::End::infeasible;
      return;
    }
    if (open) out.outer = std::max(out.outer, 1e-12 * rho);
    out.return_min = 0;
    move(out, rho, [this](const Filled& f) { return left_over(f); });
    if (out.outer != rho) out.roi = (base() - out.outer * own_weight()) / (out.outer - rho);
    if (surplus(out.filled) < -kHair * std::abs(problem_.return_min))
      out.filled.end = Filled::End::infeasible;
  }

  // From the answer's price towards `there`, as far as it takes for at(answer) >= 0, which holds
  // there.
  template <class At>
  void move(Answer& out, double there, At at) {
    const double sign = there < out.outer ? -1 : 1;
    double from = sign * out.outer, to = sign * there;
    out.filled = crossing(
        from, to, [&](double p) { return family_.at(sign * p, out.friction); }, at);
    out.outer = sign * to;
  }

  // Of spend and of the returns in the objective itself.
  double base() const { return problem_.goal == Goal::least_spend ? 1 : outer_; }
  double own_weight() const { return problem_.goal == Goal::least_spend ? 0 : 1; }

  Prices prices(const Answer& answer) const {
    double scale = own_weight() + answer.roi + answer.return_min;
    if (scale == 0) scale = 1 / answer.outer;  // nothing has to be returned
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
