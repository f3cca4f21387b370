#include "core/expr/logic_case.h"

#include <algorithm>
#include <cmath>

namespace autopilot::expr {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMostRounds = 8;

constexpr Kinds kOrderedClasses[] = {static_cast<Kinds>(kind::numbers | kind::nan),
                                     kind::string,
                                     kind::bytes,
                                     kind::boolean,
                                     kind::timestamp,
                                     kind::duration};

// The kinds that a value may have when it stands in `relations` to one of `other`.
Kinds comparable(Kinds other, Relations relations) {
  if ((relations & relation::apart) != 0) return kind::everything;
  Kinds out =
      (relations & relation::equal) != 0 ? static_cast<Kinds>(other & ~kind::error) : Kinds{0};
  for (const Kinds some : kOrderedClasses) {
    if ((other & some) != 0) out |= some;
  }
  return static_cast<Kinds>(out & ~kind::nan);
}

// Whole numbers beyond 2^53 may differ and be the same double.
bool may_round(const Domain& a, const Domain& b) {
  constexpr double kExact = 9007199254740992.0;
  const Kinds whole = kind::integer | kind::uinteger;
  return a.has(whole) && b.has(whole) &&
         !(std::max(a.low, b.low) >= -kExact && std::min(a.high, b.high) <= kExact);
}

}  // namespace

Domain& Case::known(TermId term) {
  for (Known& k : known_) {
    if (k.term == term) return k.domain;
  }
  const Term& t = logic_->term(term);
  known_.push_back({term, t.domain});
  if (t.a != kNoTerm) known(t.a);
  if (t.b != kNoTerm) known(t.b);
  return known(term);
}

const Domain& Case::domain(TermId term) { return known(term); }

std::vector<std::pair<TermId, Domain>> Case::take_domains() {
  std::vector<std::pair<TermId, Domain>> out;
  for (Known& k : known_) out.emplace_back(k.term, std::move(k.domain));
  return out;
}

void Case::add(const Formula& leaf) {
  if (leaf.kind == Formula::Kind::order) return relate(leaf.a, leaf.b, leaf.relations);
  Domain& d = known(leaf.a);
  d.meet(leaf.domain);
  failed_ |= d.empty();
}

void Case::relate(TermId a, TermId b, Relations relations) {
  known(a).keep(static_cast<Kinds>(~kind::error));
  known(b).keep(static_cast<Kinds>(~kind::error));
  if (b < a) {
    std::swap(a, b);
    relations = mirrored(relations);
  }
  for (Order& o : orders_) {
    if (o.a != a || o.b != b) continue;
    o.relations &= relations;
    failed_ |= o.relations == 0;
    return;
  }
  orders_.push_back({a, b, relations});
}

bool Case::contradicts() const {
  return failed_ ||
         std::any_of(known_.begin(), known_.end(), [](const Known& k) { return k.domain.empty(); });
}

bool Case::propagate() {
  for (int round = 0; round < kMostRounds && !contradicts(); ++round) {
    bool changed = false;
    for (std::size_t i = 0; i < known_.size(); ++i) changed |= compute(i);
    for (Order& o : orders_) changed |= narrow(o);
    if (!changed) break;
  }
  return !contradicts() && orders_close();
}

bool Case::compute(std::size_t index) {
  const Term& t = logic_->term(known_[index].term);
  if (t.op == Arithmetic::none) return false;
  Domain& a = known(t.a);
  Domain& b = known(t.b == kNoTerm ? t.a : t.b);
  Domain& result = known_[index].domain;
  bool changed = result.meet(computed(t.op, a, b));
  if (!result.empty()) changed |= narrow_operands(t.op, result, a, b);
  return changed;
}

bool Case::narrow(Order& order) {
  Domain& a = known(order.a);
  Domain& b = known(order.b);
  if (a.empty() || b.empty()) return false;
  bool changed = a.keep(comparable(b.kinds, order.relations));
  changed |= b.keep(comparable(a.kinds, order.relations));
  if (a.empty() || b.empty()) return true;
  const bool numbers = a.only(kind::numbers) && b.only(kind::numbers);
  if (numbers && (order.relations & relation::apart) != 0) {
    order.relations &= static_cast<Relations>(~relation::apart);
    failed_ |= order.relations == 0;
    changed = true;
  }
  return (numbers ? narrow_numbers(order, a, b) : narrow_others(order, a, b)) || changed;
}

bool Case::narrow_numbers(const Order& order, Domain& a, Domain& b) {
  const bool less = (order.relations & relation::less) != 0;
  const bool greater = (order.relations & relation::greater) != 0;
  const bool touch = (order.relations & relation::equal) != 0 || may_round(a, b);
  bool changed = false;
  if (!greater) {
    changed |= a.keep_interval(-kInfinity, touch ? b.high : std::nextafter(b.high, -kInfinity));
    changed |= b.keep_interval(touch ? a.low : std::nextafter(a.low, kInfinity), kInfinity);
  }
  if (!less) {
    changed |= a.keep_interval(touch ? b.low : std::nextafter(b.low, kInfinity), kInfinity);
    changed |= b.keep_interval(-kInfinity, touch ? a.high : std::nextafter(a.high, -kInfinity));
  }
  if (less && greater && !touch) {
    if (const auto only = b.only_number()) changed |= a.exclude(*only);
    if (const auto only = a.only_number()) changed |= b.exclude(*only);
  }
  return changed;
}

bool Case::narrow_others(const Order& order, Domain& a, Domain& b) {
  if (!a.only(kind::string) || !b.only(kind::string)) return false;
  const bool equal = (order.relations & relation::equal) != 0;
  if (order.relations == relation::equal) return a.meet(b) | b.meet(a);
  const std::string* first = a.only_text();
  const std::string* second = b.only_text();
  if (first != nullptr && second != nullptr) {
    const Relations are = *first < *second    ? relation::less
                          : *first == *second ? relation::equal
                                              : relation::greater;
    failed_ |= (order.relations & are) == 0;
  } else if (!equal && (first != nullptr || second != nullptr)) {
    Domain excluded = Domain::of(kind::string);
    excluded.not_texts = {first != nullptr ? *first : *second};
    return first != nullptr ? b.meet(excluded) : a.meet(excluded);
  }
  return false;
}

}  // namespace autopilot::expr
