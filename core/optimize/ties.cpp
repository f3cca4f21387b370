#include "core/optimize/ties.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr double kPriced = 1e-9;      // of the greatest cost: what is a price
constexpr double kPivot = 1e-9;       // of the greatest coefficient
constexpr std::size_t kSmall = 200;   // free columns for which uniqueness is looked at
constexpr std::size_t kMany = 20000;  // columns; the programs would take longer than the first
constexpr std::size_t kRuns = 2;      // programs that share the time

double scale_of(const LpModel& model) {
  double out = 0;
  for (const LpColumn& c : model.columns) out = std::max(out, std::abs(c.cost));
  return out;
}

double nearest(double x, double low, double high) {
  return std::abs(x - low) <= std::abs(high - x) ? low : high;
}

std::vector<double> activities(const LpModel& model, const std::vector<double>& values) {
  std::vector<double> out(model.rows.size(), 0);
  for (const LpEntry& e : model.entries) out[e.row] += e.value * values[e.column];
  return out;
}

// Holds what has a price at the bound where it is: what is left is all that is as good.
LpModel held(LpModel model, const LpAnswer& answer) {
  const double priced = kPriced * scale_of(model);
  for (std::size_t j = 0; j < model.columns.size(); ++j) {
    LpColumn& c = model.columns[j];
    if (std::abs(answer.reduced_costs[j]) > priced)
      c.low = c.high = nearest(answer.values[j], c.low, c.high);
  }
  const std::vector<double> at = activities(model, answer.values);
  for (std::size_t r = 0; r < model.rows.size(); ++r) {
    auto& [low, high] = model.rows[r];
    if (std::abs(answer.row_prices[r]) > priced) low = high = nearest(at[r], low, high);
  }
  return model;
}

// Whether the rows that are held leave the columns that are not one value each: their rank.
bool is_one_point(const LpModel& model) {
  std::vector<std::size_t> place(model.columns.size(), 0);
  std::size_t free = 0;
  for (std::size_t j = 0; j < place.size(); ++j)
    place[j] = model.columns[j].low < model.columns[j].high ? ++free : 0;
  if (free > kSmall) return false;
  std::vector<std::vector<double>> rows(model.rows.size());
  double greatest = 0;
  for (const LpEntry& e : model.entries) {
    if (place[e.column] == 0 || model.rows[e.row].first < model.rows[e.row].second) continue;
    rows[e.row].resize(free, 0);
    rows[e.row][place[e.column] - 1] = e.value;
    greatest = std::max(greatest, std::abs(e.value));
  }
  std::erase_if(rows, [](const std::vector<double>& row) { return row.empty(); });
  for (std::size_t j = 0; j < free; ++j) {
    if (j >= rows.size()) return false;
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(j);
    std::iter_swap(begin, std::max_element(begin, rows.end(), [j](const auto& a, const auto& b) {
                     return std::abs(a[j]) < std::abs(b[j]);
                   }));
    if (std::abs(rows[j][j]) <= kPivot * greatest) return false;
    for (std::size_t r = j + 1; r < rows.size(); ++r) {
      const double factor = rows[r][j] / rows[j][j];
      if (factor == 0) continue;
      for (std::size_t k = j; k < free; ++k) rows[r][k] -= factor * rows[j][k];
    }
  }
  return true;
}

// Least sum of |spend - wanted|: each is what it is above, and what it is below.
LpModel closest(LpModel model, const std::vector<TiedChannel>& channels) {
  for (LpColumn& c : model.columns) c.cost = 0;
  model.constant = 0;
  for (const TiedChannel& channel : channels) {
    if (channel.count == 0) continue;
    const std::size_t row = model.rows.size(), above = model.columns.size();
    model.rows.emplace_back(channel.wanted, channel.wanted);
    for (std::size_t k = 0; k < channel.count; ++k)
      model.entries.push_back({row, channel.first + k, 1});
    model.columns.push_back({0, kInfinity, -1, false});
    model.columns.push_back({0, kInfinity, -1, false});
    model.entries.push_back({row, above, -1});
    model.entries.push_back({row, above + 1, 1});
  }
  return model;
}

// Falls with the rank, and no two sums of some are the same: one plan alone is greatest.
double weight_of(std::size_t rank, std::size_t count) {
  std::uint64_t z = (static_cast<std::uint64_t>(rank) + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  const double jitter = static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-54;  // below 1/2
  return 1 + (static_cast<double>(count - rank) - jitter) / static_cast<double>(count);
}

LpModel first_most(LpModel model, const std::vector<TiedChannel>& channels) {
  for (LpColumn& c : model.columns) c.cost = 0;
  for (const TiedChannel& channel : channels) {
    for (std::size_t k = 0; k < channel.count; ++k)
      model.columns[channel.first + k].cost = weight_of(channel.rank, channels.size());
  }
  return model;
}

}  // namespace

std::vector<double> least_change(const LpModel& model, const LpAnswer& answer,
                                 const std::vector<TiedChannel>& channels, const LpSolver& solver,
                                 double seconds) {
  const std::size_t columns = model.columns.size();
  if (columns > kMany || answer.row_prices.size() != model.rows.size()) return answer.values;
  const LpModel best = held(model, answer);
  if (is_one_point(best)) return answer.values;
  const LpModel near = closest(best, channels);
  LpAnswer found = solver(near, seconds / kRuns);
  if (found.status != Status::optimal) return answer.values;
  const LpModel nearest = held(near, found);
  if (!is_one_point(nearest)) {
    const LpAnswer last = solver(first_most(nearest, channels), seconds / kRuns);
    if (last.status == Status::optimal) found.values = last.values;
  }
  found.values.resize(columns);
  return found.values;
}

}  // namespace autopilot::optimize
