#pragma once
// Conditions as formulas over what terms may be, and the question whether several of them can hold
// together. Sound, not complete: `no` is certain, `maybe` says that no contradiction was found.
// Used by lint, never when deciding.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/expr/domain.h"

namespace autopilot::expr {

using TermId = std::uint32_t;
using FormulaId = std::uint32_t;
inline constexpr TermId kNoTerm = 0xffffffff;

// How two values that are no errors stand to each other: exactly one of these. `apart`: NaN, or of
// types without order between them.
using Relations = std::uint8_t;
namespace relation {
inline constexpr Relations less = 1, equal = 2, greater = 4, apart = 8;
inline constexpr Relations any = 15;
}  // namespace relation
Relations mirrored(Relations relations);  // of (b, a)

enum class Arithmetic : std::uint8_t {
  none,
  add,
  subtract,
  multiply,
  divide,
  negate,
  absolute,
  greatest,
  least
};

// What an expression gives: an input, a constant, arithmetic on other terms, or something of which
// only the domain is known.
struct Term {
  Arithmetic op = Arithmetic::none;
  TermId a = kNoTerm, b = kNoTerm;
  Domain domain;  // whatever the inputs are
  std::string name;
};

struct Formula {
  enum class Kind : std::uint8_t { yes, no, all, any, domain, order };
  Kind kind = Kind::yes;
  Relations relations = 0;  // order: of a to b, both of which are no errors
  TermId a = kNoTerm, b = kNoTerm;
  Domain domain;                 // domain: of a
  std::vector<FormulaId> parts;  // all, any
};

enum class Answer { no, maybe, too_many_cases };

class Logic {
 public:
  static constexpr FormulaId kYes = 0, kNo = 1;

  Logic();

  // The term of that name, made when new. The same name must always come with the same domain.
  TermId named(const std::string& name, const Domain& domain);
  TermId arithmetic(Arithmetic op, TermId a, TermId b = kNoTerm);
  const Term& term(TermId id) const { return terms_[id]; }

  FormulaId all(std::vector<FormulaId> parts);
  FormulaId any(std::vector<FormulaId> parts);
  FormulaId within(TermId term, Domain domain);
  FormulaId ordered(TermId a, TermId b, Relations relations);
  const Formula& formula(FormulaId id) const { return formulas_[id]; }

  // Whether all of them can hold at once. `cases`: how many are looked at before it gives up.
  Answer possible(std::span<const FormulaId> formulas, std::size_t cases = 400) const;
  Answer possible(std::initializer_list<FormulaId> formulas) const {
    return possible(std::span(formulas.begin(), formulas.size()));
  }

  // What is known of terms when all formulas hold; alternatives are not looked into.
  struct Facts {
    bool impossible = false;
    bool complete = true;  // there were no alternatives
    std::vector<std::pair<TermId, Domain>> domains;
    const Domain* find(TermId term) const;
  };
  Facts facts(std::span<const FormulaId> formulas) const;
  // What a term may be then.
  Domain range(TermId term, std::span<const FormulaId> formulas) const;

 private:
  FormulaId add(Formula formula);
  bool merge(FormulaId into, FormulaId from, FormulaId& merged);
  FormulaId joined(Formula::Kind kind, std::vector<FormulaId> parts, FormulaId neutral,
                   FormulaId absorbing);

  std::vector<Term> terms_;
  std::vector<Formula> formulas_;
  std::map<std::string, TermId, std::less<>> names_;
};

// What arithmetic gives for operands in these domains.
Domain computed(Arithmetic op, const Domain& a, const Domain& b);
// Narrows the operands of arithmetic whose result is in `result`; true when that changed one.
bool narrow_operands(Arithmetic op, const Domain& result, Domain& a, Domain& b);

}  // namespace autopilot::expr
