#include "core/optimize/factor_risk.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/certify.h"
#include "core/optimize/separable.h"
#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

using Vector = std::vector<double>;

constexpr int kMostRounds = 200;
constexpr double kClose = 1e-14;  // of the objective, that the gap may be
constexpr int kMostIdle = 4;      // rounds that gain no more than rounding

// Solves the symmetric positive definite H s = b in place of b.
void solve_spd(std::vector<Vector>& H, Vector& b) {
  const std::size_t k = b.size();
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = j + 1; i < k; ++i) {
      const double f = H[i][j] / H[j][j];
      for (std::size_t c = j; c < k; ++c) H[i][c] -= f * H[j][c];
      b[i] -= f * b[j];
    }
  }
  for (std::size_t i = k; i-- > 0;) {
    for (std::size_t c = i + 1; c < k; ++c) b[i] -= H[i][c] * b[c];
    b[i] /= H[i][i];
  }
}

class FactorRisk {
 public:
  explicit FactorRisk(const Problem& problem)
      : problem_(problem),
        forest_(*forest_of(problem)),
        high_(highest(problem, 2)),
        near_(problem.channels.size()) {
    outer_ = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
    for (std::size_t i = 0; i < near_.size(); ++i) near_[i] = problem.channels[i].current;
  }

  Allocation solve() {
    Allocation out;
    out.solver = "factor-newton";
    const std::size_t k = problem_.risk.loadings.size();
    Vector y(k, 0);
    Filled filled = at(y);
    double value = dual(y, filled);
    int idle = 0;
    for (int round = 0; round < kMostRounds && filled.end == Filled::End::done; ++round) {
      const Vector gradient = gradient_of(y, filled);
      Vector step = gradient;
      std::vector<Vector> H = hessian(filled);
      double decrease = 0;
      solve_spd(H, step);
      for (std::size_t a = 0; a < k; ++a) decrease += step[a] * gradient[a];
      out.rounds = static_cast<std::size_t>(round + 1);
      if (decrease <= kClose * 1e-3 * std::abs(value)) break;
      double share = 1;
      bool moved = false;
      const double before = value;
      for (int i = 0; i < 40; ++i, share /= 2) {
        Vector next(k);
        for (std::size_t a = 0; a < k; ++a) next[a] = y[a] - share * step[a];
        Filled there = at(next);
        const double other = dual(next, there);
        if (there.end != Filled::End::done || !(other <= value - 1e-4 * share * decrease)) continue;
        y = next;
        filled = std::move(there);
        moved = true;
        value = other;
        break;
      }
      idle = before - value <= kClose * std::abs(value) ? idle + 1 : 0;
      if (!moved || idle == kMostIdle) break;
    }
    if (filled.end != Filled::End::done) {
      out.status = filled.end == Filled::End::infeasible ? Status::infeasible : Status::unbounded;
      return out;
    }
    out.spend = filled.spend;
    for (std::size_t i = 0; i < out.spend.size(); ++i)
      out.spend[i] = std::clamp(out.spend[i], problem_.channels[i].min,
                                std::max(problem_.channels[i].min, problem_.channels[i].max));
    out.prices = prices_of(problem_, forest_, filled.price_of, outer_);
    out.objective = objective_of(problem_, out.spend);
    out.bound = value;
    return out;
  }

 private:
  double penalty(std::size_t i) const {
    const Risk& risk = problem_.risk;
    return risk.diagonal.empty() ? 0 : risk.penalty * risk.diagonal[i];
  }
  // What the factors cost a unit of each channel at their prices y.
  void shift(const Vector& y) {
    shift_.assign(near_.size(), 0);
    for (std::size_t a = 0; a < y.size(); ++a) {
      const double* const factor = problem_.risk.loadings[a].data();
      for (std::size_t i = 0; i < shift_.size(); ++i) shift_[i] += y[a] * factor[i];
    }
  }

  Filled at(const Vector& y) {
    shift(y);
    Waterfill fill(forest_);
    Curve moved;
    for (std::size_t i = 0; i < near_.size(); ++i) {
      const Channel& c = problem_.channels[i];
      const double high = std::max(c.min, high_[i]), off = shift_[i];
      fill.add_base(i, c.min, high);
      if (c.curve.family == Family::linear || c.curve.family == Family::quadratic) {
        moved.family = c.curve.family;
        moved.a = c.curve.a - off;
        moved.b = c.curve.b;
        moved.carry = c.curve.carry;
        fill.add_smooth(i, moved, c.min, high, 0, penalty(i));
      } else {
        fill.add_smooth(i, c.curve, c.min, high, off, penalty(i));
      }
    }
    fill.finish();
    return fill.fill(outer_, [this](std::size_t i) { return near_[i]; });
  }

  Vector exposure(const Vector& spend) const {
    Vector out;
    for (const Vector& factor : problem_.risk.loadings) {
      double one = 0, two = 0, three = 0, four = 0;  // so that none waits for the one before
      std::size_t i = 0;
      for (; i + 4 <= spend.size(); i += 4) {
        one += factor[i] * spend[i];
        two += factor[i + 1] * spend[i + 1];
        three += factor[i + 2] * spend[i + 2];
        four += factor[i + 3] * spend[i + 3];
      }
      for (; i < spend.size(); ++i) one += factor[i] * spend[i];
      out.push_back((one + two) + (three + four));
    }
    return out;
  }
  Vector gradient_of(const Vector& y, const Filled& filled) const {
    Vector out = exposure(filled.spend);
    for (std::size_t a = 0; a < y.size(); ++a) out[a] = y[a] / problem_.risk.penalty - out[a];
    return out;
  }
  // REQUIRES that the channels are shifted by y: at(y) was the last.
  double dual(const Vector& y, const Filled& filled) {
    double value = 0;
    for (const double v : y) value += v * v / (2 * problem_.risk.penalty);
    parts_.resize(filled.spend.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const double x = filled.spend[i];
      parts_[i] = value_at(problem_.channels[i].curve, x) - (outer_ + shift_[i]) * x -
                  penalty(i) * x * x / 2;
    }
    return value + spend_of(parts_);
  }

  // I / penalty + F (W - w w' / sum w, region by region) F'.
  std::vector<Vector> hessian(const Filled& filled) const {
    const auto& F = problem_.risk.loadings;
    const std::size_t k = F.size(), nodes = forest_.nodes.size();
    std::vector<Vector> H(k, Vector(k, 0)), pull(nodes, Vector(k, 0));
    Vector weight(nodes, 0);
    for (std::size_t a = 0; a < k; ++a) H[a][a] = 1 / problem_.risk.penalty;
    for (std::size_t i = 0; i < filled.falls.size(); ++i) {
      const double w = filled.falls[i];
      if (w == 0) continue;
      const std::size_t region = filled.region[forest_.home[i]];
      for (std::size_t a = 0; a < k; ++a) {
        const double scaled = w * F[a][i];
        for (std::size_t b = 0; b <= a; ++b) H[a][b] += scaled * F[b][i];
        if (region != kFree) pull[region][a] += scaled;
      }
      if (region != kFree) weight[region] += w;
    }
    for (std::size_t r = 0; r < nodes; ++r) {
      if (weight[r] == 0) continue;
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b <= a; ++b) H[a][b] -= pull[r][a] * pull[r][b] / weight[r];
      }
    }
    for (std::size_t a = 0; a < k; ++a) {
      for (std::size_t b = 0; b < a; ++b) H[b][a] = H[a][b];
    }
    return H;
  }

  const Problem& problem_;
  Forest forest_;
  Vector high_, near_, shift_, parts_;
  double outer_ = 0;
};

}  // namespace

bool is_factor_risk(const Problem& problem) {
  const Risk& risk = problem.risk;
  if (!risk.any() || !risk.dense.empty() || risk.loadings.empty()) return false;
  if (problem.goal == Goal::least_spend || !forest_of(problem)) return false;
  for (const Group& group : problem.groups) {
    if (group.max_share < kInfinity && !problem.is_fixed()) return false;
  }
  for (std::size_t i = 0; i < problem.channels.size(); ++i) {
    const Channel& c = problem.channels[i];
    const bool varies = !risk.diagonal.empty() && risk.diagonal[i] > 0;
    if (c.curve.family == Family::piecewise || (is_straight(c.curve) && !varies)) return false;
    if (is_straight(c.curve) && c.curve.family != Family::linear &&
        c.curve.family != Family::quadratic)
      return false;
  }
  return true;
}

Allocation solve_factor_risk(const Problem& problem) { return FactorRisk(problem).solve(); }

}  // namespace autopilot::optimize
