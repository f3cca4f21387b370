#pragma once
// Intervals for the mean of bounded values that promise their coverage at every sample size, and
// evidence that holds whenever one looks.

#include <cstdint>
#include <span>
#include <vector>

namespace autopilot::stats {

struct Interval {
  double low = 0, high = 0;
};

// Maurer and Pontil, Empirical Bernstein Bounds, COLT 2009, theorem 4, both sides. `variance` by
// n - 1; values lie within a range of that width.
Interval empirical_bernstein(double mean, double variance, double range, double count,
                             double alpha);

// The confidence sequence by predictable plug-in empirical Bernstein bets (Waudby-Smith and Ramdas,
// JRSS B 2023, theorem 2) of values in [0, 1]: holds at all times together with 1 - alpha. Constant
// work per value: the bet is set anew every few values, from earlier ones only.
class MeanSequence {
 public:
  explicit MeanSequence(double alpha) : alpha_(alpha) {}

  void add(std::span<const double> values);  // clamped to [0, 1]
  Interval interval() const;                 // within [0, 1]

 private:
  void set_bet();

  double alpha_;
  double count_ = 0, sum_ = 0, squares_ = 0;  // of differences from the predicted means
  double bet_ = 0, cost_ = 0;                 // lambda, psi(lambda)
  double bet_sum_ = 0, bet_values_ = 0, bet_costs_ = 0;
};

// Evidence that the mean of values >= -1 is above 0: what gamblers with fixed stakes have won on
// average (an e-value; Waudby-Smith and Ramdas, section 4). Its expectation is at most 1 at every
// stopping time when the mean is not above 0.
class MeanAboveZero {
 public:
  MeanAboveZero();
  void add(std::span<const double> values);
  double log_evidence() const;

 private:
  std::vector<double> log_capital_;  // by stake
};

// p-values adjusted for being many, in their order: Holm (1979) for the chance of any false one,
// Benjamini and Hochberg (1995) for the share of false ones.
std::vector<double> holm(std::span<const double> p);
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace autopilot::stats
