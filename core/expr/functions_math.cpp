// The math extension: greatest, least, rounding, signs, square root.

#include <cmath>
#include <limits>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

// The extreme of numbers of any types; the first of equals. A list as the only argument stands for
// its items.
Val extreme(Scratch& scratch, Arguments a, const char* name, Order wanted) {
  Arguments numbers = a;
  if (a.size() == 1 && a[0].tag == Tag::list) {
    numbers = {a[0].list->items, a[0].list->size};
    if (numbers.empty()) return fail(scratch, "", Val::of_string(name), " of an empty list");
    if (!scratch.charge(numbers.size() / 16)) return fail_cost(scratch);
  }
  Val best = numbers[0];
  for (const Val& number : numbers) {
    if (!number.is_number()) return Val();
    if (compare(number, best) == wanted) best = number;
  }
  return best;
}

Val greatest(Scratch& scratch, Arguments a) {
  return extreme(scratch, a, "math.greatest", Order::greater);
}
Val least(Scratch& scratch, Arguments a) { return extreme(scratch, a, "math.least", Order::less); }

template <double (*function)(double)>
Val of_real(Scratch&, Arguments a) {
  return Val::of_double(function(a[0].real));
}

double round_up(double x) { return std::ceil(x); }
double round_down(double x) { return std::floor(x); }
double truncate(double x) { return std::trunc(x); }
double round_half_away(double x) { return std::round(x); }
double absolute(double x) { return std::fabs(x); }
double square_root(double x) { return std::sqrt(x); }
double sign_of_real(double x) { return std::isnan(x) ? x : x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

Val absolute_int(Scratch& scratch, Arguments a) {
  if (a[0].integer == std::numeric_limits<std::int64_t>::min())
    return fail_overflow(scratch, "int");
  return Val::of_int(a[0].integer < 0 ? -a[0].integer : a[0].integer);
}

Val same_number(Scratch&, Arguments a) { return a[0]; }
Val sign_of_int(Scratch&, Arguments a) {
  return Val::of_int((a[0].integer > 0) - (a[0].integer < 0));
}
Val sign_of_uint(Scratch&, Arguments a) { return Val::of_uint(a[0].uinteger > 0); }
Val root_of_int(Scratch&, Arguments a) {
  return Val::of_double(std::sqrt(static_cast<double>(a[0].integer)));
}
Val root_of_uint(Scratch&, Arguments a) {
  return Val::of_double(std::sqrt(static_cast<double>(a[0].uinteger)));
}

Val is_nan(Scratch&, Arguments a) { return Val::of_bool(std::isnan(a[0].real)); }
Val is_infinite(Scratch&, Arguments a) { return Val::of_bool(std::isinf(a[0].real)); }
Val is_finite(Scratch&, Arguments a) { return Val::of_bool(std::isfinite(a[0].real)); }

constexpr Tag R = Tag::real, I = Tag::integer, U = Tag::uinteger;
constexpr Style G = Style::global;

constexpr Builtin kMath[] = {
    {"math.greatest", G, kVariadic, {}, greatest},
    {"math.least", G, kVariadic, {}, least},
    {"math.@max", G, kVariadic, {}, greatest},
    {"math.@min", G, kVariadic, {}, least},
    {"math.ceil", G, 1, {R}, of_real<round_up>},
    {"math.floor", G, 1, {R}, of_real<round_down>},
    {"math.trunc", G, 1, {R}, of_real<truncate>},
    {"math.round", G, 1, {R}, of_real<round_half_away>},
    {"math.abs", G, 1, {R}, of_real<absolute>},
    {"math.abs", G, 1, {I}, absolute_int},
    {"math.abs", G, 1, {U}, same_number},
    {"math.sign", G, 1, {R}, of_real<sign_of_real>},
    {"math.sign", G, 1, {I}, sign_of_int},
    {"math.sign", G, 1, {U}, sign_of_uint},
    {"math.sqrt", G, 1, {R}, of_real<square_root>},
    {"math.sqrt", G, 1, {I}, root_of_int},
    {"math.sqrt", G, 1, {U}, root_of_uint},
    {"math.isNaN", G, 1, {R}, is_nan},
    {"math.isInf", G, 1, {R}, is_infinite},
    {"math.isFinite", G, 1, {R}, is_finite},
};

}  // namespace

std::span<const Builtin> math_functions() { return kMath; }

}  // namespace autopilot::expr
