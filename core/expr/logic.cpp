#include "core/expr/logic.h"

#include <fmt/format.h>

#include <algorithm>

namespace autopilot::expr {
namespace {
constexpr std::size_t kMostMerged = 16;  // alternatives that are looked at in pairs
}  // namespace

Relations mirrored(Relations relations) {
  const bool less = (relations & relation::less) != 0,
             greater = (relations & relation::greater) != 0;
  return static_cast<Relations>((relations & (relation::equal | relation::apart)) |
                                (less ? relation::greater : 0) | (greater ? relation::less : 0));
}

Logic::Logic() {
  formulas_.resize(2);
  formulas_[kNo].kind = Formula::Kind::no;
}

TermId Logic::named(const std::string& name, const Domain& domain) {
  const auto [place, is_new] = names_.emplace(name, static_cast<TermId>(terms_.size()));
  if (is_new) terms_.push_back({Arithmetic::none, kNoTerm, kNoTerm, domain, name});
  return place->second;
}

TermId Logic::arithmetic(Arithmetic op, TermId a, TermId b) {
  const std::string name = fmt::format("#{} {} {}", static_cast<int>(op), a, b);
  const auto [place, is_new] = names_.emplace(name, static_cast<TermId>(terms_.size()));
  if (is_new) {
    Domain domain =
        computed(op, terms_[a].domain, b == kNoTerm ? terms_[a].domain : terms_[b].domain);
    terms_.push_back({op, a, b, std::move(domain), name});
  }
  return place->second;
}

FormulaId Logic::add(Formula formula) {
  formulas_.push_back(std::move(formula));
  return static_cast<FormulaId>(formulas_.size() - 1);
}

FormulaId Logic::joined(Formula::Kind kind, std::vector<FormulaId> parts, FormulaId neutral,
                        FormulaId absorbing) {
  std::erase(parts, neutral);
  if (parts.empty()) return neutral;
  if (std::find(parts.begin(), parts.end(), absorbing) != parts.end()) return absorbing;
  if (parts.size() == 1) return parts.front();
  Formula formula;
  formula.kind = kind;
  formula.parts = std::move(parts);
  return add(std::move(formula));
}

FormulaId Logic::all(std::vector<FormulaId> parts) {
  return joined(Formula::Kind::all, std::move(parts), kYes, kNo);
}

// Two domains of one term are one, when what they say of numbers, strings and booleans does not
// mix.
bool Logic::merge(FormulaId into, FormulaId from, FormulaId& merged) {
  const Formula& a = formulas_[into];
  const Formula& b = formulas_[from];
  if (a.kind != Formula::Kind::domain || b.kind != Formula::Kind::domain || a.a != b.a)
    return false;
  for (const Kinds some : {kind::numbers, kind::string, kind::boolean}) {
    if (a.domain.has(some) && b.domain.has(some)) return false;
  }
  Domain both = a.domain;
  both.kinds |= b.domain.kinds;
  if (b.domain.has(kind::numbers)) {
    both.low = b.domain.low;
    both.high = b.domain.high;
    both.points = b.domain.points;
    both.holes = b.domain.holes;
  }
  if (b.domain.has(kind::string)) {
    both.texts = b.domain.texts;
    both.not_texts = b.domain.not_texts;
    both.affixes = b.domain.affixes;
  }
  if (b.domain.has(kind::boolean)) {
    both.can_be_true = b.domain.can_be_true;
    both.can_be_false = b.domain.can_be_false;
  }
  const TermId term = a.a;
  merged = within(term, std::move(both));
  return true;
}

FormulaId Logic::any(std::vector<FormulaId> parts) {
  for (std::size_t i = 0; i < parts.size() && parts.size() <= kMostMerged; ++i) {
    for (std::size_t j = i + 1; j < parts.size(); ++j) {
      FormulaId merged = kNo;
      if (!merge(parts[i], parts[j], merged)) continue;
      parts[i] = merged;
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(j--));
    }
  }
  return joined(Formula::Kind::any, std::move(parts), kNo, kYes);
}

FormulaId Logic::within(TermId term, Domain domain) {
  Domain left = terms_[term].domain;
  const bool narrows = left.meet(domain);
  if (left.empty()) return kNo;
  if (!narrows) return kYes;
  Formula formula;
  formula.kind = Formula::Kind::domain;
  formula.a = term;
  formula.domain = std::move(domain);
  return add(std::move(formula));
}

FormulaId Logic::ordered(TermId a, TermId b, Relations relations) {
  if (a == b && terms_[a].domain.only(kind::everything & ~kind::nan & ~kind::other & ~kind::list &
                                      ~kind::map)) {
    return (relations & relation::equal) != 0 ? kYes : kNo;
  }
  Formula formula;
  formula.kind = Formula::Kind::order;
  formula.a = a;
  formula.b = b;
  formula.relations = relations;
  return add(std::move(formula));
}

}  // namespace autopilot::expr
