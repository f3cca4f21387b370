#include "core/optimize/quadratic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/optimize/active_set.h"
#include "core/optimize/certify.h"
#include "core/optimize/factor_risk.h"
#include "core/optimize/separable.h"

namespace autopilot::optimize {
namespace {

using Vector = std::vector<double>;

constexpr int kMostRounds = 100;
constexpr double kGap = 1e-12;
constexpr double kLeastCurvature = 1e-9;  // of the mean one: makes a singular covariance definite

// A sequence of quadratic programs, each a model of the objective where the last one ended. Amounts
// are in units of `unit_`, so that the scale of money is no matter.
class Sequence {
 public:
  explicit Sequence(const Problem& problem)
      : problem_(problem), n_(problem.channels.size()), high_(highest(problem, 2)) {
    double all = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      high_[i] = std::max(high_[i], problem.channels[i].min);
      all += std::isfinite(high_[i]) ? high_[i] : problem.channels[i].current;
    }
    if (std::isfinite(problem.total_max)) all = problem.total_max;
    unit_ = all > 0 ? all / static_cast<double>(n_) : 1;
    outer_ = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
    make_rows();
    covariance();
  }

  Allocation solve(const std::function<bool()>& stop) {
    Allocation best;
    best.solver = "active-set";
    best.status = Status::stopped;
    Vector x = start();
    double value = -kInfinity;
    for (int round = 0; round < kMostRounds; ++round) {
      const QpAnswer answer = step(x);
      best.rounds += answer.steps;
      if (!answer.feasible) {
        best.status = Status::infeasible;
        return best;
      }
      const double before = value;
      value = move(x, answer.x, value);
      const Vector spend = money(x);
      const Prices prices = prices_of_rows(answer.u);
      const Certificate certificate = certify(problem_, spend, prices);
      if (best.spend.empty() || certificate.bound < best.bound) {
        best.bound = certificate.bound;
        best.prices = prices;
      }
      best.spend = spend;
      best.objective = objective_of(problem_, spend);
      if (relative_gap(best.objective, best.bound) <= kGap) break;
      if (round > 3 && value - before <= 1e-16 * std::abs(value)) break;
      if (stop && stop()) return best;
    }
    if (relative_gap(best.objective, best.bound) <= 1e-7) best.status = Status::optimal;
    return best;
  }

 private:
  Vector money(const Vector& x) const {
    Vector out(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const double low = problem_.channels[i].min, m = x[i] * unit_;
      const double close = 1e-11 * unit_;
      out[i] = m <= low + close ? low : m >= high_[i] - close ? high_[i] : m;
    }
    return out;
  }

  Vector start() const {
    Vector out(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const Channel& c = problem_.channels[i];
      out[i] = std::clamp(c.current > 0 ? c.current : unit_, c.min, high_[i]) / unit_;
    }
    return out;
  }

  void covariance() {
    const Risk& risk = problem_.risk;
    Q_.assign(n_, Vector(n_, 0));
    if (!risk.dense.empty()) Q_ = risk.dense;
    for (std::size_t i = 0; i < n_; ++i) {
      if (!risk.diagonal.empty()) Q_[i][i] += risk.diagonal[i];
      for (const Vector& f : risk.loadings) {
        for (std::size_t j = 0; j < n_; ++j) Q_[i][j] += f[i] * f[j];
      }
    }
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j <= i; ++j)
        Q_[i][j] = Q_[j][i] = problem_.risk.penalty * unit_ * unit_ * (Q_[i][j] + Q_[j][i]) / 2;
    }
  }

  double slope(std::size_t i, double x) const {
    const Curve& curve = problem_.channels[i].curve;
    const double least = 1e-12 * (std::isfinite(high_[i]) ? high_[i] : unit_);
    return slope_at(curve, std::max(x * unit_, least)) * unit_;
  }

  QpAnswer step(const Vector& x) const {
    std::vector<Vector> G = Q_;
    Vector g(n_);
    double mean = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double h = 1e-5 * std::max(x[i], 1e-6);
      if (!is_straight(problem_.channels[i].curve))
        G[i][i] += std::max(0.0, (slope(i, x[i]) - slope(i, x[i] + h)) / h);
      mean += G[i][i] / static_cast<double>(n_);
    }
    if (!(mean > 0)) mean = 1;
    for (std::size_t i = 0; i < n_; ++i) G[i][i] += kLeastCurvature * mean;
    for (std::size_t i = 0; i < n_; ++i) {
      double risk = 0, model = 0;
      for (std::size_t j = 0; j < n_; ++j) {
        risk += Q_[i][j] * x[j];
        model += G[i][j] * x[j];
      }
      g[i] = -(slope(i, x[i]) - outer_ * unit_) + risk - model;
    }
    return solve_qp(G, g, rows_);
  }

  // Goes as far towards `to` as it gains; the objective there.
  double move(Vector& x, const Vector& to, double value) const {
    for (double share = 1; share > 1e-6; share /= 2) {
      Vector there(n_);
      for (std::size_t i = 0; i < n_; ++i) there[i] = x[i] + share * (to[i] - x[i]);
      const double other = objective_of(problem_, money(there));
      if (!(other > value) && std::isfinite(value)) continue;
      x = there;
      return other;
    }
    return value;
  }

  void at_least(std::vector<std::pair<std::size_t, double>> entries, double bound, int origin,
                std::size_t which) {
    rows_.push_back({std::move(entries), bound / unit_, false});
    origins_.push_back({origin, which});
  }
  void between_bounds(const std::vector<std::pair<std::size_t, double>>& entries, double low,
                      double high, std::size_t which) {
    if (low == high) {
      rows_.push_back({entries, low / unit_, true});
      origins_.push_back({kLow, which});
      return;
    }
    if (low > 0) at_least(entries, low, kLow, which);
    if (std::isinf(high)) return;
    auto negative = entries;
    for (auto& [j, v] : negative) v = -v;
    at_least(std::move(negative), -high, kHigh, which);
  }

  void make_rows() {
    std::vector<std::pair<std::size_t, double>> all;
    for (std::size_t i = 0; i < n_; ++i) all.emplace_back(i, 1);
    between_bounds(all, problem_.total_min, problem_.total_max, kTotal);
    for (std::size_t g = 0; g < problem_.groups.size(); ++g) {
      const Group& group = problem_.groups[g];
      std::vector<std::pair<std::size_t, double>> members;
      for (const std::size_t i : group.members) members.emplace_back(i, 1);
      between_bounds(members, group.min, group.max, g);
      if (group.max_share == kInfinity) continue;
      auto share = all;
      for (auto& [j, v] : share) v = group.max_share;
      for (const std::size_t i : group.members) share[i].second -= 1;
      at_least(std::move(share), 0, kShare, g);
    }
    for (std::size_t i = 0; i < n_; ++i) {
      at_least({{i, 1}}, problem_.channels[i].min, kBox, i);
      if (std::isfinite(high_[i])) at_least({{i, -1}}, -high_[i], kBox, i);
    }
  }

  Prices prices_of_rows(const Vector& u) const {
    Prices out;
    out.group.assign(problem_.groups.size(), 0);
    out.share = out.group;
    for (std::size_t r = 0; r < u.size(); ++r) {
      const auto& [kind, which] = origins_[r];
      const double price = u[r] / unit_;
      if (kind == kBox || price == 0) continue;
      if (kind == kShare) {
        out.share[which] += price;
        continue;
      }
      // A least amount costs, a most earns.
      (which == kTotal ? out.total : out.group[which]) += kind == kLow ? -price : price;
    }
    return out;
  }

  enum Kind { kLow, kHigh, kShare, kBox };
  static constexpr std::size_t kTotal = static_cast<std::size_t>(-1);

  const Problem& problem_;
  std::size_t n_;
  Vector high_;
  double unit_ = 1, outer_ = 0;
  std::vector<Vector> Q_;
  std::vector<QpRow> rows_;
  std::vector<std::pair<int, std::size_t>> origins_;
};

}  // namespace

bool is_quadratic(const Problem& problem) {
  if (problem.goal == Goal::least_spend || std::isfinite(problem.turnover_max)) return false;
  if (std::isfinite(problem.roi_min) || std::isfinite(problem.return_min)) return false;
  for (const Channel& c : problem.channels) {
    if ((c.can_stop() && c.min <= 0) || c.curve.family == Family::piecewise) return false;
    if (!is_concave(c.curve, c.min, std::max(c.min, c.max))) return false;
  }
  return std::none_of(problem.groups.begin(), problem.groups.end(), [](const Group& g) {
    return std::isfinite(g.roi_min) || g.max_active.has_value();
  });
}

Allocation solve_quadratic(const Problem& problem, const std::function<bool()>& stop) {
  if (is_factor_risk(problem)) return solve_factor_risk(problem);
  if (problem.channels.size() > kMostDense)
    throw Error(ErrorKind::invalid,
                fmt::format("a covariance of {} channels is too large: {} at most",
                            problem.channels.size(), kMostDense),
                "say it as factors and variances: risk: {factors: [...], variance: [...]}");
  return Sequence(problem).solve(stop);
}

}  // namespace autopilot::optimize
