#include "core/loop/learning.h"

#include <map>

#include "core/stats/bandit_shares.h"

namespace autopilot::loop {
namespace {

// What is older than so many half-lives counts for less than 1e-19.
constexpr int kHalfLives = 64;

// What each arm of a segment has earned, with less weight for what is long ago.
using Earned = std::map<std::pair<Segment, std::string>, stats::ArmRewards>;
Earned earned_by(const Algorithm& algorithm, const std::vector<StoredCount>& counts, Instant now) {
  const std::int64_t bucket = bucket_seconds(algorithm.memory);
  Earned out;
  for (const StoredCount& one : counts) {
    const Instant middle{one.key.bucket + bucket / 2, 0};
    const double weight = bucket == 0 ? 1 : weight_of(algorithm.memory, now - middle);
    stats::ArmRewards& into = out[{one.key.segment, one.key.arm}];
    into.count += weight * one.rewards.count;
    into.sum += weight * one.rewards.sum;
    into.square_sum += weight * one.rewards.square_sum;
  }
  return out;
}

}  // namespace

double trials_of(const std::vector<StoredCount>& counts) {
  double sum = 0;
  for (const StoredCount& one : counts) sum += one.rewards.count;
  return sum;
}

Instant oldest_that_counts(const Memory& memory, Instant now) {
  if (memory.window) return now - *memory.window;
  if (!memory.half_life || memory.half_life->nanos > INT64_MAX / kHalfLives) return {};
  return now - Duration{memory.half_life->nanos * kHalfLives};
}

std::vector<Cell> cells_at(const Algorithm& algorithm, const std::vector<StoredCount>& counts,
                           const SegmentShares& before, Instant now) {
  Earned earned = earned_by(algorithm, counts, now);
  std::vector<Cell> out;
  for (const auto& [segment, shares] : before) {
    for (const AlgorithmArm& arm : algorithm.arms) {
      Cell cell;
      cell.segment = segment;
      cell.arm = arm.name;
      cell.floor = arm.floor;
      cell.cap = arm.cap;
      cell.before = shares.at(arm.name) / 1e4;
      cell.rewards = earned[{segment, arm.name}];
      out.push_back(std::move(cell));
    }
  }
  return out;
}

ArmShares fitted(const Algorithm& algorithm, const ArmShares& known) {
  std::vector<double> shares;
  double sum = 0;
  for (const AlgorithmArm& arm : algorithm.arms) {
    const auto at = known.find(arm.name);
    shares.push_back(at == known.end() ? 0 : at->second);
    sum += shares.back();
  }
  for (double& share : shares) {
    share = sum > 0 ? share / sum : 1 / static_cast<double>(shares.size());
  }
  const std::vector<int> points = stats::basis_points(shares);
  ArmShares out;
  for (std::size_t i = 0; i < points.size(); ++i) out[algorithm.arms[i].name] = points[i];
  return out;
}

}  // namespace autopilot::loop
