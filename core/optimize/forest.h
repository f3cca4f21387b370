#pragma once
// Groups that nest: each is within another, or has nothing in common with it. Pure.

#include <optional>
#include <vector>

#include "core/optimize/problem.h"

namespace autopilot::optimize {

inline constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);

struct ForestNode {
  double min = 0, max = kInfinity;  // of the sum of its channels
  std::size_t group = kNoGroup;     // of the problem; none: the total
  std::vector<std::size_t> children;
};

// nodes[0] is the total; parents come before their children.
struct Forest {
  std::vector<ForestNode> nodes;
  std::vector<std::size_t> home;  // by channel: the innermost node
};

// Null when groups cross. A share of a fixed total counts as a max.
std::optional<Forest> forest_of(const Problem& problem);

// A group's greatest sum: its max, and its share of a total that is fixed.
double ceiling_of(const Problem& problem, const Group& group);

}  // namespace autopilot::optimize
