#include "core/optimize/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/optimize/plan.h"

namespace autopilot::optimize {
namespace {

constexpr double kAsGood = 1.1;          // leave-one-out error of a rival over the best
constexpr double kDiffers = 0.25;        // by which a rival's marginal return matters
constexpr std::size_t kFewest = 6;       // observations for a curve
constexpr std::size_t kFewDistinct = 4;  // different amounts for a curve
constexpr int kGrid = 48;

using Vector = std::vector<double>;

// Two-sided 95 % quantile of Student's distribution (Cornish and Fisher's expansion, as in
// Abramowitz and Stegun 26.7.5; the first ones, where it is no good, by table). None without any
// freedom.
double student_quantile(std::size_t freedom) {
  constexpr double kTable[] = {12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052};
  if (freedom == 0) return std::numeric_limits<double>::quiet_NaN();
  if (freedom <= std::size(kTable)) return kTable[freedom - 1];
  const double z = 1.9599639845, n = static_cast<double>(freedom), z2 = z * z;
  const double g1 = z * (z2 + 1) / 4, g2 = z * (5 * z2 * z2 + 16 * z2 + 3) / 96;
  const double g3 = z * (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / 384;
  return z + g1 / n + g2 / (n * n) + g3 / (n * n * n);
}

// A family with its size taken out: the size follows from the rest by linear least squares.
class Candidate {
 public:
  Candidate(Family family, const std::vector<Point>& seen) : seen_(seen) {
    curve_.family = family;
    for (const Point& p : seen) most_ = std::max(most_, p.x);
  }

  void fit() {
    switch (curve_.family) {
      case Family::linear:
        break;
      case Family::power:
        search([](Curve& c, double t) { c.s = 1 / (1 + std::exp(-t)); }, -3, 5);
        break;
      case Family::hill:
        fit_hill();
        break;
      default:
        search([this](Curve& c, double t) { c.b = most_ * std::exp(t); }, -5, 5);
    }
    error_ = error_of(curve_);
    spread();
  }

  const Curve& curve() const { return curve_; }
  double error() const { return error_; }
  double leave_one_out() const { return press_; }
  std::size_t parameters() const {
    if (curve_.family == Family::linear) return 1;
    return curve_.family == Family::hill ? 3 : 2;
  }
  // How many errors a 95 % interval reaches; NaN where nothing tells how large an error is.
  double reach() const {
    const std::size_t n = seen_.size(), k = parameters();
    return student_quantile(n > k ? n - k : 0);
  }
  // Standard deviation of a smooth function of the curve.
  template <class F>
  double deviation(F of) const {
    const std::size_t k = parameters();
    Vector slope(k);
    for (std::size_t j = 0; j < k; ++j)
      slope[j] = (of(moved(j, kStep)) - of(moved(j, -kStep))) / (2 * kStep);
    double sum = 0;
    for (std::size_t a = 0; a < k; ++a) {
      for (std::size_t b = 0; b < k; ++b) sum += slope[a] * covariance_[a][b] * slope[b];
    }
    return std::sqrt(std::max(0.0, sum));
  }
  // 95 % interval of a parameter, on its logarithm.
  std::pair<double, double> interval(std::size_t j) const {
    if (j >= parameters()) return {0, 0};
    const double off = reach() * std::sqrt(std::max(0.0, covariance_[j][j]));
    const double value = j == 0 ? curve_.a : is_shape(j) ? curve_.s : curve_.b;
    return {value * std::exp(-off), value * std::exp(off)};
  }

 private:
  static constexpr double kStep = 1e-5;

  bool is_shape(std::size_t j) const { return curve_.family == Family::power || j == 2; }

  // The curve with the logarithm of a parameter moved.
  Curve moved(std::size_t j, double by) const {
    Curve out = curve_;
    double& value = j == 0 ? out.a : is_shape(j) ? out.s : out.b;
    value *= std::exp(by);
    return out;
  }

  // Sets the best size for the other parameters; the squared error.
  double error_of(Curve& c) const {
    c.a = 1;
    double both = 0, square = 0;
    for (const Point& p : seen_) {
      const double g = value_at(c, p.x);
      both += g * p.y;
      square += g * g;
    }
    c.a = square > 0 ? std::max(0.0, both / square) : 0;
    double sum = 0;
    for (const Point& p : seen_) {
      const double off = p.y - value_at(c, p.x);
      sum += off * off;
    }
    return sum;
  }

  // The best of a grid, then the golden section around it.
  template <class Set>
  double search(Set set, double low, double high) {
    const auto error_at = [&](double t) {
      Curve c = curve_;
      set(c, t);
      return error_of(c);
    };
    double best = low, least = kInfinity;
    const double step = (high - low) / kGrid;
    for (int k = 0; k <= kGrid; ++k) {
      const double e = error_at(low + k * step);
      if (e < least) {
        least = e;
        best = low + k * step;
      }
    }
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    double a = best - step, b = best + step;
    for (int k = 0; k < 60; ++k) {
      const double p = b - ratio * (b - a), q = a + ratio * (b - a);
      if (error_at(p) < error_at(q))
        b = q;
      else
        a = p;
    }
    set(curve_, (a + b) / 2);
    return error_at((a + b) / 2);
  }

  void fit_hill() {
    double least = kInfinity;
    Curve best = curve_;
    for (double s = 0.4; s <= 4.01; s *= 1.12) {
      curve_.s = s;
      const double e = search([this](Curve& c, double t) { c.b = most_ * std::exp(t); }, -4, 3);
      if (e < least) {
        least = e;
        best = curve_;
      }
    }
    curve_ = best;
  }

  // Covariance of the parameters' logarithms, and the leave-one-out error by leverages.
  void spread() {
    const std::size_t k = parameters(), n = seen_.size();
    std::vector<Vector> J(n, Vector(k));
    std::vector<Vector> normal(k, Vector(k, 0));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < k; ++j)
        J[i][j] = (value_at(moved(j, kStep), seen_[i].x) - value_at(moved(j, -kStep), seen_[i].x)) /
                  (2 * kStep);
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b < k; ++b) normal[a][b] += J[i][a] * J[i][b];
      }
    }
    std::vector<Vector> inverse = inverted(normal);
    press_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double leverage = 0;
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b < k; ++b) leverage += J[i][a] * inverse[a][b] * J[i][b];
      }
      const double off = seen_[i].y - value_at(curve_, seen_[i].x);
      const double left = std::max(0.05, 1 - leverage);
      press_ += off * off / (left * left);
    }
    const double variance = error_ / static_cast<double>(n > k ? n - k : 1);
    covariance_ = std::move(inverse);
    for (Vector& row : covariance_) {
      for (double& v : row) v *= variance;
    }
  }

  // Gauss-Jordan; what is singular comes out huge, which is what it means.
  static std::vector<Vector> inverted(std::vector<Vector> m) {
    const std::size_t k = m.size();
    double trace = 0;
    for (std::size_t j = 0; j < k; ++j) trace += m[j][j];
    std::vector<Vector> out(k, Vector(k, 0));
    for (std::size_t j = 0; j < k; ++j) {
      m[j][j] += 1e-12 * trace + 1e-300;
      out[j][j] = 1;
    }
    for (std::size_t j = 0; j < k; ++j) {
      const double pivot = m[j][j];
      for (std::size_t c = 0; c < k; ++c) {
        m[j][c] /= pivot;
        out[j][c] /= pivot;
      }
      for (std::size_t r = 0; r < k; ++r) {
        if (r == j) continue;
        const double f = m[r][j];
        for (std::size_t c = 0; c < k; ++c) {
          m[r][c] -= f * m[j][c];
          out[r][c] -= f * out[j][c];
        }
      }
    }
    return out;
  }

  const std::vector<Point>& seen_;
  Curve curve_;
  double most_ = 0, error_ = 0, press_ = 0;
  std::vector<Vector> covariance_;
};

double about_mean(const std::vector<Point>& seen) {
  double mean = 0, sum = 0;
  for (const Point& p : seen) mean += p.y / static_cast<double>(seen.size());
  for (const Point& p : seen) sum += (p.y - mean) * (p.y - mean);
  return sum;
}

void warn(const Candidate& best, const std::vector<Candidate>& all, std::size_t distinct, double at,
          Fit& out) {
  const double slope = slope_at(best.curve(), at);
  if (distinct < kFewDistinct)
    out.warnings.push_back(
        fmt::format("{} different amount{} of spend cannot tell a curve from a straight line",
                    distinct, distinct == 1 ? "" : "s"));
  double low = slope, high = slope;
  std::string names;
  for (const Candidate& other : all) {
    if (&other == &best || other.leave_one_out() > kAsGood * best.leave_one_out()) continue;
    const double says = slope_at(other.curve(), at);
    if (!(std::abs(says - slope) > kDiffers * std::abs(slope)) || !std::isfinite(says)) continue;
    low = std::min(low, says);
    high = std::max(high, says);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(other.curve().family));
  }
  if (!names.empty())
    out.warnings.push_back(
        fmt::format("{} fits as well as {}: the next unit returns {} to {}, the data cannot tell",
                    names, to_string(best.curve().family), amount(low), amount(high)));
  if (out.share_explained < 0)
    out.warnings.push_back("returns do not rise with spend: their mean alone says more of them");
  if (std::isnan(out.marginal.first))
    out.warnings.push_back(fmt::format("{} observation{} cannot tell how far off the curve may be",
                                       out.observations, out.observations == 1 ? "" : "s"));
  if (out.marginal.first <= 0 || out.marginal.second > 3 * out.marginal.first)
    out.warnings.push_back(
        fmt::format("the next unit returns {} to {} (95 %): the data cannot tell",
                    amount(std::max(0.0, out.marginal.first)), amount(out.marginal.second)));
}

}  // namespace

Fit fit_curve(const std::vector<Point>& observed, double at) {
  Fit out;
  std::set<double> amounts;
  for (const Point& p : observed) {
    amounts.insert(p.x);
    out.most_seen = std::max(out.most_seen, p.x);
  }
  if (!(out.most_seen > 0))
    throw Error(ErrorKind::invalid, "nothing was ever spent, so that no curve can be fitted",
                "give it a curve");
  out.observations = observed.size();
  if (!(at > 0)) at = out.most_seen;
  std::vector<Candidate> all;
  all.emplace_back(Family::linear, observed);
  if (observed.size() >= kFewest && amounts.size() >= kFewDistinct) {
    for (const Family f : {Family::logarithm, Family::michaelis_menten, Family::exponential,
                           Family::power, Family::hill})
      all.emplace_back(f, observed);
  }
  std::size_t best = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    all[k].fit();
    // More parameters must earn their keep.
    const double margin = all[k].parameters() > all[best].parameters() ? 0.98 : 1;
    if (k > 0 && all[k].leave_one_out() < margin * all[best].leave_one_out()) best = k;
  }
  const Candidate& chosen = all[best];
  out.curve = chosen.curve();
  const double around = about_mean(observed);
  out.share_explained = around > 0 ? 1 - chosen.error() / around : 1;
  if (out.observations <= chosen.parameters())
    out.share_explained = std::numeric_limits<double>::quiet_NaN();
  out.size = chosen.interval(0);
  const bool shape_only = out.curve.family == Family::power;
  (shape_only ? out.shape : out.scale) = chosen.interval(1);
  if (out.curve.family == Family::hill) out.shape = chosen.interval(2);
  const double slope = slope_at(out.curve, at);
  const double off =
      chosen.reach() * chosen.deviation([at](const Curve& c) { return slope_at(c, at); });
  out.marginal = {slope - off, slope + off};
  warn(chosen, all, amounts.size(), at, out);
  return out;
}

}  // namespace autopilot::optimize
