// What several comparisons say together: a < b and b < c make a < c; 0.3 * y is at most 0.5 * y
// when y is not negative.
#include <algorithm>
#include <cmath>

#include "core/expr/logic_case.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kMostTerms = 10;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Relations composed(Relations ab, Relations bc) {
  if (((ab | bc) & relation::apart) != 0) return relation::any;
  Relations out = 0;
  for (const Relations x : {relation::less, relation::equal, relation::greater}) {
    for (const Relations y : {relation::less, relation::equal, relation::greater}) {
      if ((ab & x) == 0 || (bc & y) == 0) continue;
      if (x == y || y == relation::equal) {
        out |= x;
      } else if (x == relation::equal) {
        out |= y;
      } else {
        out |= relation::less | relation::equal | relation::greater;
      }
    }
  }
  return out;
}

// Comparing is transitive but for whole numbers beyond 2^53 beside doubles.
bool is_transitive(const Domain& d) {
  constexpr double kExact = 9007199254740992.0;
  return !d.has(kind::integer | kind::uinteger) || (d.low >= -kExact && d.high <= kExact);
}

Relations by_ranges(const Domain& a, const Domain& b) {
  if (!a.only(kind::numbers) || !b.only(kind::numbers)) return relation::any;
  Relations out = 0;
  if (a.low < b.high) out |= relation::less;
  if (a.low <= b.high && b.low <= a.high) out |= relation::equal;
  if (a.high > b.low) out |= relation::greater;
  return out;
}

// A term as a function of one other: x, x * c, x / c, x + c or x - c.
struct Scaled {
  TermId base;
  Arithmetic op = Arithmetic::none;
  double constant = 0;
};

Scaled scaled(const Logic& logic, TermId id, Arithmetic wanted) {
  const Term& t = logic.term(id);
  if (t.op == Arithmetic::add || t.op == Arithmetic::multiply || t.op == Arithmetic::subtract ||
      t.op == Arithmetic::divide) {
    const auto second = logic.term(t.b).domain.only_number();
    if (second && t.op == wanted && logic.term(t.b).domain.only(kind::real))
      return {t.a, t.op, *second};
    const auto first = logic.term(t.a).domain.only_number();
    const bool commutes = t.op == Arithmetic::add || t.op == Arithmetic::multiply;
    if (first && commutes && t.op == wanted && logic.term(t.a).domain.only(kind::real))
      return {t.b, t.op, *first};
  }
  const bool scales = wanted == Arithmetic::multiply || wanted == Arithmetic::divide;
  return {id, wanted, scales ? 1.0 : 0.0};
}

Relations at_most() { return relation::less | relation::equal; }
Relations at_least() { return relation::greater | relation::equal; }

// Of x op p to x op q.
Relations of_constants(Arithmetic op, double p, double q, const Domain& x) {
  if (!std::isfinite(p) || !std::isfinite(q) || !x.only(kind::real)) return relation::any;
  if (p == q) return relation::equal;
  bool rises = op != Arithmetic::subtract && op != Arithmetic::divide;
  if (op == Arithmetic::multiply || op == Arithmetic::divide) {
    if (op == Arithmetic::divide && (p <= 0 || q <= 0)) return relation::any;
    if (x.low < 0 && x.high > 0) return relation::any;
    if (x.high <= 0) rises = !rises;
  }
  return (p < q) == rises ? at_most() : at_least();
}

}  // namespace

// What the terms' own form says of how they compare.
Relations Case::structural(TermId a, TermId b) {
  Relations out = relation::any;
  for (const Arithmetic op :
       {Arithmetic::multiply, Arithmetic::add, Arithmetic::subtract, Arithmetic::divide}) {
    const Scaled first = scaled(*logic_, a, op), second = scaled(*logic_, b, op);
    if (first.base != second.base) continue;
    if (!domain(a).only(kind::real) || !domain(b).only(kind::real)) continue;
    out &= of_constants(op, first.constant, second.constant, domain(first.base));
  }
  return out;
}

bool Case::orders_close() {
  if (orders_.size() < 2) return true;
  std::vector<TermId> terms;
  for (const Order& o : orders_) {
    for (const TermId t : {o.a, o.b}) {
      if (is_transitive(domain(t)) && std::find(terms.begin(), terms.end(), t) == terms.end())
        terms.push_back(t);
    }
  }
  const std::size_t n = terms.size();
  if (n > kMostTerms) return true;
  std::vector<Relations> between(n * n, relation::any);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      Relations& r = between[i * n + j];
      r &= by_ranges(domain(terms[i]), domain(terms[j]));
      r &= structural(terms[i], terms[j]);
      for (const Order& o : orders_) {
        if (o.a == terms[i] && o.b == terms[j]) r &= o.relations;
        if (o.b == terms[i] && o.a == terms[j]) r &= mirrored(o.relations);
      }
      if (r == 0) return false;
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j || j == k || i == k) continue;
        between[i * n + j] &= composed(between[i * n + k], between[k * n + j]);
        if (between[i * n + j] == 0) return false;
      }
    }
  }
  return true;
}

}  // namespace autopilot::expr
