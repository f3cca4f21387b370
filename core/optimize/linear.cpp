#include "core/optimize/linear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/optimize/certify.h"
#include "core/optimize/linear_shape.h"
#include "core/optimize/reach.h"
#include "core/optimize/risk_rows.h"
#include "core/optimize/ties.h"

namespace autopilot::optimize {
namespace {

constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);
constexpr int kMostRounds = 60;
constexpr int kMostForPrices = 12;  // more, once the plan is proven
constexpr double kAsGood = 1e-10;   // of the objective
constexpr double kFits = 1e-8;      // of a limit
constexpr double kOn = 1e-9;        // of what it gets: a channel that is on
constexpr double kProven = 1e-6;    // gap that is a proof of what is on and off
constexpr double kLeastMargin = 1e-8, kMostMargin = 1e-6;
constexpr double kFar = 1e9;  // of an open end, of all amounts: no optimum lies there

struct Rows {
  std::size_t total = kNoRow, roi = kNoRow, return_min = kNoRow, turnover = kNoRow;
  std::vector<std::size_t> group, share, group_roi;
};

class Linear {
 public:
  Linear(const Problem& problem, const LpSolver& solver, const LinearOptions& options)
      : problem_(problem),
        solver_(solver),
        options_(options),
        high_(reach_of(problem, 2)),
        amount_(typical_amount(problem)),
        risk_(problem, amount_) {
    const std::vector<double> least = reach_of(problem, 1);
    for (std::size_t i = 0; i < problem.channels.size(); ++i) {
      // Where there are switches there are no prices, and the tightest bounds serve best.
      if (is_switched(i)) high_[i] = least[i];
      high_[i] = std::max(high_[i], problem.channels[i].min);
      shapes_.push_back(shape_at(i));
    }
    smooth_ |= risk_.any();
    has_floors_ = has_rows_on_returns(problem);
    certified_ = better(kInfinity);
  }

  Allocation solve() {
    Allocation best;
    best.status = Status::stopped;
    best.bound = better(kInfinity);
    for (int round = 0; round < kMostRounds && !stopped(); ++round) {
      LpAnswer answer = solver_(model(), options_.seconds);
      best.rounds = static_cast<std::size_t>(round + 1);
      best.solver = integers_ ? "glpk-mip" : smooth_ ? "tangents" : "glpk-lp";
      if (answer.status == Status::infeasible || answer.status == Status::unbounded) {
        // A tangent may bend a floor on returns upwards only, so that infeasible is proven; what is
        // unbounded is so only once no curve bends.
        best.status = answer.status;
        if (answer.status == Status::unbounded) best.unbounded = endless();
        return best;
      }
      // Where nothing is left to decide there are no values either.
      if (answer.values.empty() && answer.status != Status::optimal) break;
      const std::vector<double> spend = spend_at(answer.values);
      take(answer, spend, best);
      if (has_floors_ && !fits(spend)) look_above_floors(best);
      if (integers_) solve_as_switched(spend, best);
      if (!smooth_ && !integers_ && answer.status == Status::optimal) settle(answer, best);
      if (!smooth_) break;
      if (is_closed(best)) {
        settle(answer, best);
        break;
      }
      if (!add_tangents(spend)) break;
    }
    if (!best.spend.empty() && grows_without_end(problem_, best)) return best;
    if (integers_ && best.status == Status::optimal &&
        relative_gap(best.objective, best.bound) > kProven)
      best.status = Status::stopped;
    if (smooth_ && best.status == Status::stopped && !best.spend.empty() &&
        (better(best.objective) >= better(best.bound) ||  // by what limits may be missed by
         relative_gap(best.objective, best.bound) <= 1e-7))
      best.status = Status::optimal;
    return best;
  }

 private:
  bool stopped() const { return options_.stop && options_.stop(); }
  // The plan is there as soon as no program can be better; its prices take some more rounds.
  bool is_closed(const Allocation& best) {
    if (best.spend.empty() || relative_gap(best.objective, best.bound) > options_.gap) return false;
    return relative_gap(best.objective, certified_) <= options_.gap || ++polished_ > kMostForPrices;
  }
  double raised(double floor) const { return floor + margin_ * std::abs(floor); }
  double better(double x) const { return problem_.goal == Goal::least_spend ? -x : x; }

  Shape shape_at(std::size_t i) {
    const Channel& c = problem_.channels[i];
    Shape out = shape_of(c, limits(i));
    out.switched = is_switched(i);
    smooth_ |= !out.tangents.empty();
    return out;
  }
  ShapeLimits limits(std::size_t i) const {
    return {high_[i], amount_, std::isfinite(problem_.turnover_max)};
  }

  bool is_switched(std::size_t i) const {
    const Channel& c = problem_.channels[i];
    return c.min <= 0 && (c.can_stop() || in_counted_group(i));
  }
  bool in_counted_group(std::size_t i) const {
    return std::any_of(problem_.groups.begin(), problem_.groups.end(), [&](const Group& g) {
      return g.max_active && std::binary_search(g.members.begin(), g.members.end(), i);
    });
  }

  // New tangents where the answer is; false when they are all there already.
  bool add_tangents(const std::vector<double>& spend) {
    bool added = risk_.add_tangents(spend);
    for (std::size_t i = 0; i < shapes_.size(); ++i)
      added |= add_tangent(problem_.channels[i], limits(i), shapes_[i], spend[i]);
    return added;
  }

  std::size_t row(double low, double high) {
    model_.rows.emplace_back(std::min(low, high), high);  // crossed by a hair at most
    return model_.rows.size() - 1;
  }
  void entry(std::size_t r, std::size_t column, double value) {
    if (r != kNoRow && value != 0) model_.entries.push_back({r, column, value});
  }
  // Moves a row's bounds by what is spent or returned without being decided on.
  void move(std::size_t r, double by) {
    if (r == kNoRow) return;
    model_.rows[r].first -= by;
    model_.rows[r].second -= by;
  }

  LpModel model() {
    model_ = {};
    model_.amount = amount_;
    rows_ = {};
    integers_ = false;
    first_column_.assign(shapes_.size(), 0);
    make_rows();
    for (std::size_t i = 0; i < shapes_.size(); ++i) add_channel(i);
    risk_.add(model_, amount_, [this](std::size_t i) { return columns_of(i); });
    return model_;
  }

  SpendColumns columns_of(std::size_t i) const {
    SpendColumns out{shapes_[i].start, {}};
    for (std::size_t k = 0; k < shapes_[i].parts.size(); ++k)
      out.columns.emplace_back(first_column_[i] + k, 1);
    return out;
  }

  void make_rows() {
    if (problem_.total_min > 0 || problem_.total_max < kInfinity)
      rows_.total =
          row(problem_.total_min > 0 ? problem_.total_min : -kInfinity, problem_.total_max);
    if (std::isfinite(problem_.roi_min)) rows_.roi = row(0, kInfinity);
    if (std::isfinite(problem_.return_min))
      rows_.return_min = row(raised(problem_.return_min), kInfinity);
    if (std::isfinite(problem_.turnover_max))
      rows_.turnover = row(-kInfinity, problem_.turnover_max);
    const std::size_t groups = problem_.groups.size();
    rows_.group.assign(groups, kNoRow);
    rows_.share = rows_.group_roi = counted_ = rows_.group;
    member_of_.assign(shapes_.size(), {});
    for (std::size_t g = 0; g < groups; ++g) {
      const Group& group = problem_.groups[g];
      for (const std::size_t i : group.members) member_of_[i].push_back(g);
      if (group.min > 0 || group.max < kInfinity)
        rows_.group[g] = row(group.min > 0 ? group.min : -kInfinity, group.max);
      if (group.max_share < kInfinity) rows_.share[g] = row(-kInfinity, 0);
      if (std::isfinite(group.roi_min)) rows_.group_roi[g] = row(0, kInfinity);
      if (group.max_active) counted_[g] = row(-kInfinity, static_cast<double>(*group.max_active));
    }
  }

  // What a unit of spend at `slope` does in every row.
  template <class F>
  void each_row(std::size_t i, double slope, F visit) {
    visit(rows_.total, 1.0);
    visit(rows_.roi, slope - raised(problem_.roi_min));
    visit(rows_.return_min, slope);
    for (const std::size_t g : member_of_[i]) {
      visit(rows_.group[g], 1.0);
      visit(rows_.group_roi[g], slope - raised(problem_.groups[g].roi_min));
    }
    for (std::size_t g = 0; g < rows_.share.size(); ++g) {
      if (rows_.share[g] == kNoRow) continue;
      const auto& members = problem_.groups[g].members;
      const bool in = std::binary_search(members.begin(), members.end(), i);
      visit(rows_.share[g], (in ? 1.0 : 0.0) - problem_.groups[g].max_share);
    }
  }
  double cost_of(double slope) const {
    if (problem_.goal == Goal::least_spend) return -1;
    return slope - problem_.price - (problem_.goal == Goal::most_profit ? 1 : 0);
  }

  void add_channel(std::size_t i) {
    const Channel& c = problem_.channels[i];
    const Shape& shape = shapes_[i];
    first_column_[i] = model_.columns.size();
    if (shape.start != 0) {
      each_row(i, 0, [&](std::size_t r, double v) { move(r, v * shape.start); });
      model_.constant += cost_of(0) * shape.start;
    }
    add_value(i, shape.value);
    if (rows_.turnover != kNoRow) move(rows_.turnover, std::abs(c.current - shape.start));
    std::size_t on = kNoRow;
    if (shape.switched) on = add_switch(i);
    if (c.min > 0) {
      for (const std::size_t g : member_of_[i]) move(counted_[g], 1);  // it is on anyway
    }
    for (const Stretch& part : shape.parts) {
      const std::size_t column = model_.columns.size();
      model_.columns.push_back({0, part.high - part.low, cost_of(part.slope), false});
      each_row(i, part.slope, [&](std::size_t r, double v) { entry(r, column, v); });
      if (rows_.turnover != kNoRow) entry(rows_.turnover, column, part.high <= c.current ? -1 : 1);
      if (on != kNoRow) {
        entry(on, column, 1);
        entry(on + 1, column, 1);
      }
    }
  }

  void add_value(std::size_t i, double value) {
    if (value == 0) return;
    if (problem_.goal != Goal::least_spend) model_.constant += value;
    move(rows_.roi, value);
    move(rows_.return_min, value);
    for (const std::size_t g : member_of_[i]) move(rows_.group_roi[g], value);
  }

  // y: whether the channel gets anything; rows x - max y <= 0 and x - active_min y >= 0.
  std::size_t add_switch(std::size_t i) {
    const Channel& c = problem_.channels[i];
    integers_ = true;
    const std::size_t y = model_.columns.size();
    model_.columns.push_back({0, 1, problem_.goal == Goal::least_spend ? 0 : -c.fixed_cost, true});
    const std::size_t most = row(-kInfinity, 0);
    row(0, kInfinity);
    const double high = std::isinf(high_[i]) ? kFar * std::max(amount_, c.active_min) : high_[i];
    entry(most, y, -high);
    entry(most + 1, y, -c.active_min);
    entry(rows_.roi, y, -c.fixed_cost);
    entry(rows_.return_min, y, -c.fixed_cost);
    for (const std::size_t g : member_of_[i]) {
      entry(rows_.group_roi[g], y, -c.fixed_cost);
      entry(counted_[g], y, 1);
    }
    ++first_column_[i];
    return most;
  }

  std::vector<double> spend_at(const std::vector<double>& values) const {
    std::vector<double> out(shapes_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Shape& shape = shapes_[i];
      std::size_t column = first_column_[i];
      if (shape.switched && values[column - 1] <= 0.5) continue;  // off: what it has is rounding
      double x = shape.start;
      for (std::size_t k = 0; k < shape.parts.size(); ++k) {
        x += std::max(0.0, values[column++]);
      }
      out[i] = tidy(i, x);
    }
    return out;
  }

  // What the simplex leaves a rounding away from a bound is at it.
  double tidy(std::size_t i, double x) const {
    const Channel& c = problem_.channels[i];
    const double close = 1e-9 * std::max(1e-300, std::min(high_[i], std::max(x, c.current)));
    if (shapes_[i].switched) {
      if (x < 0.5 * std::max(c.active_min, 0.0) || x <= close) return 0;
      return std::clamp(x, c.active_min, std::max(c.active_min, high_[i]));
    }
    if (std::abs(x - c.min) <= close) return c.min;
    return std::clamp(x, c.min, high_[i]);
  }

  bool fits(const std::vector<double>& spend) const {
    return violation_of(problem_, spend) <= kFits;
  }

  void take(const LpAnswer& answer, const std::vector<double>& spend, Allocation& best) {
    if (!answer.row_prices.empty() && !integers_) take_prices(prices_at(answer), spend, best);
    best.bound = tighter(best.bound, better(answer.bound));
    if (!smooth_) best.status = answer.status;
    // The program has no curves: what its answer misses is rounding.
    if (fits(spend) || (!smooth_ && best.spend.empty())) offer(spend, best);
  }

  // Of curves, the prices that prove most: those of the program are between the slopes of tangents.
  void take_prices(const Prices& prices, const std::vector<double>& spend, Allocation& best) {
    if (!smooth_) {
      best.prices = prices;
      return;
    }
    const double certified = certify(problem_, spend, prices).bound;
    if (tighter(certified, certified_) == certified_) return;
    certified_ = certified;
    best.bound = tighter(best.bound, certified);
    best.prices = prices;
  }

  void offer(const std::vector<double>& spend, Allocation& best) const {
    const double objective = objective_of(problem_, spend);
    if (!best.spend.empty() && fits(best.spend) && better(objective) < better(best.objective))
      return;
    best.spend = spend;
    best.objective = objective;
  }

  // Rounding, and tangents, may leave the answer a hair below a floor on returns.
  void look_above_floors(Allocation& best) {
    for (margin_ = kLeastMargin; margin_ <= kMostMargin; margin_ *= 10) {
      const LpAnswer answer = solver_(model(), options_.seconds);
      if (answer.values.empty()) break;
      const std::vector<double> spend = spend_at(answer.values);
      if (!fits(spend)) continue;
      offer(spend, best);
      break;
    }
    margin_ = 0;
  }

  // With the channels on or off as they are there, no switch is left for rounding to slip through.
  void solve_as_switched(const std::vector<double>& spend, Allocation& best) const {
    Problem switched = problem_;
    for (Group& g : switched.groups) g.max_active.reset();
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (!shapes_[i].switched) continue;
      Channel& c = switched.channels[i];
      if (spend[i] > 0)
        c.min = std::max({c.min, c.active_min, kOn * spend[i]});
      else
        c.max = c.active_min = c.fixed_cost = 0;
    }
    const Allocation found = Linear(switched, solver_, options_).solve();
    if (!found.spend.empty() && fits(found.spend)) offer(found.spend, best);
  }

  // Of the plans that are as good the one nearest to today; only what proves as good is taken.
  void settle(const LpAnswer& answer, Allocation& best) {
    const std::vector<double> spend =
        spend_at(least_change(model_, answer, tied(), solver_, options_.seconds));
    const double objective = objective_of(problem_, spend);
    const double loss = better(best.objective) - better(objective);
    if (!fits(spend) || loss > kAsGood * std::max(std::abs(best.objective), std::abs(objective)))
      return;
    best.spend = spend;
    best.objective = objective;
  }

  // By id, so that the order in the document is no matter.
  std::vector<TiedChannel> tied() const {
    std::vector<TiedChannel> out(shapes_.size());
    std::vector<std::size_t> order(shapes_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return problem_.channels[a].id < problem_.channels[b].id;
    });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      const std::size_t i = order[rank];
      out[i] = {first_column_[i], shapes_[i].parts.size(),
                problem_.channels[i].current - shapes_[i].start, rank};
    }
    return out;
  }

  double tighter(double a, double b) const {
    return problem_.goal == Goal::least_spend ? std::max(a, b) : std::min(a, b);
  }

  Prices prices_at(const LpAnswer& answer) const {
    Prices out;
    const std::size_t groups = problem_.groups.size();
    out.group.assign(groups, 0);
    out.share = out.group_roi = out.group;
    if (answer.row_prices.empty() || integers_) return out;
    const auto price = [&](std::size_t r) { return r == kNoRow ? 0 : answer.row_prices[r]; };
    out.total = price(rows_.total);
    out.roi = std::max(0.0, -price(rows_.roi));
    out.return_min = std::max(0.0, -price(rows_.return_min));
    out.turnover = std::max(0.0, price(rows_.turnover));
    for (std::size_t g = 0; g < groups; ++g) {
      out.group[g] = price(rows_.group[g]);
      out.share[g] = std::max(0.0, price(rows_.share[g]));
      out.group_roi[g] = std::max(0.0, -price(rows_.group_roi[g]));
    }
    return out;
  }

  std::vector<std::size_t> endless() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      const Shape& shape = shapes_[i];
      if (!shape.parts.empty() && std::isinf(shape.parts.back().high) &&
          cost_of(shape.parts.back().slope) > 0)
        out.push_back(i);
    }
    return out;
  }

  const Problem& problem_;
  const LpSolver& solver_;
  const LinearOptions& options_;
  std::vector<double> high_;
  double amount_;
  RiskRows risk_;
  double certified_ = kInfinity;  // what the prices prove; set anew for least spend
  int polished_ = 0;              // rounds for the prices alone
  double margin_ = 0;             // of themselves, that floors on returns are raised by
  std::vector<Shape> shapes_;
  bool smooth_ = false, integers_ = false, has_floors_ = false;
  LpModel model_;
  Rows rows_;
  std::vector<std::size_t> counted_;  // rows of max_active, by group
  std::vector<std::vector<std::size_t>> member_of_;
  std::vector<std::size_t> first_column_;  // of each channel's parts
};

}  // namespace

Allocation solve_linear(const Problem& problem, const LpSolver& solver,
                        const LinearOptions& options) {
  return Linear(problem, solver, options).solve();
}

}  // namespace autopilot::optimize
