#include "core/optimize/lp_scale.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

// The power of two that brings a size to between 1/2 and 1.
double to_one(double size) {
  if (!(size > 0) || !std::isfinite(size)) return 1;
  int exponent = 0;
  std::frexp(size, &exponent);
  return std::ldexp(1.0, -exponent);
}

double greatest(double so_far, double x) {
  return std::isfinite(x) ? std::max(so_far, std::abs(x)) : so_far;
}

double size_of_columns(const LpModel& model) {
  double out = 0;
  for (const LpColumn& c : model.columns) {
    if (!c.integer) out = greatest(greatest(out, c.low), c.high);
  }
  return out;
}

}  // namespace

Scaled::Scaled(const LpModel& model) : model_(model), rows_(model.rows.size(), 0) {
  amount_ = to_one(model.amount > 0 ? model.amount : size_of_columns(model));
  const auto of = [&](const LpColumn& c) { return c.integer ? 1.0 : amount_; };
  double cost = 0;
  for (LpColumn& c : model_.columns) {
    c.cost /= of(c);
    if (!c.integer) {
      c.low *= amount_;
      c.high *= amount_;
    }
    cost = greatest(cost, c.cost);
  }
  worth_ = to_one(cost);
  for (LpColumn& c : model_.columns) c.cost *= worth_;
  model_.constant *= worth_;
  for (LpEntry& e : model_.entries) {
    e.value /= of(model_.columns[e.column]);
    rows_[e.row] = greatest(rows_[e.row], e.value);
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    rows_[r] = to_one(rows_[r]);
    model_.rows[r].first *= rows_[r];
    model_.rows[r].second *= rows_[r];
  }
  for (LpEntry& e : model_.entries) e.value *= rows_[e.row];
}

LpAnswer Scaled::restored(LpAnswer answer) const {
  answer.objective /= worth_;
  answer.bound /= worth_;
  for (std::size_t j = 0; j < answer.values.size(); ++j) {
    if (!model_.columns[j].integer) answer.values[j] /= amount_;
  }
  for (std::size_t j = 0; j < answer.reduced_costs.size(); ++j)
    answer.reduced_costs[j] *= (model_.columns[j].integer ? 1.0 : amount_) / worth_;
  for (std::size_t r = 0; r < answer.row_prices.size(); ++r)
    answer.row_prices[r] *= rows_[r] / worth_;
  return answer;
}

}  // namespace autopilot::optimize
