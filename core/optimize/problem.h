#pragma once
// What is to be allocated: channels, groups of them, a total, and what is wanted. A problem is
// data; solve.h answers it.

#include <optional>
#include <string>
#include <vector>

#include "core/optimize/curve.h"

namespace autopilot::optimize {

struct Channel {
  std::string id;
  Curve curve;
  double min = 0, max = kInfinity;
  double current = 0;
  double active_min = 0;  // it gets nothing, or at least this
  double fixed_cost = 0;  // taken from the return as soon as it gets anything
  bool can_stop() const { return active_min > 0 || fixed_cost > 0; }
};

struct Group {
  std::string id;
  std::vector<std::size_t> members;  // channels, rising
  double min = 0, max = kInfinity;
  double max_share = kInfinity;  // of all that is spent
  double roi_min = -kInfinity;   // return of its members over their spend
  std::optional<std::size_t> max_active;
};

// Risk is penalty/2 · x' (diag(diagonal) + loadings loadings' + dense) x.
struct Risk {
  double penalty = 0;
  std::vector<double> diagonal;               // variance of a unit of spend; empty: none
  std::vector<std::vector<double>> loadings;  // by factor, by channel
  std::vector<std::vector<double>> dense;     // by channel, by channel; empty: none
  bool any() const { return penalty > 0; }
  bool is_diagonal() const { return loadings.empty() && dense.empty(); }
};

enum class Goal {
  most_return,
  most_profit,  // return less spend
  least_spend,  // for `return_min`
};

struct Problem {
  Goal goal = Goal::most_return;
  double total_min = 0, total_max = kInfinity;  // the same: fixed
  double price = 0;  // of a unit of spend besides: a target marginal return
  double return_min = -kInfinity;
  double roi_min = -kInfinity;      // all return over all spend
  double turnover_max = kInfinity;  // sum of |x - current|
  std::vector<Channel> channels;
  std::vector<Group> groups;
  Risk risk;

  bool is_fixed() const { return total_min == total_max; }
};

// Prices of the constraints: what one unit more of the right-hand side adds to the objective, so
// that those of minima are negative. All 0 where a constraint does not bind.
struct Prices {
  double total = 0;
  double roi = 0;         // weight of return - roi_min spend >= 0
  double return_min = 0;  // weight of return >= return_min
  double turnover = 0;
  std::vector<double> group;      // by group: above 0 at its max, below 0 at its min
  std::vector<double> share;      // by group, for max_share
  std::vector<double> group_roi;  // by group, for roi_min
};

enum class Status { optimal, stopped, infeasible, unbounded };
std::string_view to_string(Status status);

struct Allocation {
  Status status = Status::optimal;
  std::vector<double> spend;
  double objective = 0;
  double bound = 0;  // no allocation is better than this
  Prices prices;
  std::size_t rounds = 0;              // passes over the channels, or nodes, or iterations
  std::string solver;                  // "waterfill"
  std::vector<std::size_t> unbounded;  // channels that earn without end
};

bool has_rows_on_returns(const Problem& problem);  // roi_min, return_min, or a group's roi_min
// Whether it comes with prices: what is on or off, and S-curves, has none.
bool has_prices(const Allocation& allocation);
double spend_of(const std::vector<double>& spend);  // the sum, exact to rounding
double return_of(const Problem& problem, const std::vector<double>& spend);  // less fixed costs
double risk_of(const Problem& problem, const std::vector<double>& spend);
double objective_of(const Problem& problem, const std::vector<double>& spend);
// risk's gradient: penalty Q x.
std::vector<double> risk_slopes(const Risk& risk, const std::vector<double>& spend);

}  // namespace autopilot::optimize
