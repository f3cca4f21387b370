#pragma once
// Channels side by side: how much all of them together want at a price, as arrays by family so that
// a pass over a million channels is a few loops. Pure.

#include <cstdint>
#include <vector>

#include "core/optimize/curve.h"

namespace autopilot::optimize {

// What is wanted at a price: from `low` to `high` where straight parts have that very slope.
struct Demand {
  double low = 0, high = 0;
  double fall = 0;  // of the smooth parts: what is wanted less, for a unit of price more
};

class Pool {
 public:
  // Channel `channel` gets at least `low`; parts come on top.
  void add_base(double low) { base_ += low; }
  void add_step(std::size_t channel, double width, double slope);
  // A smooth strictly concave part of `curve`, whose price is `shift` higher.
  void add_smooth(std::size_t channel, const Curve& curve, double low, double high, double shift,
                  double penalty);
  void finish();  // after the last part

  Demand demand(double price);
  // Adds what each part gets to its channel, the least and the most, and how much it would get more
  // for a price that is 1 lower.
  void spend(double price, std::vector<double>& low, std::vector<double>& high,
             std::vector<double>& falls);

  // Where the amount `target` may be had, to go by the smooth parts' slope at `price`, where
  // `smooth` of it come from them; steps counted exactly. NaN when that cannot be told.
  double guess(double price, double smooth, double fall, double target) const;
  double step_low(double price) const;  // of the steps alone
  double base() const { return base_; }
  double widest() const { return widest_; }  // all parts at their end
  double top_slope() const { return top_; }  // greatest slope anywhere
  double least_slope() const { return least_; }
  std::size_t parts() const { return parts_; }
  // Slopes of steps within (low, high): the middle one; NaN when there is none.
  double middle_step(double low, double high) const;
  // Every `every`th part alone.
  Pool sample(std::size_t every) const;

 private:
  struct Step {
    double slope, width;
    std::uint32_t channel;
  };
  // Smooth parts of one family and shift. Their demand is, by family, p/λ - q, q - p ln λ, p/√λ -
  // q, (p - λ)/r, exp((p - ln λ) r) - q and p e^w - q, with w the logarithm of a Hill curve.
  struct Lane {
    Family family;
    double shift;
    bool penalised;
    std::vector<double> low, high, p, q, r, t, warm;
    std::vector<std::uint32_t> channel;
    std::vector<Curve> curves;  // of penalised ones, with the penalty in r
  };
  Lane& lane(Family family, double shift, bool penalised);
  static double wanted(Lane& lane, std::size_t i, double price, double log_price, double& fall);
  template <class F>
  void each_wanted(Lane& lane, double price, F visit);

  std::vector<Step> steps_;      // by falling slope
  std::vector<double> reached_;  // reached_[k]: width of the first k steps
  std::vector<Lane> lanes_;
  double base_ = 0, widest_ = 0, top_ = -kInfinity, least_ = kInfinity;
  std::size_t parts_ = 0;
};

}  // namespace autopilot::optimize
