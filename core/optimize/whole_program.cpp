#include "core/optimize/whole_program.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr double kHair = 1e-9;      // of a unit: what is no unit more
constexpr std::int64_t kBelow = 2;  // units below the best without units that are looked at
constexpr std::int64_t kAbove = 2;  // and above

class WholeProgram {
 public:
  WholeProgram(const Problem& problem, const std::vector<double>& near, double unit)
      : problem_(problem),
        unit_(unit),
        slopes_(risk_slopes(problem.risk, near)),
        base_(near.size(), 0),
        columns_(near.size()) {
    for (std::size_t i = 0; i < near.size(); ++i) is_open_ &= place(i, near[i]);
  }

  std::optional<std::vector<std::int64_t>> solve(const LpSolver& solver, double seconds) {
    if (!is_open_ || !make_rows()) return std::nullopt;
    const LpAnswer answer = solver(model_, seconds);
    if (answer.values.size() != model_.columns.size() || model_.columns.empty())
      return model_.columns.empty() && answer.status == Status::optimal ? std::optional(base_)
                                                                        : std::nullopt;
    std::vector<std::int64_t> out = base_;
    for (std::size_t i = 0; i < out.size(); ++i) {
      for (const std::size_t c : columns_[i]) out[i] += answer.values[c] > 0.5 ? 1 : 0;
    }
    return out;
  }

 private:
  double money(std::int64_t units) const { return static_cast<double>(units) * unit_; }
  double value(std::size_t i, std::int64_t units) const {
    return value_at(problem_.channels[i].curve, money(units));
  }
  double moved(std::size_t i, std::int64_t units) const {
    return std::abs(money(units) - problem_.channels[i].current);
  }

  // Where the units that are decided on begin; false when the channel's bounds hold none.
  bool place(std::size_t i, double near) {
    const Channel& c = problem_.channels[i];
    if (near == 0 && c.min <= 0) return true;
    const auto least =
        static_cast<std::int64_t>(std::ceil(std::max(c.min, c.active_min) / unit_ - kHair));
    const double high = std::min(c.max / unit_, 1e17);
    const auto most = static_cast<std::int64_t>(std::floor(high + kHair));
    if (least > most) return false;
    const auto at = static_cast<std::int64_t>(std::floor(near / unit_ + kHair));
    base_[i] = std::clamp(at - kBelow, least, most);
    const std::int64_t end = std::clamp(at + 1 + kAbove, base_[i], most);
    for (std::int64_t k = base_[i]; k < end; ++k) {
      columns_[i].push_back(model_.columns.size());
      model_.columns.push_back({0, 1, cost(i, k), true});
    }
    return true;
  }

  // Of one unit more, where it has `units`.
  double cost(std::size_t i, std::int64_t units) const {
    if (problem_.goal == Goal::least_spend) return -unit_;
    const double price = problem_.price + (problem_.goal == Goal::most_profit ? 1 : 0);
    return value(i, units + 1) - value(i, units) - (price + slopes_[i]) * unit_;
  }

  // A row over channels: what they have anyway is `base`, one unit more of each is `of`.
  template <class Of>
  void row(double low, double high, double base, const std::vector<std::size_t>& channels, Of of) {
    model_.rows.emplace_back(low - base, high - base);
    for (const std::size_t i : channels) {
      for (std::size_t k = 0; k < columns_[i].size(); ++k) {
        const double v = of(i, base_[i] + static_cast<std::int64_t>(k));
        if (v != 0) model_.entries.push_back({model_.rows.size() - 1, columns_[i][k], v});
      }
    }
  }

  // False when no number of units is between the bounds.
  bool count(const std::vector<std::size_t>& channels, double low, double high) {
    std::int64_t base = 0;
    for (const std::size_t i : channels) base += base_[i];
    low = low > 0 ? std::ceil(low / unit_ - kHair) : -kInfinity;
    high = std::isfinite(high) ? std::floor(high / unit_ + kHair) : kInfinity;
    if (low > high) return false;
    if (std::isfinite(low) || std::isfinite(high))
      row(low, high, static_cast<double>(base), channels, [](auto, auto) { return 1.0; });
    return true;
  }

  void floor_on_returns(const std::vector<std::size_t>& channels, double roi, double least) {
    double base = 0;
    for (const std::size_t i : channels)
      base += value(i, base_[i]) - (base_[i] > 0 ? problem_.channels[i].fixed_cost : 0) -
              roi * money(base_[i]);
    row(least, kInfinity, base, channels,
        [&](std::size_t i, std::int64_t k) { return value(i, k + 1) - value(i, k) - roi * unit_; });
  }

  bool make_rows() {
    std::vector<std::size_t> all(base_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    if (!count(all, problem_.total_min, problem_.total_max)) return false;
    if (std::isfinite(problem_.roi_min)) floor_on_returns(all, problem_.roi_min, 0);
    if (std::isfinite(problem_.return_min)) floor_on_returns(all, 0, problem_.return_min);
    if (std::isfinite(problem_.turnover_max)) {
      double base = 0;
      for (const std::size_t i : all) base += moved(i, base_[i]);
      row(-kInfinity, problem_.turnover_max, base, all,
          [&](std::size_t i, std::int64_t k) { return moved(i, k + 1) - moved(i, k); });
    }
    for (std::size_t g = 0; g < problem_.groups.size(); ++g) {
      const Group& group = problem_.groups[g];
      if (!count(group.members, group.min, group.max)) return false;
      if (std::isfinite(group.roi_min)) floor_on_returns(group.members, group.roi_min, 0);
      if (group.max_share < kInfinity) share(g, all);
    }
    keep_order();
    return true;
  }

  void share(std::size_t g, const std::vector<std::size_t>& all) {
    const Group& group = problem_.groups[g];
    const auto of = [&](std::size_t i) {
      return (std::binary_search(group.members.begin(), group.members.end(), i) ? 1 : 0) -
             group.max_share;
    };
    double base = 0;
    for (const std::size_t i : all) base += of(i) * static_cast<double>(base_[i]);
    row(-kInfinity, 0, base, all, [&](std::size_t i, auto) { return of(i); });
  }

  // Where a later unit would be taken first.
  void keep_order() {
    for (const std::vector<std::size_t>& of : columns_) {
      for (std::size_t k = 1; k < of.size(); ++k) {
        if (model_.columns[of[k]].cost <= model_.columns[of[k - 1]].cost &&
            problem_.goal != Goal::least_spend)
          continue;
        model_.rows.emplace_back(0, kInfinity);
        model_.entries.push_back({model_.rows.size() - 1, of[k - 1], 1});
        model_.entries.push_back({model_.rows.size() - 1, of[k], -1});
      }
    }
  }

  const Problem& problem_;
  double unit_;
  std::vector<double> slopes_;
  std::vector<std::int64_t> base_;
  std::vector<std::vector<std::size_t>> columns_;  // by channel: of one unit more each
  LpModel model_;
  bool is_open_ = true;
};

}  // namespace

std::optional<std::vector<std::int64_t>> whole_by_program(const Problem& problem,
                                                          const std::vector<double>& near,
                                                          double unit, const LpSolver& solver,
                                                          double seconds) {
  return WholeProgram(problem, near, unit).solve(solver, seconds);
}

}  // namespace autopilot::optimize
