#include "core/stats/bandit_best.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/stats/gauss_legendre.h"

namespace autopilot::stats {
namespace {

constexpr std::size_t kNodes = GaussLegendre::kNodes;
constexpr int kDeepest = 60;  // halvings of the domain

struct Panel {
  double from = 0, to = 0;
};

bool overlaps(const Posterior& arm, const Panel& panel) {
  return arm.high() > panel.from && arm.low() < panel.to;
}

bool is_smooth(std::span<const Posterior> arms, const Panel& panel) {
  const double length = panel.to - panel.from;
  return std::all_of(arms.begin(), arms.end(), [&](const Posterior& arm) {
    return !overlaps(arm, panel) || length <= arm.smooth_length(panel.from, panel.to);
  });
}

// From the right to the left.
void split(std::span<const Posterior> arms, const Panel& panel, int depth,
           std::vector<Panel>& out) {
  if (depth == kDeepest || is_smooth(arms, panel)) {
    out.push_back(panel);
    return;
  }
  const double middle = panel.from + (panel.to - panel.from) / 2;
  split(arms, {middle, panel.to}, depth + 1, out);
  split(arms, {panel.from, middle}, depth + 1, out);
}

// The piece of the axis in which the arms of the first `ranks` ranks lie.
Panel domain(std::span<const Posterior> arms, std::size_t ranks) {
  std::vector<double> lows;
  double high = arms.front().high();
  for (const Posterior& arm : arms) {
    lows.push_back(arm.low());
    high = std::max(high, arm.high());
  }
  std::sort(lows.begin(), lows.end(), std::greater<>());
  return {lows[ranks - 1], high};
}

// The chances that so many of some arms lie above a point: element r for exactly r of them.
class Above {
 public:
  explicit Above(std::size_t ranks) : chance_(ranks, 0.0) { chance_[0] = 1; }

  // One arm more, which lies above with chance `above`.
  void add(double above) {
    for (std::size_t r = chance_.size(); r-- > 0;) {
      chance_[r] = chance_[r] * (1 - above) + (r > 0 ? chance_[r - 1] * above : 0);
    }
  }
  // That exactly r of both lots lie above.
  static double both(const Above& a, const Above& b, std::size_t r) {
    double sum = 0;
    for (std::size_t i = 0; i <= r; ++i) sum += a.chance_[i] * b.chance_[r - i];
    return sum;
  }

 private:
  std::vector<double> chance_;
};

class RankIntegral {
 public:
  RankIntegral(std::span<const Posterior> arms, std::size_t ranks)
      : arms_(arms),
        ranks_(ranks),
        right_(arms.size(), 0.0),
        density_(arms.size()),
        above_(arms.size()),
        before_(arms.size(), Above(ranks)),
        out_(arms.size(), std::vector<double>(ranks, 0.0)) {
    std::vector<Panel> panels;
    split(arms, domain(arms, ranks), 0, panels);
    for (const Panel& panel : panels) add(panel);
  }

  std::vector<std::vector<double>>& probabilities() { return out_; }
  double expected_best() const { return expected_best_; }

 private:
  using Row = std::array<double, kNodes>;

  void add(const Panel& panel) {
    active_.clear();
    set_points(panel);
    for (std::size_t j = 0; j < arms_.size(); ++j) {
      if (arms_[j].high() <= panel.from) continue;  // surely below
      active_.push_back(j);
      evaluate(j, panel);
    }
    const GaussLegendre& rule = gauss_legendre();
    const double half = (panel.to - panel.from) / 2;
    for (std::size_t k = 0; k < kNodes; ++k) {
      const double t = points_[k].t;
      add_node(k, half * rule.weight[k], arms_.front().is_beta() ? logistic(t) : t);
    }
  }

  void set_points(const Panel& panel) {
    const double half = (panel.to - panel.from) / 2;
    for (std::size_t k = 0; k < kNodes; ++k) {
      points_[k] = arms_.front().point(panel.from + half * (1 + gauss_legendre().node[k]));
    }
  }

  // The densities at the panel's nodes and the mass to the right of each.
  void evaluate(std::size_t j, const Panel& panel) {
    const GaussLegendre& rule = gauss_legendre();
    const double half = (panel.to - panel.from) / 2;
    Row& density = density_[j];
    Row& above = above_[j];
    above.fill(right_[j]);
    density.fill(0);
    if (!overlaps(arms_[j], panel)) return;
    for (std::size_t i = 0; i < kNodes; ++i) {
      density[i] = arms_[j].density(points_[i]);
      const double scaled = half * density[i];
      for (std::size_t k = 0; k < kNodes; ++k) above[k] += scaled * rule.to_right[i][k];
      right_[j] += scaled * rule.weight[i];
    }
    for (double& a : above) a = std::clamp(a, 0.0, 1.0);
  }

  void add_node(std::size_t k, double weight, double mean) {
    if (ranks_ == 1) return add_best(k, weight, mean);
    Above all(ranks_);
    for (const std::size_t j : active_) {
      before_[j] = all;
      all.add(above_[j][k]);
    }
    Above after(ranks_);
    for (std::size_t i = active_.size(); i-- > 0;) {
      const std::size_t j = active_[i];
      for (std::size_t r = 0; r < ranks_; ++r) {
        out_[j][r] += weight * density_[j][k] * Above::both(before_[j], after, r);
      }
      after.add(above_[j][k]);
    }
  }

  // The same for one rank, where the chances are plain products.
  void add_best(std::size_t k, double weight, double mean) {
    products_.resize(active_.size());
    double product = 1;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      products_[i] = product;
      product *= 1 - above_[active_[i]][k];
    }
    product = weight;
    double here = 0;
    for (std::size_t i = active_.size(); i-- > 0;) {
      const std::size_t j = active_[i];
      const double mass = density_[j][k] * products_[i] * product;
      out_[j][0] += mass;
      here += mass;
      product *= 1 - above_[j][k];
    }
    expected_best_ += here * mean;
  }

  std::span<const Posterior> arms_;
  std::size_t ranks_;
  std::vector<double> right_;  // mass to the right of the panels so far
  std::array<AxisPoint, kNodes> points_;
  std::vector<Row> density_, above_;
  std::vector<std::size_t> active_;
  std::vector<Above> before_;
  std::vector<double> products_;
  std::vector<std::vector<double>> out_;
  double expected_best_ = 0;
};

}  // namespace

BestArm best_arm(std::span<const Posterior> arms) {
  RankIntegral integral(arms, 1);
  double sum = 0;
  for (const auto& ranks : integral.probabilities()) sum += ranks[0];
  BestArm out;
  out.expected_best = integral.expected_best() / sum;
  for (std::size_t j = 0; j < arms.size(); ++j) {
    out.probability.push_back(integral.probabilities()[j][0] / sum);
    out.expected_loss.push_back(std::max(0.0, out.expected_best - arms[j].mean()));
  }
  return out;
}

std::vector<std::vector<double>> rank_probabilities(std::span<const Posterior> arms,
                                                    std::size_t ranks) {
  return std::move(RankIntegral(arms, std::min(ranks, arms.size())).probabilities());
}

}  // namespace autopilot::stats
