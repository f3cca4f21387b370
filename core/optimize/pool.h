#pragma once
// Channels side by side: how much all of them together want at a price, as arrays by family so that
// a pass over a million channels is a few loops. Pure.

#include <array>
#include <cstdint>
#include <vector>

#include "core/optimize/lanes.h"

namespace autopilot::optimize {

// What is wanted at a price: from `low` to `high` where straight parts have that very slope.
struct Demand {
  double low = 0, high = 0;
  double fall = 0;      // of the smooth parts: what is wanted less, for a unit of price more
  double returned = 0;  // by `low`, where that was asked for
};

// What is as good given as left.
struct OpenStep {
  std::size_t channel;
  double width;
};

class Pool {
 public:
  // With returns, demand() can tell what is returned, too; no penalties then.
  explicit Pool(bool with_returns = false) : with_returns_(with_returns) {}

  // Some channel gets at least `low`, which returns `value` where no smooth part tells; parts come
  // on top.
  void add_base(double low, double value = 0);
  void add_step(std::size_t channel, double width, double slope);
  // A smooth strictly concave part of `curve`, whose price is `shift` higher.
  void add_smooth(std::size_t channel, const Curve& curve, double low, double high, double shift,
                  double penalty);
  void expect(std::size_t parts) { expected_ = parts; }
  void finish();  // after the last part

  Demand demand(double price, bool with_returns = false);
  // Makes demand() cheap near a price: as long as |ln(price / `price`)| is at most `reach`, most
  // parts are one polynomial. REQUIRES returns. True where that can be done.
  bool expect_near(double price, double reach);
  // Adds what each part gets to its channel, and how much it would get more for a price that is 1
  // lower. Steps whose slope is that very price get nothing and are told in `open`.
  void spend(double price, std::vector<double>& spend, std::vector<double>& falls,
             std::vector<OpenStep>& open);

  // Where the amount `target` may be had, to go by the smooth parts' slope at `price`, where
  // `smooth` of it come from them; steps counted exactly. `bend` is how much the smooth parts'
  // slope by the price's logarithm changes with that, of itself. NaN when that cannot be told.
  double guess(double price, double smooth, double fall, double target, double bend = 0) const;
  double step_low(double price) const;  // of the steps alone
  // The price at which `target` is wanted, or nearly: Newton's from there. REQUIRES parts.
  double price_for(double target, double close);

  double base() const { return base_; }
  double widest() const { return widest_; }  // all parts at their end
  double top_slope() const;                  // greatest slope anywhere
  double least_slope() const;
  std::size_t parts() const { return parts_; }
  bool has_steps() const { return !steps_.empty(); }
  // Slopes of steps within (low, high): the middle one; NaN when there is none.
  double middle_step(double low, double high) const;
  // Every `every`th part alone, without a base.
  Pool sample(std::size_t every) const;

 private:
  struct Step {
    double slope, width;
    std::uint32_t channel;
  };
  // Smooth, with a penalty that leaves no formula.
  struct Penalised {
    double shift, low, high, penalty;
    Curve curve;
    std::uint32_t channel;
  };
  // All that is near some price.
  struct Expansion {
    double price = 0, reach = 0;
    std::array<double, kTerms> rise{}, earned{};  // by power of the price's logarithm above it
    std::vector<Lane> open;
  };

  Lane& lane(Family family, double shift);
  void sort_steps();
  void add_smooth_demand(double price, bool with_returns, Demand& out);
  bool add_expanded_demand(double price, bool with_returns, Demand& out);
  LaneSums look(const Penalised& part, double price) const;
  std::size_t steps_above(double price, bool or_at) const;

  bool with_returns_;
  std::vector<Step> steps_;               // by falling slope
  std::vector<double> reached_, earned_;  // by k: width, and return, of the first k steps
  std::vector<Lane> lanes_;
  std::vector<Penalised> penalised_;
  Expansion near_;
  std::vector<double> amounts_, falls_;  // of one lane
  double base_ = 0, base_value_ = 0, widest_ = 0;
  std::size_t parts_ = 0, expected_ = 0;
};

}  // namespace autopilot::optimize
