#include "core/loop/served.h"

#include <cmath>

#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

// Proxies round weights, and requests under way when weights change count for either side.
constexpr double kTolerance = 0.02;
constexpr double kDeviations = 5;

bool is_odd(const Served& one) {
  const double seen = one.events / one.of, p = one.propensity;
  const double error = std::sqrt(std::max(p * (1 - p), 1 / one.of) / one.of);
  return std::abs(seen - p) > kTolerance + kDeviations * error;
}

}  // namespace

std::vector<Served> served_shares(const std::map<CountKey, stats::ArmRewards>& counts,
                                  LoopStore& live, const std::vector<std::string>& keys) {
  std::map<std::int64_t, std::map<Segment, std::map<std::string, double>>> events;
  for (const auto& [key, rewards] : counts) {
    events[key.generation][key.segment][key.arm] += rewards.count;
  }
  std::vector<Served> out;
  for (const auto& [generation, segments] : events) {
    const std::optional<Step> step = live.step(generation);
    if (!step || keys_of(step->body) != keys) continue;
    const SegmentShares after = shares_of(step->body, "after");
    for (const auto& [segment, by_arm] : segments) {
      const auto shares = after.find(segment);
      if (shares == after.end()) continue;
      double all = 0;
      for (const auto& [arm, count] : by_arm) all += count;
      for (const auto& [arm, share] : shares->second) {
        const auto at = by_arm.find(arm);
        const double count = at == by_arm.end() ? 0 : at->second;
        Served one{generation, segment, arm, count, all, share / 1e4, false};
        one.is_odd = is_odd(one);
        out.push_back(std::move(one));
      }
    }
  }
  return out;
}

}  // namespace autopilot::loop
