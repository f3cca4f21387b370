// What a lane wants at one price: its parts' sums, pack by pack.
#include "core/optimize/lane_kernels.h"

namespace autopilot::optimize {
namespace {

template <Family kFamily, bool kReturns>
AUTOPILOT_INLINE LaneSums run(Lane& lane, const LanePrice& price, double* amounts, double* falls) {
  LaneSums out;
  const std::size_t n = lane.low.size();
  for (std::size_t from = 0; from < n; from += kSummed) {
    Pack amount = all(0), fall = all(0), returned = all(0);
    const std::size_t to = std::min(n, from + kSummed);
    for (std::size_t i = from; i < to; i += kTogether * kPack) {
      Odds odds[kTogether];
      if constexpr (kFamily == Family::hill) solve_hills(lane, i, price, odds);
#pragma GCC unroll 2
      for (std::size_t j = 0; j < kTogether; ++j) {
        const std::size_t at = i + j * kPack;
        const Wanted w = wanted<kFamily, kReturns>(lane, at, price, odds[j]);
        const Pack low = load(&lane.low[at]), high = load(&lane.high[at]);
        const PackBits above = w.x > low, below = w.x < high;
        const Pack got = above ? (below ? w.x : high) - low : all(0);
        const Pack falling = (above & below) ? w.fall : all(0);
        amount += got;
        fall += falling;
        if constexpr (kReturns)
          returned +=
              above ? (below ? w.returned : load(&lane.at_high[at])) : load(&lane.at_low[at]);
        if (amounts != nullptr) store(amounts + at, got);
        if (falls != nullptr) store(falls + at, falling);
      }
    }
    out.amount += sum(amount);
    out.fall += sum(fall);
    out.returned += sum(returned);
  }
  return out;
}

template <bool kReturns>
AUTOPILOT_INLINE LaneSums by_family(Lane& lane, const LanePrice& price, double* amounts,
                                    double* falls) {
  switch (lane.family) {
    case Family::logarithm:
      return run<Family::logarithm, kReturns>(lane, price, amounts, falls);
    case Family::exponential:
      return run<Family::exponential, kReturns>(lane, price, amounts, falls);
    case Family::michaelis_menten:
      return run<Family::michaelis_menten, kReturns>(lane, price, amounts, falls);
    case Family::quadratic:
      return run<Family::quadratic, kReturns>(lane, price, amounts, falls);
    case Family::power:
      return run<Family::power, kReturns>(lane, price, amounts, falls);
    default:
      return run<Family::hill, kReturns>(lane, price, amounts, falls);
  }
}
template <bool kReturns>
AUTOPILOT_WIDE LaneSums look_wide(Lane& lane, const LanePrice& price, double* amounts,
                                  double* falls) {
  return by_family<kReturns>(lane, price, amounts, falls);
}
template <bool kReturns>
LaneSums look_plain(Lane& lane, const LanePrice& price, double* amounts, double* falls) {
  return by_family<kReturns>(lane, price, amounts, falls);
}

// Where money costs nothing, all parts are full.
LaneSums all_of(const Lane& lane, double* amounts, double* falls) {
  LaneSums out;
  for (std::size_t i = 0; i < lane.low.size(); ++i) {
    const double width = lane.high[i] - lane.low[i];
    out.amount += width;
    if (!lane.at_high.empty()) out.returned += lane.at_high[i];
    if (amounts != nullptr) amounts[i] = width;
    if (falls != nullptr) falls[i] = 0;
  }
  return out;
}

}  // namespace

LaneSums look_at(Lane& lane, double price, bool with_returns, double* amounts, double* falls) {
  const double at = price + lane.shift;
  if (!(at > 0) && lane.family != Family::quadratic) return all_of(lane, amounts, falls);
  const LanePrice known = price_for(lane, price);
  lane.last_logarithm = known.logarithm;
  if (with_returns)
    return (has_wide() ? look_wide<true> : look_plain<true>)(lane, known, amounts, falls);
  return (has_wide() ? look_wide<false> : look_plain<false>)(lane, known, amounts, falls);
}

}  // namespace autopilot::optimize
