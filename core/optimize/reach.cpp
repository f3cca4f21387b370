#include "core/optimize/reach.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/separable.h"

namespace autopilot::optimize {
namespace {

constexpr double kFarthest = 1e30;  // beyond it nothing is looked for
constexpr double kLoose = 1e6;      // of a typical amount: a bound that is of no use

double least_of(const Channel& c) { return std::min(c.min, c.max); }

// How far x may go for f(x) - floor x >= -spare; infinite where that never ends.
double paid_for(const Curve& curve, double floor, double spare, double from) {
  const auto falls_short = [&](double x) { return value_at(curve, x) - floor * x < -spare; };
  double good = from, bad = std::max({1e-30, 2 * from, curve.b});
  if (curve.family == Family::piecewise) bad = std::max(bad, 2 * curve.points.back().x);
  const double turns =
      curve.family == Family::piecewise ? curve.points.back().x : inflection_of(curve);
  while (bad < kFarthest && !(falls_short(bad) && bad > turns && slope_at(curve, bad) < floor)) {
    good = bad;
    bad *= 4;
  }
  if (bad >= kFarthest) return kInfinity;
  for (int i = 0; i < 60 && bad - good > 1e-6 * bad; ++i) {
    const double middle = good + (bad - good) / 2;
    (falls_short(middle) ? bad : good) = middle;
  }
  return bad;
}

// What return above `floor` times the spend all `members` can earn: so much may each of them fall
// short by.
void tighten_by_floor(const Problem& problem, const std::vector<std::size_t>& members, double floor,
                      double room, std::vector<double>& reach) {
  if (!(floor > 0) || !std::isfinite(floor)) return;
  if (std::none_of(members.begin(), members.end(),
                   [&](std::size_t i) { return std::isinf(reach[i]); }))
    return;
  double all = 0;
  std::vector<double> most(members.size());
  for (std::size_t k = 0; k < members.size(); ++k) {
    const Channel& c = problem.channels[members[k]];
    most[k] = best_at(c.curve, floor, c.min > 0 ? least_of(c) : 0, reach[members[k]]).value;
    all += most[k];
  }
  if (!std::isfinite(all)) return;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::size_t i = members[k];
    if (std::isfinite(reach[i])) continue;
    const Channel& c = problem.channels[i];
    reach[i] = room * paid_for(c.curve, floor, all - most[k], least_of(c));
  }
}

bool rises(const Curve& piecewise) {
  for (std::size_t k = 1; k < piecewise.points.size(); ++k) {
    if (piecewise.points[k].y < piecewise.points[k - 1].y) return false;
  }
  return true;
}

// Beyond it a channel returns no more.
double end_of_gains(const Curve& curve) {
  if (curve.family == Family::piecewise) return curve.points.back().x;
  if (curve.family != Family::quadratic || !(curve.b > 0)) return kInfinity;
  return std::max(0.0, curve.a / curve.b - curve.carry);
}

// Least spend stops where the return is there: no channel needs more than what returns it alone,
// pays for all that is on, and fills what has to be spent anyway.
void tighten_by_need(const Problem& problem, double room, std::vector<double>& reach) {
  if (problem.goal != Goal::least_spend || std::isfinite(problem.roi_min) ||
      std::isfinite(problem.turnover_max))
    return;
  double needed = std::max(0.0, problem.return_min);
  for (const Channel& c : problem.channels) {
    needed += c.fixed_cost;
    if (c.curve.family == Family::linear && c.curve.a < 0)
      return;  // what it loses is to be made up
    if (c.curve.family == Family::piecewise && !rises(c.curve)) return;
    if (c.curve.family == Family::quadratic) needed += std::max(0.0, -value_at(c.curve, c.min));
  }
  double floors = problem.total_min;
  for (const Group& g : problem.groups) {
    if (g.max_share < kInfinity || std::isfinite(g.roi_min)) return;
    floors = std::max(floors, g.min);
  }
  const double typical = typical_amount(problem);
  for (std::size_t i = 0; i < reach.size(); ++i) {
    if (std::isfinite(reach[i])) continue;
    const Channel& c = problem.channels[i];
    double enough = std::max({floors, c.min, c.active_min, 1e-30});
    const double most = std::max(enough, end_of_gains(c.curve));
    while (enough <= kLoose * typical && enough < most && value_at(c.curve, enough) < needed)
      enough *= 2;
    enough = std::min(enough, most);
    if (enough <= kLoose * typical) reach[i] = room * enough;
  }
}

}  // namespace

std::vector<double> reach_of(const Problem& problem, double room) {
  std::vector<double> out = highest(problem, room);
  const std::size_t n = out.size();
  if (std::isfinite(problem.turnover_max)) {
    for (std::size_t i = 0; i < n; ++i)
      out[i] = std::min(out[i], problem.channels[i].current + room * problem.turnover_max);
  }
  std::vector<std::size_t> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = i;
  tighten_by_floor(problem, all, problem.roi_min, room, out);
  for (const Group& group : problem.groups)
    tighten_by_floor(problem, group.members, group.roi_min, room, out);
  tighten_by_need(problem, room, out);
  return out;
}

std::vector<std::size_t> endless_channels(const Problem& problem) {
  std::vector<std::size_t> out, saturating;
  if (problem.goal == Goal::least_spend || problem.risk.any()) return out;
  const double price = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
  const std::vector<double> reach = reach_of(problem, 1);
  for (std::size_t i = 0; i < reach.size(); ++i) {
    const Curve& curve = problem.channels[i].curve;
    if (std::isfinite(reach[i])) continue;
    double least = std::max(price, problem.roi_min);
    bool shared = false;
    for (const Group& g : problem.groups) {
      if (!std::binary_search(g.members.begin(), g.members.end(), i)) continue;
      shared |= g.max_share < 1;  // others have to grow with it
      least = std::max(least, g.roi_min);
    }
    if (shared) continue;
    if (curve.family == Family::linear && curve.a > std::max(0.0, least)) out.push_back(i);
    if (curve.family == Family::linear || curve.family == Family::piecewise ||
        curve.family == Family::quadratic || least > 0 || !(curve.a > 0))
      continue;
    const bool rises = curve.family == Family::logarithm || curve.family == Family::power;
    (rises ? out : saturating).push_back(i);
  }
  return out.empty() ? saturating : out;
}

bool grows_without_end(const Problem& problem, Allocation& found) {
  std::vector<std::size_t> endless = endless_channels(problem);
  if (endless.empty()) return false;
  found.status = Status::unbounded;
  found.unbounded = std::move(endless);
  found.spend.clear();
  return true;
}

double typical_amount(const Problem& problem) {
  if (std::isfinite(problem.total_max) && problem.total_max > 0) return problem.total_max;
  double out = problem.total_min, scales = 0;
  for (const Channel& c : problem.channels) {
    for (const double x : {c.min, c.current, c.active_min, std::isfinite(c.max) ? c.max : 0.0})
      out = std::max(out, x);
    const bool has_points = c.curve.family == Family::piecewise && !c.curve.points.empty();
    if (has_points) scales = std::max(scales, c.curve.points.back().x);
    const bool has_scale =
        c.curve.family == Family::logarithm || c.curve.family == Family::exponential ||
        c.curve.family == Family::hill || c.curve.family == Family::michaelis_menten;
    if (has_scale) scales = std::max(scales, c.curve.b);
  }
  for (const Group& g : problem.groups) {
    out = std::max(out, g.min);
    if (std::isfinite(g.max)) out = std::max(out, g.max);
  }
  out = std::max(out, scales);
  return out > 0 && std::isfinite(out) ? out : 1;
}

}  // namespace autopilot::optimize
