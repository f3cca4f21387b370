#include "core/optimize/frontier.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/price_search.h"
#include "core/optimize/separable.h"
#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

constexpr double kGap = 1e-12;  // that ends the search for a total
constexpr int kMostLooks = 60;
constexpr double kTold = 1e-3;    // gap up to which what was found in time is told
constexpr double kSlack = 1e-9;   // of bounds
constexpr double kReach = 0.03;   // of a price's logarithm: how far is looked ahead
constexpr double kMargin = 0.05;  // of that: for what is tried beside
constexpr double kFar = std::numeric_limits<double>::max();

// What all want at a price, on one side of a total.
struct Look {
  double price = 0;
  Demand demand;
  double amount = 0;    // the end that is nearer to the total
  double returned = 0;  // by it; NaN where that was not asked for
};

class Sweep {
 public:
  explicit Sweep(const Problem& problem, double most_total)
      : problem_(problem), forest_(forest_without_total(problem)), fill_(forest_, true) {
    Problem unlimited = problem;
    unlimited.total_min = 0;
    unlimited.total_max = kInfinity;
    const std::vector<double> high = highest(unlimited, 2);
    for (std::size_t i = 0; i < problem.channels.size(); ++i) {
      const Channel& c = problem.channels[i];
      fill_.add(i, c.curve, c.min, std::max(c.min, std::min(high[i], 2 * most_total)));
    }
    fill_.finish();
    outer_ = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
  }

  std::vector<FrontierPoint> points(const std::vector<double>& totals) {
    std::vector<FrontierPoint> out;
    if (!fill_.begin()) return out;
    const bool fixed = problem_.is_fixed();
    const Demand free = fill_.demand(outer_, true);
    for (const double total : totals) {
      const double slack = kSlack * std::abs(total);
      if (total < fill_.least() - slack || (fixed && total > fill_.most() + slack)) continue;
      if (!fixed && free.low <= total)
        out.push_back({total, free.low, free.returned, outer_, 0});
      else
        out.push_back(at(total));
    }
    return out;
  }

 private:
  static Forest forest_without_total(const Problem& problem) {
    Forest out = *forest_of(problem);
    out.nodes[0].min = 0;
    out.nodes[0].max = kInfinity;
    return out;
  }

  FrontierPoint at(double total) {
    const double target = std::clamp(total, fill_.least(), fill_.most());
    low_ = {-kFar, {}, kInfinity, std::nan("")};  // too low a price: too much is wanted
    high_ = {kFar, {}, -kInfinity, std::nan("")};
    double price = first_price(target);
    look_ahead(price);
    for (int i = 0; i < kMostLooks; ++i) {
      Demand d = fill_.demand(price, i > 0);  // the first is seldom the last
      remember(price, d);
      if (d.low <= target && target <= d.high) {
        d = fill_.demand(price, true);
        const double off = target - d.low;
        return {total, target, d.returned + (off == 0 ? 0 : price * off), price, 0};
      }
      take(price, d, target, i > 0);
      if (proven(target).gap <= kGap) break;
      const double next = next_price(price, d, target, i);
      if (!(next > low_.price && next < high_.price)) break;
      price = next;
    }
    const Proof proof = proven(target);
    return {total, target, proof.returned, price_at(target), proof.gap};
  }

  // Totals that are close have prices that are close: what all want there is worked out for several
  // of them at once.
  void look_ahead(double price) {
    const double step = price > 0 && last_.price > 0 ? std::log(price / last_.price) : 0;
    const bool is_near = std::abs(std::log(price / ahead_)) <= kReach * (1 - kMargin);
    if (step == 0 || is_near || std::abs(step) > kReach / 3) return;
    ahead_ = price * std::exp(step < 0 ? -kReach * (1 - kMargin) : kReach * (1 - kMargin));
    fill_.expect_near(ahead_, kReach);
  }

  void take(double price, const Demand& d, double target, bool with_returns) {
    const double returned = with_returns ? d.returned : std::nan("");
    if (d.low > target)
      low_ = {price, d, d.low, returned};
    else
      high_ = {price, d, d.high, returned + (d.high > d.low ? price * (d.high - d.low) : 0)};
  }

  // The price of the last total, moved on as far as its slope and bend tell.
  double first_price(double target) {
    const double end = target <= fill_.least() || target >= fill_.most();
    if (!end && last_.price > 0) {
      const double guess = fill_.guess(last_.price, last_.demand, target, bend_);
      if (std::isfinite(guess) && guess > 0) return guess;
    }
    return fill_.price_of(target, std::nan(""));
  }

  void remember(double price, const Demand& d) {
    const double slope = d.fall * price, before = last_.demand.fall * last_.price;
    const double moved = price > 0 && last_.price > 0 ? std::log(price / last_.price) : 0;
    // Between looks that are a hair apart there is nothing to learn.
    if (std::abs(moved) > 1e-4)
      bend_ =
          slope > 0 && before > 0 ? std::clamp((slope - before) / (slope * moved), -50.0, 50.0) : 0;
    last_ = {price, d, 0, 0};
  }

  // What the total returns at least and, above that, at most. From a look whose return is known,
  // all that lies up to the total is worth no less than the one side's price, no more than the
  // other's.
  struct Proof {
    double returned = -kInfinity, gap = kInfinity;
  };
  Proof proven(double target) const {
    double least = -kInfinity, most = kInfinity;
    if (!std::isnan(low_.returned)) {
      least = std::max(least, low_.returned - high_.price * (low_.amount - target));
      most = std::min(most, low_.returned - low_.price * (low_.amount - target));
    }
    if (!std::isnan(high_.returned)) {
      least = std::max(least, high_.returned + low_.price * (target - high_.amount));
      most = std::min(most, high_.returned + high_.price * (target - high_.amount));
    }
    return {least, most > least ? relative_gap(least, most) : 0};
  }
  double price_at(double target) const {
    const double share = (target - high_.amount) / (low_.amount - high_.amount);
    return high_.price + share * (low_.price - high_.price);
  }

  // A hair beyond the total, so that it lies between two looks that are close.
  double next_price(double price, const Demand& d, double target, int round) const {
    const double miss = target - (d.low > target ? d.low : d.high);
    const double far = std::min(0.5, 1e-3 + 30 * std::abs(miss / target));
    double next = d.fall > 0 ? fill_.guess(price, d, target + far * miss, bend_) : std::nan("");
    // Steps between smooth parts have their price exactly.
    if (std::isnan(next)) next = fill_.guess(price, d, target, bend_);
    if (!(next > low_.price && next < high_.price) || round % 8 == 7)
      next = between(low_.price, high_.price);
    return next;
  }

  const Problem& problem_;
  Forest forest_;
  Waterfill fill_;
  double outer_ = 0;
  Look low_, high_, last_;
  double ahead_ = 0;  // the price that was looked ahead from
  double bend_ = 0;
};

// Whether a sweep tells all: what else holds is the same at every total.
bool is_swept(const Problem& problem) {
  return is_separable(problem) && problem.goal != Goal::least_spend && !problem.risk.any() &&
         !std::isfinite(problem.roi_min) && !std::isfinite(problem.return_min) &&
         !std::isfinite(problem.turnover_max) &&
         std::none_of(problem.groups.begin(), problem.groups.end(),
                      [](const Group& g) { return g.max_share < kInfinity; });
}

}  // namespace

std::vector<FrontierPoint> frontier_of(const Problem& problem, const std::vector<double>& totals,
                                       const Solver& solver) {
  if (totals.empty() || problem.goal == Goal::least_spend) return {};
  if (is_swept(problem))
    return Sweep(problem, *std::max_element(totals.begin(), totals.end())).points(totals);
  return frontier_by_solving(problem, totals, solver);
}

std::vector<FrontierPoint> frontier_by_solving(const Problem& problem,
                                               const std::vector<double>& totals,
                                               const Solver& solver) {
  std::vector<FrontierPoint> out;
  for (const double total : totals) {
    Problem other = problem;
    other.total_max = total;
    other.total_min = problem.is_fixed() ? total : std::min(problem.total_min, total);
    const Solution solution = solver(other);
    const Allocation& a = solution.allocation;
    if (a.spend.empty() || a.status == Status::infeasible || a.status == Status::unbounded)
      continue;
    // Out of time: what was found says nothing of the total.
    if (a.status == Status::stopped && !(solution.certificate.gap <= kTold)) continue;
    const double outer = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
    out.push_back({total, spend_of(a.spend), return_of(other, a.spend),
                   has_prices(a) ? a.prices.total + outer : std::nan(""),
                   solution.certificate.gap});
  }
  return out;
}

}  // namespace autopilot::optimize
