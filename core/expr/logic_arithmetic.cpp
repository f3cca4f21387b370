// Arithmetic on intervals. Rounding to nearest is monotonic, so the ends of an interval, computed
// like any other number, bound the results exactly; what is turned round is checked by computing it
// forwards again.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/expr/logic.h"

namespace autopilot::expr {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kExact = 9007199254740992.0;  // whole numbers up to 2^53 are doubles

struct Interval {
  double low = -kInfinity, high = kInfinity;
  bool nan = false;
  bool holds(double x) const { return low <= x && x <= high; }
  bool infinite() const { return std::isinf(low) || std::isinf(high); }
};

Interval numbers_of(const Domain& d) { return {d.low, d.high, d.has(kind::nan)}; }

double product(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }
double quotient(double a, double b) { return std::isinf(a) && std::isinf(b) ? 0 : a / b; }

Interval of_corners(const Interval& a, const Interval& b, double (*f)(double, double)) {
  const std::array<double, 4> corners{f(a.low, b.low), f(a.low, b.high), f(a.high, b.low),
                                      f(a.high, b.high)};
  return {*std::min_element(corners.begin(), corners.end()),
          *std::max_element(corners.begin(), corners.end()), false};
}

Interval sum(const Interval& a, const Interval& b) {
  Interval out{a.low + b.low, a.high + b.high, false};
  out.nan =
      (a.high == kInfinity && b.low == -kInfinity) || (a.low == -kInfinity && b.high == kInfinity);
  if (std::isnan(out.low)) out.low = -kInfinity;
  if (std::isnan(out.high)) out.high = kInfinity;
  return out;
}

Interval multiplied(const Interval& a, const Interval& b) {
  Interval out = of_corners(a, b, product);
  out.nan = (a.holds(0) && b.infinite()) || (b.holds(0) && a.infinite());
  return out;
}

Interval divided(const Interval& a, const Interval& b) {
  if (b.holds(0)) return {-kInfinity, kInfinity, a.holds(0) || (a.infinite() && b.infinite())};
  Interval out = of_corners(a, b, quotient);
  out.nan = a.infinite() && b.infinite();
  if (out.nan) return {-kInfinity, kInfinity, true};
  return out;
}

Interval absolute_of(const Interval& a) {
  const double far = std::max(std::fabs(a.low), std::fabs(a.high));
  return {a.holds(0) ? 0 : std::min(std::fabs(a.low), std::fabs(a.high)), far, false};
}

Interval compute(Arithmetic op, const Interval& a, const Interval& b) {
  switch (op) {
    case Arithmetic::add:
      return sum(a, b);
    case Arithmetic::subtract:
      return sum(a, {-b.high, -b.low, b.nan});
    case Arithmetic::multiply:
      return multiplied(a, b);
    case Arithmetic::divide:
      return divided(a, b);
    case Arithmetic::negate:
      return {-a.high, -a.low, false};
    case Arithmetic::absolute:
      return absolute_of(a);
    case Arithmetic::greatest:
    case Arithmetic::least:
    case Arithmetic::none:
      break;
  }
  if (op == Arithmetic::greatest && !a.nan && !b.nan)
    return {std::max(a.low, b.low), std::max(a.high, b.high), false};
  if (op == Arithmetic::least && !a.nan && !b.nan)
    return {std::min(a.low, b.low), std::min(a.high, b.high), false};
  return {std::min(a.low, b.low), std::max(a.high, b.high), false};
}

bool is_unary(Arithmetic op) { return op == Arithmetic::negate || op == Arithmetic::absolute; }
bool mixes_types(Arithmetic op) { return op == Arithmetic::greatest || op == Arithmetic::least; }

// The kinds of values, beside numbers, that + and - also take: two of a kind, or times and
// durations.
Kinds other_results(Arithmetic op, Kinds a, Kinds b) {
  Kinds out = 0;
  const Kinds both = a & b;
  if (op == Arithmetic::add)
    out |= both & (kind::string | kind::bytes | kind::list | kind::duration);
  if (op == Arithmetic::subtract) out |= both & kind::duration;
  if (op == Arithmetic::subtract && (both & kind::timestamp) != 0) out |= kind::duration;
  const Kinds times = kind::timestamp | kind::duration;
  if ((op == Arithmetic::add || op == Arithmetic::subtract) && (a & times) != 0 && (b & times) != 0)
    out |= kind::timestamp;
  return out;
}

Kinds results(Arithmetic op, Kinds a, Kinds b) {
  const Kinds reals = kind::real | kind::nan;
  if (is_unary(op)) b = a;
  if (mixes_types(op)) {
    const Kinds numbers = kind::numbers | kind::nan;
    return static_cast<Kinds>(((a | b) & numbers) | (((a | b) & ~numbers) != 0 ? kind::error : 0));
  }
  Kinds out = is_unary(op) ? Kinds{0} : other_results(op, a, b);
  if ((a & reals) != 0 && (b & reals) != 0) out |= reals;
  out |= static_cast<Kinds>(a & b & (kind::integer | kind::uinteger));
  const bool sound =
      (a & ~reals) == 0 && (b & ~reals) == 0;  // anything else may overflow, or not go together
  return static_cast<Kinds>(out | (sound ? 0 : kind::error));
}

// x op c or c op x, for one constant.
struct Line {
  Arithmetic op;
  double constant;
  bool constant_first;

  double at(double x) const {
    const double a = constant_first ? constant : x, b = constant_first ? x : constant;
    switch (op) {
      case Arithmetic::add:
        return a + b;
      case Arithmetic::subtract:
        return a - b;
      case Arithmetic::multiply:
        return a * b;
      default:
        return a / b;
    }
  }
  double guess(double y) const {
    switch (op) {
      case Arithmetic::add:
        return y - constant;
      case Arithmetic::subtract:
        return constant_first ? constant - y : y + constant;
      case Arithmetic::multiply:
        return y / constant;
      default:
        return y * constant;
    }
  }
  bool is_monotonic() const {
    if (!std::isfinite(constant)) return false;
    const bool scales = op == Arithmetic::multiply || op == Arithmetic::divide;
    return !scales || (constant != 0 && !(op == Arithmetic::divide && constant_first));
  }
  bool rises() const {
    if (op == Arithmetic::subtract) return !constant_first;
    return op == Arithmetic::add || constant > 0;
  }
};

// A bound of x such that everything beyond it, towards `side`, has at() beyond `end`; `side` when
// none is found.
double turned_round(const Line& line, double end, double side) {
  const bool upper = (side > 0) == line.rises();  // at() is above `end` beyond the bound
  double bound = line.guess(end);
  for (int i = 0; i < 4 && std::isfinite(bound); ++i) {
    const double beyond = std::nextafter(bound, side);
    const double there = line.at(beyond);
    if (upper ? there > end : there < end) return bound;
    bound = std::nextafter(beyond, side);
  }
  return side;
}

bool narrow_line(const Line& line, const Domain& result, Domain& x) {
  if (!line.is_monotonic() || !result.only(kind::real) || !x.only(kind::real)) return false;
  const double above = line.rises() ? result.high : result.low;
  const double below = line.rises() ? result.low : result.high;
  const double high = std::isfinite(above) ? turned_round(line, above, kInfinity) : kInfinity;
  const double low = std::isfinite(below) ? turned_round(line, below, -kInfinity) : -kInfinity;
  return x.keep_interval(low, high);
}

}  // namespace

Domain computed(Arithmetic op, const Domain& a, const Domain& b) {
  Domain out = Domain::of(results(op, a.kinds, b.kinds));
  if (!out.has(kind::numbers)) return out;
  const Interval range = compute(op, numbers_of(a), numbers_of(b));
  const bool operand_nan = a.has(kind::nan) || b.has(kind::nan);
  const bool numbers = a.has(kind::real) && b.has(kind::real);
  if (!operand_nan && !(numbers && range.nan)) out.kinds &= static_cast<Kinds>(~kind::nan);
  const bool exact = !out.has(kind::integer | kind::uinteger) ||
                     (op != Arithmetic::divide && range.low >= -kExact && range.high <= kExact);
  if (exact && a.has(kind::numbers) && (is_unary(op) || b.has(kind::numbers))) {
    out.low = range.low;
    out.high = range.high;
  }
  out.settle();
  return out;
}

bool narrow_operands(Arithmetic op, const Domain& result, Domain& a, Domain& b) {
  bool changed = false;
  const auto keep = [&](Kinds kinds) {
    changed |= a.keep(kinds);
    if (!is_unary(op)) changed |= b.keep(kinds);
  };
  if (!result.has(kind::error)) keep(static_cast<Kinds>(~kind::error));
  if (result.only(kind::real | kind::nan) && !mixes_types(op)) keep(kind::real | kind::nan);
  if (is_unary(op)) {
    if (op == Arithmetic::absolute && result.only(kind::real) && a.only(kind::real))
      changed |= a.keep_interval(-result.high, result.high);
    if (op == Arithmetic::negate && result.only(kind::real) && a.only(kind::real))
      changed |= a.keep_interval(-result.high, -result.low);
    return changed;
  }
  if (mixes_types(op)) return changed;
  if (const auto c = b.only_number()) changed |= narrow_line({op, *c, false}, result, a);
  if (const auto c = a.only_number()) changed |= narrow_line({op, *c, true}, result, b);
  return changed;
}

}  // namespace autopilot::expr
