#include "core/loop/cells.h"

#include <algorithm>
#include <cmath>

#include "core/loop/numbering.h"

namespace autopilot::loop {
namespace {

void take(Cell& cell, const ArmRow& row, double weight) {
  cell.rewards.count += weight * row.count;
  cell.rewards.sum += weight * row.sum;
  cell.rewards.square_sum += weight * row.square_sum.value_or(0);
  cell.has_squares = cell.has_squares && (row.square_sum || row.count == 0);
  if (row.count > 0) {
    cell.least = std::min(cell.least, row.sum / row.count);
    cell.most = std::max(cell.most, row.sum / row.count);
  }
  // Of what changes, the newest row knows best.
  if (row.time && cell.newest && *row.time < *cell.newest) return;
  if (row.time) cell.newest = row.time;
  if (row.alpha) cell.rewards.alpha = *row.alpha;
  if (row.beta) cell.rewards.beta = *row.beta;
  if (row.weight) cell.before = row.weight;
  if (row.floor) cell.floor = row.floor;
  if (row.cap) cell.cap = row.cap;
}

}  // namespace

double weight_of(const Memory& memory, Duration age) {
  if (memory.window && age > *memory.window) return 0;
  if (!memory.half_life || age.nanos <= 0) return 1;
  return std::exp2(-static_cast<double>(age.nanos) / static_cast<double>(memory.half_life->nanos));
}

std::vector<Cell> cells_of(const std::vector<ArmRow>& rows, const Memory& memory, Instant now) {
  Numbering<std::vector<std::string>> numbers;
  std::vector<Cell> cells;
  const bool forgets = memory.half_life || memory.window;
  for (const ArmRow& row : rows) {
    std::vector<std::string> key = row.segment;
    key.push_back(row.arm);
    const std::size_t at = numbers.of(key);
    if (at == cells.size()) {
      cells.emplace_back();
      cells.back().segment = row.segment;
      cells.back().arm = row.arm;
    }
    take(cells[at], row, forgets && row.time ? weight_of(memory, now - *row.time) : 1);
  }
  return cells;
}

}  // namespace autopilot::loop
