#include "core/optimize/lanes.h"

#include <algorithm>
#include <cmath>

#include "core/optimize/pack.h"

namespace autopilot::optimize {
namespace {

constexpr std::size_t kPack = 4;
constexpr std::size_t kTogether = 2;  // packs
constexpr std::size_t kSummed = 512;  // on their own, so that rounding does not grow
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kHair = 1e-5;         // a move whose cube is no matter
constexpr double kNearlyThere = 1e-5;  // a last step whose cube is no matter

const double kTwoLogsOfTwo = 2 * std::log(2.0);

// ln(1 + e^z)
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

struct Price {
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
AUTOPILOT_INLINE void solve_hills(Lane& lane, std::size_t i, const Price& price, Odds* out) {
  Pack z[kTogether], k[kTogether], target[kTogether];
  PackBits open = reinterpret_cast<PackBits>(all(0.0));
#pragma GCC unroll 2
  for (std::size_t j = 0; j < kTogether; ++j) {
    const std::size_t at = i + j * kPack;
    k[j] = load(&lane.r[at]);
    const Pack sigma = load(&lane.sigma[at]), bell = load(&lane.bell[at]);
    const Pack rate = 1.0 / (k[j] - 2.0 * sigma);
    const Pack off = price.moved * rate * (1.0 + price.moved * bell * rate * rate);
    z[j] = load(&lane.warm[at]) + off;
    open |= z[j] != z[j];
    move_odds(sigma, bell, off, out[j]);
  }
  if (price.is_far || any(open)) {
#pragma GCC unroll 2
    for (std::size_t j = 0; j < kTogether; ++j) {
      const std::size_t at = i + j * kPack;
      const Pack wish = price.logarithm - load(&lane.t[at]), turn = load(&lane.turn[at]);
      target[j] = wish < turn ? wish : turn - 1.0;
      // Left of where the curve turns concave, Newton would go to the convex part's root.
      const Pack t = exp_of(-absolute(z[j]));
      const Pack sigma = (z[j] > 0.0 ? all(1.0) : t) / (1.0 + t);
      const PackBits right = (z[j] == z[j]) & (k[j] < 2.0 * sigma);
      z[j] = right ? z[j] : cold_start(k[j], target[j]);
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
AUTOPILOT_INLINE Wanted wanted(Lane& lane, std::size_t i, const Price& price, const Odds& odds) {
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

template <Family kFamily, bool kReturns>
AUTOPILOT_INLINE LaneSums run(Lane& lane, const Price& price, double* amounts, double* falls) {
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
AUTOPILOT_INLINE LaneSums by_family(Lane& lane, const Price& price, double* amounts,
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
AUTOPILOT_WIDE LaneSums look_wide(Lane& lane, const Price& price, double* amounts, double* falls) {
  return by_family<kReturns>(lane, price, amounts, falls);
}
template <bool kReturns>
LaneSums look_plain(Lane& lane, const Price& price, double* amounts, double* falls) {
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

void Lane::add(const Curve& c, double from, double to, double penalty, std::uint32_t of,
               bool with_returns) {
  low.push_back(from);
  high.push_back(to);
  channel.push_back(of);
  switch (family) {
    case Family::logarithm:
      p.push_back(c.a);
      q.push_back(c.b + c.carry);
      break;
    case Family::exponential:
      p.push_back(c.b);
      q.push_back(c.b * std::log(c.a / c.b) - c.carry);
      r.push_back(-1 / c.b);
      break;
    case Family::michaelis_menten:
      p.push_back(std::sqrt(c.a * c.b));
      q.push_back(c.b + c.carry);
      break;
    case Family::quadratic:
      r.push_back((c.family == Family::linear ? 0 : c.b) + penalty);
      p.push_back(c.family == Family::linear ? c.a : c.a - c.b * c.carry);
      q.push_back(0);
      break;
    case Family::power:
      p.push_back(std::log(c.a * c.s));
      q.push_back(c.carry);
      r.push_back(1 / (1 - c.s));
      break;
    default: {
      p.push_back(c.a * c.s);
      q.push_back(c.carry);
      r.push_back((c.s - 1) / c.s);
      t.push_back(std::log(c.a * c.s / c.b));
      warm.push_back(std::nan(""));
      sigma.push_back(0.5);
      bell.push_back(0.25);
      const double at = c.s > 1 ? std::log((c.s - 1) / (c.s + 1)) : 0;
      turn.push_back(c.s > 1 ? r.back() * at - 2 * softplus(at) : kInfinity);
    }
  }
  if (!with_returns) return;
  at_low.push_back(from == 0 ? 0 : value_at(c, from));
  at_high.push_back(value_at(c, to));
  if (family == Family::exponential) size.push_back(c.a * std::exp(-c.carry / c.b));
  if (family == Family::hill) size.push_back(c.a);
  if (family != Family::hill && family != Family::power) return;
  Curve plain = c;
  plain.carry = 0;
  offset.push_back(c.carry == 0 ? 0 : value_at(plain, c.carry));
}

void Lane::reserve(std::size_t parts) {
  for (std::vector<double>* list : {&low, &high, &p, &q}) list->reserve(parts);
  channel.reserve(parts);
  const bool hill = family == Family::hill;
  if (hill || family == Family::power || family == Family::exponential) r.reserve(parts);
  if (!hill) return;
  for (std::vector<double>* list : {&t, &warm, &turn, &sigma, &bell}) list->reserve(parts);
}

void Lane::finish() {
  const std::size_t n =
      (low.size() + kPack * kTogether - 1) / (kPack * kTogether) * (kPack * kTogether);
  low.resize(n, 0);
  high.resize(n, 0);
  for (std::vector<double>* list : {&p, &q, &r, &t, &warm, &size}) {
    if (!list->empty()) list->resize(n, 1);
  }
  // A Hill curve of shape 1/2, a power curve of exponent 1/2.
  if (family == Family::hill)
    std::fill(r.begin() + static_cast<std::ptrdiff_t>(channel.size()), r.end(), -1);
  if (family == Family::power)
    std::fill(r.begin() + static_cast<std::ptrdiff_t>(channel.size()), r.end(), 2);
  if (!turn.empty()) turn.resize(n, kInfinity);
  for (std::vector<double>* list : {&at_low, &at_high, &offset, &sigma, &bell}) {
    if (!list->empty()) list->resize(n, 0);
  }
}

double Lane::slope_at_end(std::size_t i, bool at_high_end) const {
  const double x = at_high_end ? high[i] : low[i];
  if (std::isinf(x)) return 0;
  switch (family) {
    case Family::logarithm:
      return p[i] / (x + q[i]);
    case Family::exponential:
      return std::exp((q[i] - x) / p[i]);
    case Family::michaelis_menten:
      return (p[i] / (x + q[i])) * (p[i] / (x + q[i]));
    case Family::quadratic:
      return p[i] - r[i] * x;
    case Family::power:
      return std::exp(p[i] - std::log(x + q[i]) / r[i]);
    default: {
      const double s = 1 / (1 - r[i]), scale = p[i] / std::exp(t[i]);
      if (x + q[i] <= 0) return s < 1 ? kInfinity : 0;
      const double w = std::log((x + q[i]) / scale);
      return std::exp(t[i] + (s - 1) * w - 2 * softplus(s * w));
    }
  }
}

Lane Lane::sample(std::size_t every) const {
  Lane out;
  out.family = family;
  out.shift = shift;
  for (std::size_t i = every / 2; i < channel.size(); i += every) {
    out.low.push_back(low[i]);
    out.high.push_back(high[i]);
    out.channel.push_back(channel[i]);
    out.p.push_back(p[i]);
    out.q.push_back(q[i]);
    if (!r.empty()) out.r.push_back(r[i]);
    if (!t.empty()) out.t.push_back(t[i]);
    if (!turn.empty()) out.turn.push_back(turn[i]);
    if (warm.empty()) continue;
    out.warm.push_back(std::nan(""));
    out.sigma.push_back(0.5);
    out.bell.push_back(0.25);
  }
  out.finish();
  return out;
}

LaneSums look_at(Lane& lane, double price, bool with_returns, double* amounts, double* falls) {
  const double at = price + lane.shift;
  if (!(at > 0) && lane.family != Family::quadratic) return all_of(lane, amounts, falls);
  const double logarithm = at > 0 ? std::log(at) : 0;
  const double moved = logarithm - lane.last_logarithm;
  const Price known{at,        1 / at, at > 0 ? 1 / std::sqrt(at) : 0,
                    logarithm, moved,  std::abs(moved) > kHair};
  lane.last_logarithm = logarithm;
  if (with_returns)
    return (has_wide() ? look_wide<true> : look_plain<true>)(lane, known, amounts, falls);
  return (has_wide() ? look_wide<false> : look_plain<false>)(lane, known, amounts, falls);
}

}  // namespace autopilot::optimize
