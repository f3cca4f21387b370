#pragma once
// What a pack of parts wants at a price, by family: what looks (lanes_look.cpp) and expansions
// (lanes_expand.cpp) are made of. For these two alone.

#include <cmath>

#include "core/optimize/lanes.h"
#include "core/optimize/pack.h"

namespace autopilot::optimize {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kHair = 1e-5;         // a move whose cube is no matter
inline constexpr double kMostBent = 0.1;      // of a move: by how much its second term may bend it
inline constexpr double kNearlyThere = 1e-5;  // a last step whose cube is no matter

inline constexpr double kTwoLogsOfTwo = 1.3862943611198906;

struct LanePrice {
  double plain, inverse, inverse_root, logarithm;
  double moved;  // its logarithm, since the last look
  bool is_far;   // that is too much for two terms
};

// What a pack of parts wants, before bounds; how fast that falls; what it returns.
struct Wanted {
  Pack x, fall, returned;
};

// Solves k z - 2 ln(1 + e^z) = target, k = (s - 1)/s, on the falling side: Newton's steps from the
// right of the root come no further than it, Halley's correction triples the digits.
struct Odds {
  Pack sigma, bell;  // σ and σ (1 - σ)
};
AUTOPILOT_INLINE Pack cold_start(Pack k, Pack target) {
  const Pack far = target / (k - 2.0), near = target / (k < 0.0 ? k : all(-1.0));
  const Pack start = target < -kTwoLogsOfTwo ? far : all(0.0);
  return ((target > 0.0) & (k < 0.0)) ? near : start;
}
// Both after z moved by `off`: to its third power.
AUTOPILOT_INLINE void move_odds(Pack sigma, Pack bell, Pack off, Odds& out) {
  const Pack skew = 1.0 - 2.0 * sigma;
  out.sigma = sigma + bell * off * (1.0 + 0.5 * skew * off);
  out.bell = bell * (1.0 + off * (skew + 0.5 * (1.0 - 6.0 * bell) * off));
}
// One step of it; where more are needed.
AUTOPILOT_INLINE PackBits step_hill(Pack& z, Pack k, Pack target, Odds& out) {
  const Pack t = exp_of(-absolute(z)), one = 1.0 + t, inverse = 1.0 / one;
  const Pack sigma = (z > 0.0 ? all(1.0) : t) * inverse;
  const Pack bell = t * inverse * inverse;
  const Pack off = (k * z - target) - 2.0 * (most(z, all(0.0)) + log_of(one));
  const Pack steepness = 1.0 / (k - 2.0 * sigma);
  const Pack step = -off * steepness;
  const Pack bend = -step * bell * steepness;  // half of step by second over first derivative
  const Pack whole = absolute(bend) < 0.25 ? step * (1.0 - bend + bend * bend) : step;
  z += whole;
  move_odds(sigma, bell, whole, out);
  const Pack size = most(all(1.0), absolute(z));
  return ((absolute(whole) > kNearlyThere * size) | (absolute(bend) > 1e-3)) &
         (absolute(whole) > 1e-13 * size);
}
// Two packs at once: each waits for its own results most of the time. From where they were, along
// what is known of their course; where the price hardly moved, that is all of it.
AUTOPILOT_INLINE void solve_hills(Lane& lane, std::size_t i, const LanePrice& price, Odds* out) {
  Pack z[kTogether], k[kTogether], target[kTogether];
  PackBits open = reinterpret_cast<PackBits>(all(0.0));
#pragma GCC unroll 2
  for (std::size_t j = 0; j < kTogether; ++j) {
    const std::size_t at = i + j * kPack;
    k[j] = load(&lane.r[at]);
    const Pack sigma = load(&lane.sigma[at]), bell = load(&lane.bell[at]);
    const Pack rate = 1.0 / (k[j] - 2.0 * sigma);
    const Pack bent = price.moved * bell * rate * rate;
    const Pack off = price.moved * rate * (1.0 + bent);
    // What is near its turn could be led to the rising side.
    z[j] = absolute(bent) < kMostBent ? load(&lane.warm[at]) + off : all(kNone);
    open |= z[j] != z[j];
    move_odds(sigma, bell, off, out[j]);
  }
  if (price.is_far || any(open)) {
#pragma GCC unroll 2
    for (std::size_t j = 0; j < kTogether; ++j) {
      const std::size_t at = i + j * kPack;
      const Pack wish = price.logarithm - load(&lane.t[at]), turn = load(&lane.turn[at]);
      target[j] = wish < turn ? wish : turn - 1.0;
      z[j] = z[j] == z[j] ? z[j] : cold_start(k[j], target[j]);
    }
    for (int round = 0; round < 100; ++round) {
      const PackBits a = step_hill(z[0], k[0], target[0], out[0]);
      const PackBits b = step_hill(z[1], k[1], target[1], out[1]);
      if (!any(a | b)) break;
    }
  }
#pragma GCC unroll 2
  for (std::size_t j = 0; j < kTogether; ++j) {
    const std::size_t at = i + j * kPack;
    // What is wanted by none has no course to follow.
    const PackBits some = price.logarithm - load(&lane.t[at]) < load(&lane.turn[at]);
    store(&lane.warm[at], some ? z[j] : all(kNone));
    store(&lane.sigma[at], out[j].sigma);
    store(&lane.bell[at], out[j].bell);
  }
}

template <Family kFamily, bool kReturns>
AUTOPILOT_INLINE Wanted wanted(Lane& lane, std::size_t i, const LanePrice& price,
                               const Odds& odds) {
  const Pack p = load(&lane.p[i]), q = load(&lane.q[i]);
  Wanted out{};
  if constexpr (kFamily == Family::logarithm) {
    const Pack x = p * price.inverse;
    out.x = x - q;
    out.fall = x * price.inverse;
    if constexpr (kReturns) out.returned = p * log1p_of(most(out.x, all(0.0)) / q);
  } else if constexpr (kFamily == Family::exponential) {
    out.x = q - p * price.logarithm;
    out.fall = p * price.inverse;
    if constexpr (kReturns)
      out.returned = -load(&lane.size[i]) * expm1_of(out.x * load(&lane.r[i]));
  } else if constexpr (kFamily == Family::michaelis_menten) {
    const Pack x = p * price.inverse_root;
    out.x = x - q;
    out.fall = x * (price.inverse / 2);
    if constexpr (kReturns) out.returned = p * out.x * p / (x * q);
  } else if constexpr (kFamily == Family::quadratic) {
    const Pack r = load(&lane.r[i]);
    out.x = (p - price.plain) / r;
    out.fall = 1.0 / r;
    if constexpr (kReturns) out.returned = out.x * (p - 0.5 * r * out.x);
  } else if constexpr (kFamily == Family::power) {
    const Pack r = load(&lane.r[i]);
    const Pack x = exp_of((p - price.logarithm) * r);
    out.x = x - q;
    out.fall = x * r * price.inverse;
    if constexpr (kReturns) out.returned = x * price.plain * r / (r - 1.0) - load(&lane.offset[i]);
  } else {
    const PackBits some = price.logarithm - load(&lane.t[i]) < load(&lane.turn[i]);
    const Pack x = p * odds.bell * price.inverse;
    out.x = some ? x - q : all(-kInfinity);
    const Pack k = load(&lane.r[i]);
    out.fall = x * price.inverse * (k - 1.0) / (k - 2.0 * odds.sigma);
    if constexpr (kReturns) out.returned = load(&lane.size[i]) * odds.sigma - load(&lane.offset[i]);
  }
  return out;
}

// `lane.last_logarithm` is that of the last price that its Hill parts know.
inline LanePrice price_for(const Lane& lane, double price) {
  const double at = price + lane.shift;
  const double logarithm = at > 0 ? std::log(at) : 0;
  const double moved = logarithm - lane.last_logarithm;
  return {at, 1 / at, at > 0 ? 1 / std::sqrt(at) : 0, logarithm, moved, std::abs(moved) > kHair};
}

}  // namespace autopilot::optimize
