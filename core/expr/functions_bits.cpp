// The math extension's bit operations.

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val with_bits(const Val& like, std::uint64_t bits) {
  Val result = like;
  result.uinteger = bits;
  return result;
}

Val bit_and(Scratch&, Arguments a) { return with_bits(a[0], a[0].uinteger & a[1].uinteger); }
Val bit_or(Scratch&, Arguments a) { return with_bits(a[0], a[0].uinteger | a[1].uinteger); }
Val bit_xor(Scratch&, Arguments a) { return with_bits(a[0], a[0].uinteger ^ a[1].uinteger); }
Val bit_not(Scratch&, Arguments a) { return with_bits(a[0], ~a[0].uinteger); }

// Shifts move bits, the sign among them: -1 >> 1 is the greatest int. 64 and more give 0.
Val shift(Scratch& scratch, Arguments a, bool left) {
  const std::int64_t distance = a[1].integer;
  if (distance < 0) return fail(scratch, "negative shift: ", a[1]);
  if (distance > 63) return with_bits(a[0], 0);
  return with_bits(a[0], left ? a[0].uinteger << distance : a[0].uinteger >> distance);
}

Val shift_left(Scratch& scratch, Arguments a) { return shift(scratch, a, true); }
Val shift_right(Scratch& scratch, Arguments a) { return shift(scratch, a, false); }

constexpr Tag I = Tag::integer, U = Tag::uinteger;
constexpr Style G = Style::global;

constexpr Builtin kBits[] = {
    {"math.bitAnd", G, 2, {I, I}, bit_and},
    {"math.bitAnd", G, 2, {U, U}, bit_and},
    {"math.bitOr", G, 2, {I, I}, bit_or},
    {"math.bitOr", G, 2, {U, U}, bit_or},
    {"math.bitXor", G, 2, {I, I}, bit_xor},
    {"math.bitXor", G, 2, {U, U}, bit_xor},
    {"math.bitNot", G, 1, {I}, bit_not},
    {"math.bitNot", G, 1, {U}, bit_not},
    {"math.bitShiftLeft", G, 2, {I, I}, shift_left},
    {"math.bitShiftLeft", G, 2, {U, I}, shift_left},
    {"math.bitShiftRight", G, 2, {I, I}, shift_right},
    {"math.bitShiftRight", G, 2, {U, I}, shift_right},
};

}  // namespace

std::span<const Builtin> bit_functions() { return kBits; }

}  // namespace autopilot::expr
