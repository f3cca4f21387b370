// What a lane wants near a price, as one polynomial in the logarithm u of the price's ratio for all
// parts that stay between their bounds. By family x + q is c e^-u, c e^-ru, c e^-u/2; x is
// c - p u or c - e^u price / r; and for Hill curves e^-u p σ(1 - σ) / price, where the series of σ
// follows from z' = 1 / (k - 2σ) and σ' = σ(1 - σ) z' term by term.
#include <algorithm>

#include "core/optimize/lane_kernels.h"

namespace autopilot::optimize {
namespace {

constexpr double kMostChange = 0.25;  // by how much a part's elasticity times reach may go
constexpr double kNoMatter = 2e-17;   // of a part: what the terms left out may come to
constexpr double kSpare = 2;          // by how much a fall may grow on the way, see kMostChange

using Terms = std::array<double, kTerms>;
using PackTerms = Pack[kTerms];

// 1 / k!, times a power of `rate` where that is asked for.
Terms exponential(double rate, double scale) {
  Terms out{};
  double term = scale;
  for (std::size_t k = 0; k < kTerms; ++k) {
    out[k] = term;
    term *= rate / static_cast<double>(k + 1);
  }
  return out;
}

// The series of σ(1 - σ) for one pack.
AUTOPILOT_INLINE void expand_odds(const Odds& odds, Pack k, PackTerms bell) {
  PackTerms sigma, rate;
  sigma[0] = odds.sigma;
  rate[0] = 1.0 / (k - 2.0 * odds.sigma);
  bell[0] = odds.bell;
  for (std::size_t n = 0; n + 1 < kTerms; ++n) {
    Pack next = all(0.0);
    for (std::size_t j = 0; j <= n; ++j) next += bell[j] * rate[n - j];
    sigma[n + 1] = next * (1.0 / static_cast<double>(n + 1));
    Pack bent = all(0.0), square = all(0.0);
    for (std::size_t j = 1; j <= n + 1; ++j) bent += sigma[j] * rate[n + 1 - j];
    rate[n + 1] = 2.0 * bent * rate[0];
    for (std::size_t j = 0; j <= n + 1; ++j) square += sigma[j] * sigma[n + 1 - j];
    bell[n + 1] = sigma[n + 1] - square;
  }
}

// Whether the last two terms tell that the rest is nothing.
AUTOPILOT_INLINE PackBits is_settled(const PackTerms terms, double reach) {
  double last = 1;
  for (std::size_t k = 1; k < kTerms; ++k) last *= reach;
  return absolute(terms[kTerms - 1]) * last + absolute(terms[kTerms - 2]) * (last / reach) <=
         kNoMatter * terms[0];
}

template <Family kFamily>
AUTOPILOT_INLINE PackBits is_calm(const Lane& lane, std::size_t i, const LanePrice& price,
                                  const Odds& odds, double reach) {
  if constexpr (kFamily == Family::power) return load(&lane.r[i]) * reach <= kMostChange;
  if constexpr (kFamily == Family::hill) {
    const Pack k = load(&lane.r[i]), rate = absolute(1.0 / (k - 2.0 * odds.sigma));
    const PackBits some = price.logarithm - load(&lane.t[i]) < load(&lane.turn[i]);
    return some & ((1.0 - k) * rate * reach <= kMostChange) &
           (2.0 * odds.bell * rate * rate * reach <= kMostChange);
  }
  return reinterpret_cast<PackBits>(all(0.0)) == 0;
}

// The terms of this family's parts, of which `scale` has what varies, 0 for parts left out.
template <Family kFamily>
AUTOPILOT_INLINE void add_terms(const Lane& lane, std::size_t i, Pack scale, const PackTerms bell,
                                PackTerms sums) {
  if constexpr (kFamily == Family::power) {
    const Pack r = load(&lane.r[i]);
    Pack term = scale;
    for (std::size_t k = 1; k < kTerms; ++k) {
      term *= -r;
      sums[k] += term;
    }
  } else if constexpr (kFamily == Family::hill) {
    for (std::size_t k = 0; k < kTerms; ++k) sums[k] += scale * bell[k];
  } else {
    sums[0] += scale;
  }
}

// From what was summed to the terms of amounts.
template <Family kFamily>
Terms finished(const Terms& sums, double price) {
  if constexpr (kFamily == Family::logarithm) return exponential(-1, sums[0]);
  if constexpr (kFamily == Family::michaelis_menten) return exponential(-0.5, sums[0]);
  if constexpr (kFamily == Family::exponential) return {0, -sums[0]};
  if constexpr (kFamily == Family::quadratic) return exponential(1, -price * sums[0]);
  const Terms falling = exponential(kFamily == Family::power ? 1 : -1, 1);
  Terms out{};
  for (std::size_t k = 1; k < kTerms; ++k) {
    if constexpr (kFamily == Family::power) {
      out[k] = sums[k] * falling[k];
    } else {
      for (std::size_t j = 0; j <= k; ++j) out[k] += sums[j] * falling[k - j];
    }
  }
  return out;
}

template <Family kFamily>
AUTOPILOT_INLINE Pack scale_of(const Lane& lane, std::size_t i, const LanePrice& price,
                               const Wanted& w) {
  if constexpr (kFamily == Family::exponential) return load(&lane.p[i]);
  if constexpr (kFamily == Family::quadratic) return w.fall;
  if constexpr (kFamily == Family::hill) return load(&lane.p[i]) * price.inverse;
  return w.x + load(&lane.q[i]);
}

template <Family kFamily>
AUTOPILOT_INLINE LaneExpansion expand_family(Lane& lane, const LanePrice& price, double reach) {
  LaneExpansion out;
  Terms all_sums{};
  const std::size_t n = lane.low.size();
  for (std::size_t from = 0; from < n; from += kSummed) {
    Pack amount = all(0), returned = all(0);
    PackTerms sums = {};
    const std::size_t to = std::min(n, from + kSummed);
    for (std::size_t i = from; i < to; i += kTogether * kPack) {
      Odds odds[kTogether];
      if constexpr (kFamily == Family::hill) solve_hills(lane, i, price, odds);
      for (std::size_t j = 0; j < kTogether; ++j) {
        const std::size_t at = i + j * kPack;
        const Wanted w = wanted<kFamily, true>(lane, at, price, odds[j]);
        const Pack low = load(&lane.low[at]), high = load(&lane.high[at]);
        const Pack way = kSpare * reach * price.plain * w.fall;
        const PackBits calm = is_calm<kFamily>(lane, at, price, odds[j], reach);
        PackBits inside = calm & (w.x - way > low) & (w.x + way < high);
        const PackBits none = calm & (w.x + way <= low), full = calm & (w.x - way >= high) & ~none;
        PackTerms bell;
        if constexpr (kFamily == Family::hill) {
          expand_odds(odds[j], load(&lane.r[at]), bell);
          inside &= is_settled(bell, reach);
        }
        amount += inside ? w.x - low : full ? high - low : all(0);
        returned += inside ? w.returned
                    : full ? load(&lane.at_high[at])
                           : (none ? load(&lane.at_low[at]) : all(0));
        if constexpr (kFamily == Family::hill) {
          for (std::size_t k = 0; k < kTerms; ++k) bell[k] = inside ? bell[k] : all(0);
        }
        add_terms<kFamily>(lane, at, inside ? scale_of<kFamily>(lane, at, price, w) : all(0), bell,
                           sums);
        const PackBits open = ~(inside | none | full);
        if (!any(open)) continue;
        for (std::size_t k = 0; k < kPack; ++k) {
          if (open[k] != 0 && at + k < lane.channel.size())
            out.open.push_back(static_cast<std::uint32_t>(at + k));
        }
      }
    }
    out.amount += sum(amount);
    out.returned += sum(returned);
    for (std::size_t k = 0; k < kTerms; ++k) all_sums[k] += sum(sums[k]);
  }
  out.rise = finished<kFamily>(all_sums, price.plain);
  out.rise[0] = 0;
  return out;
}

AUTOPILOT_INLINE LaneExpansion expand_by_family(Lane& lane, const LanePrice& price, double reach) {
  switch (lane.family) {
    case Family::logarithm:
      return expand_family<Family::logarithm>(lane, price, reach);
    case Family::exponential:
      return expand_family<Family::exponential>(lane, price, reach);
    case Family::michaelis_menten:
      return expand_family<Family::michaelis_menten>(lane, price, reach);
    case Family::quadratic:
      return expand_family<Family::quadratic>(lane, price, reach);
    case Family::power:
      return expand_family<Family::power>(lane, price, reach);
    default:
      return expand_family<Family::hill>(lane, price, reach);
  }
}
AUTOPILOT_WIDE LaneExpansion expand_wide(Lane& lane, const LanePrice& price, double reach) {
  return expand_by_family(lane, price, reach);
}
LaneExpansion expand_plain(Lane& lane, const LanePrice& price, double reach) {
  return expand_by_family(lane, price, reach);
}

}  // namespace

LaneExpansion expand(Lane& lane, double price, double reach) {
  const LanePrice known = price_for(lane, price);
  lane.last_logarithm = known.logarithm;
  return (has_wide() ? expand_wide : expand_plain)(lane, known, reach);
}

}  // namespace autopilot::optimize
