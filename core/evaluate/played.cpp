#include "core/evaluate/played.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace autopilot::evaluate {

Map to_value(const Played& played) {
  Map kept, shares;
  for (std::size_t a = 0; a < played.actions.size(); ++a) {
    kept[played.actions[a]] = played.kept_by_action[a];
    if (!played.last_shares.empty()) shares[played.actions[a]] = played.last_shares[a];
  }
  return Map{{"learned_from", played.kept},
             {"mean_reward", played.kept > 0 ? Value(played.reward_kept / played.kept) : Value()},
             {"least_propensity", played.least_propensity},
             {"learned_by_action", std::move(kept)},
             {"last_shares", std::move(shares)}};
}

std::string to_text(const Played& played) {
  constexpr std::size_t kShown = 3;
  std::string out = fmt::format("{} of {} rows", played.kept, played.rows);
  if (played.kept > 0)
    out += fmt::format(", which earned {:.4g} each", played.reward_kept / played.kept);
  if (played.last_shares.empty()) return out;
  std::vector<std::size_t> order(played.actions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return played.last_shares[a] > played.last_shares[b];
  });
  std::string shares;
  for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    const double share = played.last_shares[order[i]];
    if (share < 0.005) break;
    shares += fmt::format("{} {} {:.3g}%", shares.empty() ? "" : ",", played.actions[order[i]],
                          100 * share);
  }
  return out + "; at the end it plays" + shares + (order.size() > kShown ? ", …" : "");
}

}  // namespace autopilot::evaluate
