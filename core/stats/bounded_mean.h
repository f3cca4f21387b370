#pragma once
// Anytime-valid statements about the mean of bounded values, whatever their distribution: the
// betting confidence sequences of Waudby-Smith and Ramdas, Estimating means of bounded random
// variables by betting, JRSS B 2023 (section 4, predictable plug-in bets).

#include <cstdint>
#include <utility>
#include <vector>

namespace autopilot::stats {

// Tests the mean against one limit: gamblers with fixed stakes from a 128th of what they have up to
// half of it bet on less and on more; what they have won on average is the e-value. Loses at most
// log(8) to the best of them, and so to Kelly's stake no more than little else.
class MeanAgainst {
 public:
  explicit MeanAgainst(double limit);  // in (0, 1)

  void add(double value);             // clamped to [0, 1]
  double log_evidence_below() const;  // against "the mean is at least the limit"
  double log_evidence_above() const;  // against "the mean is at most the limit"

  struct State {
    std::vector<double> log_less, log_more;  // capital by stake
  };
  const State& state() const { return state_; }
  void load(State state) { state_ = std::move(state); }

 private:
  double limit_;
  State state_;
};

// The mean's interval: one gambler for each candidate mean on a grid, and one to either side.
// Values and means are in [0, 1]: the caller scales.
class BoundedMean {
 public:
  // `alpha`: what the bets are tuned for. `grid` + 1 candidates, evenly from 0 to 1.
  explicit BoundedMean(double alpha, std::size_t grid = 100);

  void add(double value);  // clamped to [0, 1]

  std::int64_t count() const { return state_.count; }
  double mean() const;  // of the values; NaN of none

  struct Interval {
    double low = 0, high = 1;
  };
  // Holds for all times together with probability 1 - alpha.
  Interval interval(double alpha) const;

  struct State {
    std::int64_t count = 0;
    double sum = 0;
    double square_sum = 0;                 // of the differences from the predicted means
    std::vector<double> log_up, log_down;  // capital by candidate: bet on more, on less
  };
  const State& state() const { return state_; }
  void load(State state) { state_ = std::move(state); }

 private:
  double candidate(std::size_t i) const;
  double bet() const;

  double alpha_;
  std::size_t grid_;
  State state_;
};

}  // namespace autopilot::stats
