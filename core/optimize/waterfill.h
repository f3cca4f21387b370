#pragma once
// The dual of separable concave allocation under nested groups: the price of money at which the
// channels together want what there is, found for the total and then for every group that binds
// (Patriksson, A survey on the continuous nonlinear resource allocation problem, EJOR 185, 2008;
// Vidal, Jaillet and Maculan for nested bounds, 2016). Exact to rounding: straight parts are taken
// in the order of their slopes. Pure.

#include <functional>
#include <limits>
#include <vector>

#include "core/optimize/forest.h"
#include "core/optimize/pool.h"

namespace autopilot::optimize {

inline constexpr std::size_t kFree = static_cast<std::size_t>(-1);

struct Filled {
  enum class End { done, infeasible, unbounded };
  End end = End::done;
  std::vector<double> spend;
  std::vector<double> price_of;     // by node: the price that holds within it
  std::vector<double> falls;        // by channel: what it would give for a price that is 1 lower
  std::vector<std::size_t> region;  // by node: that whose price holds there; kFree: the outer one
  std::size_t rounds = 0;
  std::size_t node = 0;  // infeasible: whose bounds cannot be met
};

// What a channel should rather get, where several amounts are as good. May be null.
using Aims = std::function<double(std::size_t channel)>;

class Waterfill {
 public:
  // With returns, demand() can tell what is returned; penalties and frictions have to be 0 then,
  // and curves concave.
  explicit Waterfill(const Forest& forest, bool with_returns = false);

  // A channel between two bounds. The curve must outlive fill() where it is not concave or has a
  // penalty (x^2 / 2).
  void add(std::size_t channel, const Curve& curve, double low, double high, double penalty = 0);
  // The same with what leaving `current` costs, for each unit.
  void add_with_friction(std::size_t channel, const Curve& curve, double low, double high,
                         double current, double friction, double penalty = 0);
  // For functions of one's own: the base, then its straight parts from left to right.
  void add_base(std::size_t channel, double low, double high);
  void add_step(std::size_t channel, double width, double slope);
  void add_smooth(std::size_t channel, const Curve& curve, double low, double high, double shift,
                  double penalty);
  void finish();

  // The best at the price `outer` of what is spent in all. Where several are best, that which is
  // nearest to `near` (least squares); in equal parts of what is open when it is null.
  Filled fill(double outer, const Aims& near);

  // For looking around without filling. begin() is false when the bounds cannot be met.
  bool begin();
  Demand demand(double price, bool with_returns) { return demand(0, price, with_returns); }
  double price_of(double target, double hint);
  // As Pool::expect_near, for all.
  void expect_near(double price, double reach);
  // As Pool::guess, for all.
  double guess(double price, const Demand& there, double target, double bend) const;
  // The least and the most that all can be given.
  double least() const { return least_[0]; }
  double most() const { return most_[0]; }

 private:
  Demand demand(std::size_t node, double price, bool with_returns = false);
  double returned_within(std::size_t node, const Demand& wanted, double price);
  double returned_at(std::size_t node, double target);
  static bool is_met(const Demand& wanted, double target);
  double search(std::size_t node, double target, double hint);
  double price_at_end(std::size_t node, double target);
  double start_of(std::size_t node, double target);
  double guess(std::size_t node, double price, const Demand& there, double target,
               double bend) const;
  bool is_smooth_between(std::size_t node, double a, double b) const;
  void add_fixed(std::size_t node, double amount);
  void descend(std::size_t node, double target, double price, Filled& out);
  void settle_ties(const Aims& near, Filled& out);
  std::vector<std::size_t> find_regions(Filled& out) const;
  void close_rounding(Filled& out);
  bool tighten(Filled& out);

  const Forest& forest_;
  bool with_returns_;
  std::vector<Pool> pools_;
  std::vector<double> base_, top_;    // by channel
  std::vector<double> fixed_;         // by node: of no channel here
  std::vector<double> least_, most_;  // by node
  std::vector<double> target_;        // by node, while filling
  struct Known {
    double price = std::numeric_limits<double>::quiet_NaN();
    Demand demand;
    bool with_returns = false;
  };
  std::vector<Known> known_;  // by node: what was asked last
  struct AtBounds {
    double least = std::numeric_limits<double>::quiet_NaN(), most = least;
  };
  std::vector<AtBounds> returned_;  // by node: with returns, once asked for
  double last_price_ = std::numeric_limits<double>::quiet_NaN();  // of the total, where to begin
  std::vector<bool> bound_;                                       // by node: its own price
  std::vector<OpenStep> open_;                                    // while filling
  std::size_t rounds_ = 0;
};

}  // namespace autopilot::optimize
