#include "core/optimize/forest.h"

#include <algorithm>
#include <numeric>

namespace autopilot::optimize {

double ceiling_of(const Problem& problem, const Group& group) {
  if (!problem.is_fixed() || group.max_share == kInfinity) return group.max;
  return std::min(group.max, group.max_share * problem.total_max);
}

std::optional<Forest> forest_of(const Problem& problem) {
  Forest forest;
  forest.nodes.push_back({problem.total_min, problem.total_max, kNoGroup, {}});
  forest.home.assign(problem.channels.size(), 0);
  std::vector<std::size_t> order(problem.groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return problem.groups[a].members.size() > problem.groups[b].members.size();
  });
  for (const std::size_t g : order) {
    const Group& group = problem.groups[g];
    if (group.members.empty()) continue;
    const std::size_t parent = forest.home[group.members.front()];
    const std::size_t node = forest.nodes.size();
    for (const std::size_t member : group.members) {
      if (forest.home[member] != parent) return std::nullopt;
    }
    for (const std::size_t member : group.members) forest.home[member] = node;
    forest.nodes[parent].children.push_back(node);
    forest.nodes.push_back({group.min, ceiling_of(problem, group), g, {}});
  }
  return forest;
}

}  // namespace autopilot::optimize
