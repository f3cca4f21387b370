#pragma once
// Weights of destinations: how the traffic is to be split, from what each was seen to do, under
// bounds, a most per change and segments, in whole steps of what the provider can do. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/optimize/solve.h"

namespace autopilot::optimize {

struct Destination {
  std::string id, segment;
  double weight = 0;  // today's share
  double successes = 0, trials = 0;
  double value = 1;         // of a success
  double min = 0, max = 1;  // of the share
  double max_delta = 1;     // of the share, from today's
};

struct Segment {
  std::string id;
  double min = 0, max = 1;  // of the shares of its destinations together
};

enum class RateObjective { mean, lower, risk };

struct WeightOptions {
  RateObjective objective = RateObjective::mean;
  double confidence = 0.95;    // of lower
  double risk = 1;             // penalty of the variance of the outcome of all traffic, for risk
  double resolution = 0.0001;  // of a share
  std::vector<Segment> segments;
};

struct Rate {
  double mean = 0, low = 0, high = 0;  // of a visit, in value; the interval of `confidence`
  double used = 0;                     // what the objective takes
};

struct Weighted {
  Status status = Status::optimal;
  std::vector<Rate> rates;
  std::vector<std::int64_t> units;  // of the resolution; the sum is 1 / resolution
  double before = 0, after = 0;     // expected value of a visit, at the means
  Solution solution;                // before rounding
  Problem problem;
};

// Columns, or fields: destination, weight, successes, trials, value, min, max, max_delta, segment.
std::vector<Destination> read_destinations(std::string_view text, std::uint32_t source,
                                           Diagnostics& diagnostics);

Weighted choose_weights(const std::vector<Destination>& destinations, const WeightOptions& options);

}  // namespace autopilot::optimize
