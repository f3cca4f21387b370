#pragma once
// Four numbers at a time, with exp and log of them to an ulp or two. Unlike those of the C library
// they are a few plain operations without branches, so that loops over a million channels take
// vectors, and give the same bits on every machine. Inlined into functions that are compiled for
// what the machine has (kernels in lanes.cpp and values.cpp); no FMA, which would change bits.

#include <cstdint>
#include <cstring>

namespace autopilot::optimize {

#define AUTOPILOT_INLINE [[gnu::always_inline]] inline

using Pack = double __attribute__((vector_size(32)));
using PackBits = std::int64_t __attribute__((vector_size(32)));
using PackWord = std::uint64_t __attribute__((vector_size(32)));

AUTOPILOT_INLINE Pack load(const double* from) {
  Pack out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
AUTOPILOT_INLINE void store(double* to, Pack value) { std::memcpy(to, &value, sizeof value); }
AUTOPILOT_INLINE Pack all(double value) { return Pack{value, value, value, value}; }
AUTOPILOT_INLINE double sum(Pack v) { return (v[0] + v[1]) + (v[2] + v[3]); }
AUTOPILOT_INLINE bool any(PackBits mask) { return (mask[0] | mask[1] | mask[2] | mask[3]) != 0; }
AUTOPILOT_INLINE Pack absolute(Pack v) {
  return reinterpret_cast<Pack>(reinterpret_cast<PackBits>(v) & std::int64_t{0x7fffffffffffffff});
}
AUTOPILOT_INLINE Pack least(Pack a, Pack b) { return a < b ? a : b; }
AUTOPILOT_INLINE Pack most(Pack a, Pack b) { return a > b ? a : b; }

// x = k ln 2 + r with |r| <= ln 2 / 2: e^r - 1 by its series, and 2^k.
AUTOPILOT_INLINE void reduce(Pack x, Pack& less_one, Pack& power) {
  constexpr double kRounder = 0x1.8p52;
  const Pack inside = most(least(x, all(709.0)), all(-708.0));
  const Pack shifted = inside * 0x1.71547652b82fep+0 + kRounder;
  const Pack k = shifted - kRounder;
  const Pack r = (inside - k * 0x1.62e42fefa0000p-1) - k * 0x1.cf79abc9e3b39p-40;
  // Even and odd terms side by side: half of the wait.
  const Pack z = r * r;
  Pack odd = all(1.0 / 6227020800.0), even = all(1.0 / 479001600.0);
  odd = odd * z + 1.0 / 39916800.0;
  even = even * z + 1.0 / 3628800.0;
  odd = odd * z + 1.0 / 362880.0;
  even = even * z + 1.0 / 40320.0;
  odd = odd * z + 1.0 / 5040.0;
  even = even * z + 1.0 / 720.0;
  odd = odd * z + 1.0 / 120.0;
  even = even * z + 1.0 / 24.0;
  odd = odd * z + 1.0 / 6.0;
  even = even * z + 0.5;
  const Pack p = odd * r + even;
  less_one = r + z * p;
  const PackBits bits = reinterpret_cast<PackBits>(shifted) << 52;
  power = reinterpret_cast<Pack>(bits + reinterpret_cast<PackBits>(all(1.0)));
}

AUTOPILOT_INLINE Pack exp_of(Pack x) {
  Pack less_one, power;
  reduce(x, less_one, power);
  const Pack inside = power + power * less_one;
  return x < -708.0 ? all(0.0) : x > 709.0 ? all(__builtin_inf()) : inside;
}
// Above 709 that of 709.
AUTOPILOT_INLINE Pack expm1_of(Pack x) {
  Pack less_one, power;
  reduce(x, less_one, power);
  return (power - 1.0) + power * less_one;
}

// x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)). `extra` is what x
// is short of the number that is meant.
AUTOPILOT_INLINE Pack log_with(Pack x, Pack extra) {
  constexpr std::int64_t kRoot = 0x3fe6a09e667f3bcd, kExponents = -0x10000000000000;
  const PackBits bits = reinterpret_cast<PackBits>(x);
  const PackBits exponent = (bits - kRoot) & kExponents;
  const Pack m = reinterpret_cast<Pack>(bits - exponent);
  const Pack scale = reinterpret_cast<Pack>(reinterpret_cast<PackBits>(all(1.0)) - exponent);
  // The exponent as a number, exactly: 2^52 plus it, less 2^52.
  const auto whole = (reinterpret_cast<PackWord>(exponent) + (std::uint64_t{2048} << 52)) >> 52;
  const Pack k =
      reinterpret_cast<Pack>(whole | std::uint64_t{0x4330000000000000}) - (0x1p52 + 2048);
  const Pack over = (m - 1.0) + extra * scale;
  const Pack s = over / (2.0 + over), z = s * s, y = z * z;
  // Even and odd terms side by side: half of the wait.
  Pack odd = all(2.0 / 23), even = all(2.0 / 21);
  odd = odd * y + 2.0 / 19;
  even = even * y + 2.0 / 17;
  odd = odd * y + 2.0 / 15;
  even = even * y + 2.0 / 13;
  odd = odd * y + 2.0 / 11;
  even = even * y + 2.0 / 9;
  odd = odd * y + 2.0 / 7;
  even = even * y + 2.0 / 5;
  const Pack p = z * (odd * z + even) + 2.0 / 3;
  const Pack small = k * 0x1.cf79abc9e3b39p-40 + s * z * p;
  return k * 0x1.62e42fefa0000p-1 + (2.0 * s + small);
}
// REQUIRES normal numbers above 0.
AUTOPILOT_INLINE Pack log_of(Pack x) { return log_with(x, all(0.0)); }
// REQUIRES x >= 0. What 1 + x rounds away is put back.
AUTOPILOT_INLINE Pack log1p_of(Pack x) {
  const Pack u = 1.0 + x;
  return log_with(u, x < 1.0 ? x - (u - 1.0) : 1.0 - (u - x));
}

// Calls `kernel` compiled for AVX2 where the machine has it; the bits are the same.
#if defined(__x86_64__)
#define AUTOPILOT_WIDE [[gnu::target("avx2")]]
inline bool has_wide() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#else
#define AUTOPILOT_WIDE
inline bool has_wide() { return false; }
#endif

}  // namespace autopilot::optimize
