#include "core/optimize/conflict.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/forest.h"

namespace autopilot::optimize {
namespace {

class Search {
 public:
  Search(const Plan& plan, const Fits& fits) : plan_(plan), fits_(fits) {}

  Conflict find() {
    Conflict out;
    std::vector<std::size_t> all(plan_.constraints.size());
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
    out.constraints = explain({}, false, all);
    std::sort(out.constraints.begin(), out.constraints.end());
    for (const std::size_t k : out.constraints) try_repair(k, out);
    std::stable_sort(out.repairs.begin(), out.repairs.end(),
                     [](const Repair& a, const Repair& b) { return a.change < b.change; });
    return out;
  }

 private:
  bool fit(const std::vector<std::size_t>& kept) const {
    std::vector<bool> keep(plan_.constraints.size(), false);
    for (const std::size_t k : kept) keep[k] = true;
    return fits_(problem_with(plan_, keep));
  }

  // A least subset of `from` that conflicts together with `given`.
  std::vector<std::size_t> explain(const std::vector<std::size_t>& given, bool grew,
                                   const std::vector<std::size_t>& from) const {
    if (grew && !fit(given)) return {};
    if (from.size() <= 1) return from;
    const auto middle = from.begin() + static_cast<std::ptrdiff_t>(from.size() / 2);
    const std::vector<std::size_t> first(from.begin(), middle), second(middle, from.end());
    const std::vector<std::size_t> needed = explain(joined(given, first), true, second);
    std::vector<std::size_t> out = explain(joined(given, needed), !needed.empty(), first);
    return joined(out, needed);
  }
  static std::vector<std::size_t> joined(std::vector<std::size_t> a,
                                         const std::vector<std::size_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  static bool is_lower(Limit limit) {
    return limit == Limit::channel_min || limit == Limit::shift_down ||
           limit == Limit::active_min || limit == Limit::total_min || limit == Limit::group_min ||
           limit == Limit::pace_min || limit == Limit::group_roi || limit == Limit::roi ||
           limit == Limit::return_min;
  }

  // Lowers a floor or raises a ceiling, all else as it is, to where everything fits.
  void try_repair(std::size_t k, Conflict& out) const {
    Plan changed = plan_;
    Constraint& c = changed.constraints[k];
    if (c.limit == Limit::frozen) return;
    const double was = c.value;
    const auto fit_at = [&](double value) {
      c.value = value;
      return fits_(problem_of(changed));
    };
    double bad = was, good = is_lower(c.limit) ? 0 : std::max(1.0, 2 * was);
    if (is_lower(c.limit)) {
      if (!fit_at(good)) return;
    } else {
      while (good < 1e15 * std::max(1.0, was) && !fit_at(good)) good *= 4;
      if (!fit_at(good)) return;
    }
    const bool whole = c.limit == Limit::group_active;
    for (int i = 0; i < 60 && std::abs(good - bad) > (whole ? 1 : 1e-9 * std::max(1.0, was)); ++i) {
      double middle = bad + (good - bad) / 2;
      if (whole) middle = std::floor(middle);
      (fit_at(middle) ? good : bad) = middle;
    }
    // Money compares with money; of anything else, its share of what it was.
    const bool money = c.limit != Limit::roi && c.limit != Limit::group_roi &&
                       c.limit != Limit::group_share && c.limit != Limit::group_active &&
                       c.limit != Limit::return_min;
    const double scale = money ? 1 : std::max(1.0, scale_) / std::max(1e-300, was);
    out.repairs.push_back({k, tidy(good, bad), std::abs(good - was) * scale});
  }

  // The shortest number close to where it begins to fit, on the side that does.
  static double tidy(double good, double bad) {
    for (double unit = 1e12; unit >= 1e-9; unit /= 10) {
      const double rounded =
          good > bad ? std::ceil(good / unit - 1e-6) * unit : std::floor(good / unit + 1e-6) * unit;
      if (std::abs(rounded - good) <= 1e-6 * std::max(1e-9, std::abs(good))) return rounded;
    }
    return good;
  }

  const Plan& plan_;
  const Fits& fits_;
  double scale_ = 1000;
};

}  // namespace

Conflict find_conflict(const Plan& plan, const Fits& fits) { return Search(plan, fits).find(); }

std::optional<bool> fits_plainly(const Problem& problem) {
  if (std::isfinite(problem.roi_min) || std::isfinite(problem.return_min) ||
      std::isfinite(problem.turnover_max))
    return std::nullopt;
  for (const Channel& c : problem.channels) {
    if (c.can_stop() && c.min <= 0) return std::nullopt;
    if (c.min > c.max + 1e-9 * std::max(1.0, c.max)) return false;
  }
  for (const Group& group : problem.groups) {
    if (std::isfinite(group.roi_min) || group.max_active ||
        (group.max_share < kInfinity && !problem.is_fixed()))
      return std::nullopt;
  }
  const std::optional<Forest> forest = forest_of(problem);
  if (!forest) return std::nullopt;
  const std::size_t n = forest->nodes.size();
  std::vector<double> least(n, 0), most(n, 0);
  for (std::size_t i = 0; i < problem.channels.size(); ++i) {
    least[forest->home[i]] += problem.channels[i].min;
    most[forest->home[i]] += problem.channels[i].max;
  }
  for (std::size_t k = n; k-- > 0;) {
    const ForestNode& node = forest->nodes[k];
    for (const std::size_t child : node.children) {
      least[k] += least[child];
      most[k] += most[child];
    }
    const double slack = 1e-9 * std::max({1e-300, std::abs(least[k]), std::abs(node.min)});
    if (least[k] > node.max + slack || most[k] < node.min - slack || node.min > node.max + slack)
      return false;
    least[k] = std::max(least[k], node.min);
    most[k] = std::min(most[k], node.max);
  }
  return true;
}

}  // namespace autopilot::optimize
