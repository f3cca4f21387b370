#pragma once
// From what arms have earned to the shares that they should get: the bandits of core/stats/bandit*
// applied to a table, one segment at a time or, for the linear ones, all together.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/stats/bandit.h"

namespace autopilot::loop {

struct OptimiserSpec {
  std::string method = "thompson";  // optimiser_names()
  stats::BanditSettings settings;
  double floor = 0, cap = 1;  // of every arm that has none of its own
  double min_count = 0;
  std::size_t batch = 1000;  // rounds that index methods look ahead
  double low = 0, high = 1;  // range of the rewards, for all but gaussian
  double width = 1;          // lin_ucb: how many widths are added
  double lambda = 1;         // lin_*: ridge
  std::size_t ranks = 0;     // tell the probabilities of so many ranks
};

// Those of core/stats/bandit.h, lin_ts and lin_ucb.
const std::vector<std::string>& optimiser_names();

// Whether rewards of any size are taken, and none are scaled.
bool takes_any_reward(const std::string& method);

// What one arm has earned in one segment.
struct Cell {
  std::vector<std::string> segment;
  std::string arm;
  stats::ArmRewards rewards;
  bool has_squares = true;  // square_sum is known
  // The least and the most that a trial earned on average in one of the rows; least above most:
  // nothing is known of rows.
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  std::optional<double> before;      // share of the traffic now
  std::optional<double> floor, cap;  // of its own
  std::optional<Instant> newest;     // of the rows that say what it is, where they have times
};

struct OptimisedArm {
  std::string arm;
  double count = 0;
  double mean = 0;           // as believed
  double low = 0, high = 0;  // 95 % of the belief lies between
  double best = 0;           // probability that it is the best
  double loss = 0;           // expected, in reward, of playing it alone
  std::optional<double> before;
  double wanted = 0;          // share by the method alone
  int after_bp = 0;           // share within the bounds, in basis points
  std::vector<double> ranks;  // probability of each rank, if asked for
};

struct OptimisedSegment {
  std::vector<std::string> values;  // of the segment's keys
  std::vector<OptimisedArm> arms;
  double expected_best = 0;
  // Reward of one round on average with the shares before and after; before is absent where they
  // are not known.
  std::optional<double> value_before;
  double value_after = 0;
};

// Arms in the order in which they first appear; an arm that a segment lacks is there without
// rewards. Throws Error(invalid) for rewards that the method cannot take and for bounds that cannot
// be met.
std::vector<OptimisedSegment> optimise(const std::vector<Cell>& cells, const OptimiserSpec& spec);

}  // namespace autopilot::loop
