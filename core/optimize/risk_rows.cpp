#include "core/optimize/risk_rows.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace autopilot::optimize {
namespace {

// Where the first tangents are, of a factor's size.
constexpr double kFirstTangents[] = {0, 0.03, 0.15, 0.4, 1};
constexpr double kFarTangents[] = {10, 1e3};  // where there is no total
constexpr double kLeast = 1e-4;               // of a factor's size: what its unit may be
constexpr double kApart = 1e-10;              // of a factor's size: two tangents
constexpr std::size_t kManyTangents = 60;     // of one factor
constexpr double kZero = 1e-12;               // of the greatest variance

}  // namespace

RiskRows::RiskRows(const Problem& problem, double amount)
    : amount_(amount), is_open_(std::isinf(problem.total_max)) {
  const Risk& risk = problem.risk;
  if (!risk.any() || problem.goal == Goal::least_spend) return;
  const double root = std::sqrt(risk.penalty);
  for (std::size_t i = 0; i < risk.diagonal.size(); ++i) {
    if (risk.diagonal[i] > 0) add_factor({{i, root * std::sqrt(risk.diagonal[i])}});
  }
  for (const std::vector<double>& loadings : risk.loadings) {
    std::vector<std::pair<std::size_t, double>> loads;
    for (std::size_t i = 0; i < loadings.size(); ++i) {
      if (loadings[i] != 0) loads.emplace_back(i, root * loadings[i]);
    }
    if (!loads.empty()) add_factor(std::move(loads));
  }
  if (!risk.dense.empty()) add_dense(problem);
}

void RiskRows::add_factor(std::vector<std::pair<std::size_t, double>> loads) {
  Factor out;
  out.loads = std::move(loads);
  double greatest = 0;
  for (const auto& [i, load] : out.loads) greatest = std::max(greatest, std::abs(load));
  out.size = greatest * amount_;
  out.unit = out.size;
  const auto add = [&](double share) {
    out.points.push_back(share * out.size);
    if (share > 0) out.points.push_back(-share * out.size);
  };
  for (const double share : kFirstTangents) add(share);
  for (const double share : kFarTangents) {
    if (is_open_) add(share);
  }
  std::sort(out.points.begin(), out.points.end());
  factors_.push_back(std::move(out));
}

// Cholesky's factors, the greatest variance that is left first.
void RiskRows::add_dense(const Problem& problem) {
  const std::size_t n = problem.channels.size();
  std::vector<std::vector<double>> left = problem.risk.dense;
  double most = 0;
  for (std::size_t i = 0; i < n; ++i) most = std::max(most, std::abs(left[i][i]));
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (left[i][i] > left[at][at]) at = i;
      for (std::size_t j = 0; j < n; ++j) {
        const bool no_variance = left[i][i] < -1e3 * kZero * most;
        if (no_variance || std::abs(left[i][j]) > (1 + 1e-9) * most)
          throw Error(ErrorKind::invalid, "the covariance is not positive semidefinite");
      }
    }
    const double pivot = left[at][at];
    if (!(pivot > kZero * most)) break;
    std::vector<double> row = left[at];
    std::vector<std::pair<std::size_t, double>> loads;
    for (std::size_t i = 0; i < n; ++i) {
      if (row[i] != 0) loads.emplace_back(i, std::sqrt(problem.risk.penalty / pivot) * row[i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) left[i][j] -= row[i] * row[j] / pivot;
    }
    for (std::size_t i = 0; i < n; ++i) left[at][i] = left[i][at] = 0;
    add_factor(std::move(loads));
  }
}

// The spend of each channel that factors load. What several of them load, and is the sum of several
// columns, becomes one of its own: a covariance is dense, and its rows would be all of the program.
std::vector<SpendColumns> RiskRows::add_spends(
    LpModel& model, const std::function<SpendColumns(std::size_t channel)>& spend_of) const {
  std::vector<std::size_t> loaded;  // by channel: factors
  for (const Factor& factor : factors_) {
    for (const auto& [i, load] : factor.loads) {
      if (i >= loaded.size()) loaded.resize(i + 1, 0);
      ++loaded[i];
    }
  }
  std::vector<SpendColumns> out(loaded.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (loaded[i] == 0) continue;
    out[i] = spend_of(i);
    if (loaded[i] == 1 || out[i].columns.size() < 2) continue;
    const std::size_t whole = model.columns.size(), row = model.rows.size();
    model.columns.push_back({-kInfinity, kInfinity, 0, false});
    model.rows.emplace_back(-out[i].start, -out[i].start);
    model.entries.push_back({row, whole, -1});
    for (const auto& [column, times] : out[i].columns)
      model.entries.push_back({row, column, times});
    out[i] = {0, {{whole, 1}}};
  }
  return out;
}

// exposure = loads' spend, and risk >= t exposure - t^2 / 2 for each tangent; both in units in
// which they are as large as amounts.
void RiskRows::add(LpModel& model, double scale,
                   const std::function<SpendColumns(std::size_t channel)>& spend_of) const {
  const std::vector<SpendColumns> spends = add_spends(model, spend_of);
  for (const Factor& factor : factors_) {
    const double unit = factor.unit / scale, worth = factor.unit * factor.unit / scale;
    const std::size_t exposure = model.columns.size(), risk = exposure + 1;
    model.columns.push_back({-kInfinity, kInfinity, 0, false});
    model.columns.push_back({0, kInfinity, -worth, false});
    const std::size_t sum = model.rows.size();
    double start = 0;
    for (const auto& [i, load] : factor.loads) {
      const SpendColumns& spend = spends[i];
      start += load / unit * spend.start;
      for (const auto& [column, times] : spend.columns) {
        if (load * times != 0) model.entries.push_back({sum, column, load / unit * times});
      }
    }
    model.rows.emplace_back(-start, -start);
    model.entries.push_back({sum, exposure, -1});
    for (const double t : factor.points) {
      if (t == 0) continue;  // it is at least 0 anyway
      const std::size_t row = model.rows.size();
      model.rows.emplace_back(-t * t / 2 / worth, kInfinity);
      model.entries.push_back({row, risk, 1});
      model.entries.push_back({row, exposure, -t * unit / worth});
    }
  }
}

bool RiskRows::add_tangents(const std::vector<double>& spend) {
  bool added = false;
  for (Factor& factor : factors_) {
    double exposure = 0;
    for (const auto& [i, load] : factor.loads) exposure += load * spend[i];
    // What an answer spends on it is what its rows have to be exact for.
    factor.unit = std::max(std::abs(exposure), kLeast * factor.size);
    std::vector<double>& points = factor.points;
    const auto at = std::lower_bound(points.begin(), points.end(), exposure);
    const double apart = kApart * factor.size;
    if (at != points.end() && *at - exposure <= apart) continue;
    if (at != points.begin() && exposure - *(at - 1) <= apart) continue;
    points.insert(at, exposure);
    added = true;
    if (points.size() <= kManyTangents) continue;
    // The one furthest from the answer: dropping it only loosens the bound.
    if (exposure - points.front() > points.back() - exposure)
      points.erase(points.begin());
    else
      points.pop_back();
  }
  return added;
}

}  // namespace autopilot::optimize
