#include "core/optimize/lp.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {

bool LpModel::has_integers() const {
  return std::any_of(columns.begin(), columns.end(), [](const LpColumn& c) { return c.integer; });
}

std::string fault_of(const LpModel& model) {
  const auto crossed = [](double low, double high) {
    return std::isnan(low) || std::isnan(high) || low > high || low == kInfinity ||
           high == -kInfinity;
  };
  for (const LpColumn& column : model.columns) {
    if (!std::isfinite(column.cost)) return "a column's cost is no number";
    if (crossed(column.low, column.high)) return "a column's bounds leave no room";
  }
  for (const auto& [low, high] : model.rows) {
    if (crossed(low, high)) return "a row's bounds leave no room";
  }
  std::vector<std::pair<std::size_t, std::size_t>> places;
  places.reserve(model.entries.size());
  for (const LpEntry& entry : model.entries) {
    if (!std::isfinite(entry.value)) return "a coefficient is no number";
    if (entry.row >= model.rows.size() || entry.column >= model.columns.size())
      return "a coefficient is outside of the matrix";
    places.emplace_back(entry.row, entry.column);
  }
  std::sort(places.begin(), places.end());
  if (std::adjacent_find(places.begin(), places.end()) != places.end())
    return "a coefficient is given twice";
  return "";
}

}  // namespace autopilot::optimize
