#pragma once
// Anytime-valid tests of event counts ("errors of requests"): they may be looked at after every
// tick, for as long as one likes, and still err with probability at most alpha. Evidence is an
// e-value: its expectation under the null hypothesis is at most 1 at every stopping time, so that
// reaching 1/alpha has probability at most alpha (Ville's inequality).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace autopilot::stats {

// Events among trials of one arm in one tick: disjoint from those of other ticks.
struct Count {
  std::int64_t events = 0;
  std::int64_t trials = 0;  // >= events
};

// By how much counts vary beyond counting noise: `factor` times Poisson's variance, and more where
// much is counted, as the arms' rates wander apart for reasons of their own (hosts, caches).
// `spread` is the long-run variance, per tick, of the logarithm of the ratio of their rates: the
// wandering of several ticks in one direction counts as that much more.
struct Dispersion {
  double factor = 1;  // >= 1
  double spread = 0;  // >= 0

  // Of a tick that tells so much about the logarithm of the ratio (Fisher information).
  double at(double information) const { return factor + information * spread; }
};

// The spread that two arms that run the same thing (an A/A history) show, tick by tick: the Pearson
// statistic (McCullagh and Nelder, Generalized Linear Models, equation 4.23) over blocks of 1 to 15
// ticks, whichever shows most, at its upper 80 % bound. Absent when fewer than `least_ticks` ticks
// have events: too little to tell.
std::optional<Dispersion> estimate_dispersion(const std::vector<Count>& a,
                                              const std::vector<Count>& b,
                                              std::size_t least_ticks = 30);

// Compares the event rates of two arms under whatever common rate, which may change all the time:
// given the events of a tick, each falls to the canary with probability rho n_c / (rho n_c + n_s),
// rho being the ratio of the rates, n the trials seen (Lindon and Malek, Anytime-Valid Inference
// for Multinomial Count Data, NeurIPS 2022; here with a mixture over a grid of ratios, and the
// share of each tick from its own trials). Likelihoods are divided by the overdispersion in the
// exponent.
class RateRatio {
 public:
  // Ratios from 1.25^-16 to 1.25^16 (0.028 to 36) in steps of 1.25^(1/2): 1 and 1.25 are among
  // them.
  static constexpr std::size_t kGrid = 65;
  static double ratio_at(std::size_t i);

  explicit RateRatio(Dispersion dispersion = {}) : dispersion_(dispersion) {}

  void add(const Count& canary, const Count& stable);

  // log of the e-value against "the canary's rate is at most `tolerance` times the stable one's",
  // with the tolerance rounded up to the grid.
  // The null is composite: likelihood ratios of alternatives above its edge only fall below it.
  double log_evidence_above(double tolerance) const;

  // Ratios that no level-alpha sequential test has ruled out so far by the evidence now held; 0 and
  // infinity where nothing has. As a sequence, one-sided each, they hold for all ticks together
  // with probability 1 - alpha.
  struct Interval {
    double low = 0, high = 0;
  };
  Interval interval(double alpha) const;

  // For storing; `load` REQUIRES what `log_likelihoods` gave.
  const std::array<double, kGrid>& log_likelihoods() const { return log_likelihood_; }
  void load(const std::array<double, kGrid>& from) { log_likelihood_ = from; }

 private:
  double log_evidence_below(double at_least) const;

  Dispersion dispersion_;
  std::array<double, kGrid> log_likelihood_{};  // by ratio, up to a constant common to all
};

// Evidence that an arm's event rate has been above `limit` from some tick on: an e-detector (Shin,
// Ramdas and Rinaldo, E-detectors, 2023), with the prior mass of the change point spent over the
// ticks so that the whole is an e-process: the false alarm rate is bounded over all time, not per
// tick. Mass 2^-(j+1) is spread evenly over epoch j of 256 * 2^j ticks.
class RateAbove {
 public:
  explicit RateAbove(double limit, Dispersion dispersion = {});  // limit in (0, 1)

  void add(const Count& count);
  double log_evidence() const;

  struct State {
    std::int64_t ticks = 0;
    std::vector<double> log_mass;  // by alternative
  };
  const State& state() const { return state_; }
  void load(State state) { state_ = std::move(state); }

 private:
  double limit_;
  Dispersion dispersion_;
  std::vector<double> alternatives_;  // rates
  State state_;
};

// Whether an arm is over a limit at present: Page's CUSUM over the likelihood ratios of RateAbove's
// alternatives, which forgets. It starts when the evidence reaches 1/alpha and ends when it is
// gone. For holding judgement, not for judging: no error rate is promised.
class OverLimit {
 public:
  OverLimit(double limit, double alpha, Dispersion dispersion = {});

  void add(const Count& count);
  bool is_over() const { return state_.over; }

  struct State {
    bool over = false;
    std::vector<double> log_cusum;  // by alternative
  };
  const State& state() const { return state_; }
  void load(State state) { state_ = std::move(state); }

 private:
  double limit_, log_threshold_;
  Dispersion dispersion_;
  std::vector<double> alternatives_;
  State state_;
};

}  // namespace autopilot::stats
