#pragma once
// What is believed of an arm's mean reward: a Beta or a Student (or normal) distribution. Its
// density is given on an axis on which it is smooth and bounded whatever its parameters: the logit
// of the mean for Beta, the mean itself for Student.

namespace autopilot::stats {

// A point of the axis, with what densities there have in common.
struct AxisPoint {
  double t = 0;
  double log_mean = 0, log_rest = 0;  // of a logit: log x and log(1 - x)
};

class Posterior {
 public:
  static Posterior beta(double alpha, double beta);  // both > 0
  // `freedom` > 1, infinity for the normal distribution; `scale` > 0.
  static Posterior student(double location, double scale, double freedom);
  static Posterior normal(double mean, double deviation);

  double mean() const;
  double quantile(double p) const;  // of the mean reward; p in (0, 1)
  double cdf(double mean) const;
  bool is_beta() const { return family_ == Family::beta; }

  // On the axis. All but 1e-14 of the mass lies from low() to high().
  double low() const { return low_; }
  double high() const { return high_; }
  AxisPoint point(double t) const;  // the same for all posteriors of a family
  double density(const AxisPoint& at) const;
  // How long a piece of the axis within [from, to] may be for the density there to be a polynomial
  // of degree 15 in all that matters.
  double smooth_length(double from, double to) const;

 private:
  enum class Family { beta, student };

  Posterior(Family family, double a, double b, double freedom);
  double tail_bound(double t) const;  // of the mass beyond t, away from the centre
  double end(double direction) const;

  Family family_;
  double a_, b_;           // alpha and beta; location and scale
  double freedom_;         // student
  double center_;          // the axis' point of the greatest density
  double x_ = 0;           // beta: the mean
  double width_;           // about a standard deviation, on the axis
  double peak_;            // the density there
  double log_scale_ = 0;   // beta: of x^alpha (1 - x)^beta to the density
  bool is_small_ = false;  // few enough observations for the powers to keep their digits
  double low_ = 0, high_ = 0;
};

// The mean reward at a point of the axis.
double logistic(double t);

}  // namespace autopilot::stats
