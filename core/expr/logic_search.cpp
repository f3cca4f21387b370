// Looks for a case without contradiction: alternatives are tried one after the other, the fewest
// first.
#include <algorithm>

#include "core/expr/logic_case.h"

namespace autopilot::expr {
namespace {

class Search {
 public:
  Search(const Logic& logic, std::size_t cases) : logic_(logic), left_(cases) {}

  // Whether some case is left. REQUIRES `open` to hold alternatives (any) only.
  bool find(Case conjunction, std::vector<FormulaId> open) {
    if (left_ == 0) return exhausted_ = true;
    --left_;
    if (!conjunction.propagate()) return false;
    if (open.empty()) return true;
    const auto fewest = std::min_element(open.begin(), open.end(), [&](FormulaId a, FormulaId b) {
      return logic_.formula(a).parts.size() < logic_.formula(b).parts.size();
    });
    const FormulaId branching = *fewest;
    open.erase(fewest);
    for (const FormulaId part : logic_.formula(branching).parts) {
      Case next = conjunction;
      std::vector<FormulaId> rest = open;
      if (assume(part, next, rest) && find(std::move(next), std::move(rest))) return true;
    }
    return false;
  }

  // Adds a formula to a case; what it leaves open goes to `open`. False: it cannot hold.
  bool assume(FormulaId id, Case& conjunction, std::vector<FormulaId>& open) {
    const Formula& f = logic_.formula(id);
    switch (f.kind) {
      case Formula::Kind::yes:
        return true;
      case Formula::Kind::no:
        return false;
      case Formula::Kind::any:
        open.push_back(id);
        return true;
      case Formula::Kind::all:
        return std::all_of(f.parts.begin(), f.parts.end(),
                           [&](FormulaId part) { return assume(part, conjunction, open); });
      case Formula::Kind::domain:
      case Formula::Kind::order:
        conjunction.add(f);
        return true;
    }
    return true;
  }

  bool exhausted() const { return exhausted_; }

 private:
  const Logic& logic_;
  std::size_t left_;
  bool exhausted_ = false;
};

}  // namespace

const Domain* Logic::Facts::find(TermId term) const {
  for (const auto& [known, domain] : domains) {
    if (known == term) return &domain;
  }
  return nullptr;
}

Logic::Facts Logic::facts(std::span<const FormulaId> formulas) const {
  Facts out;
  Case conjunction(*this);
  std::vector<FormulaId> open;
  Search search(*this, 1);
  for (const FormulaId id : formulas) out.impossible |= !search.assume(id, conjunction, open);
  out.impossible = out.impossible || !conjunction.propagate();
  out.complete = open.empty();
  out.domains = conjunction.take_domains();
  return out;
}

Domain Logic::range(TermId term, std::span<const FormulaId> formulas) const {
  Case conjunction(*this);
  std::vector<FormulaId> open;
  Search search(*this, 1);
  conjunction.domain(term);
  for (const FormulaId id : formulas) search.assume(id, conjunction, open);
  conjunction.propagate();
  return conjunction.domain(term);
}

Answer Logic::possible(std::span<const FormulaId> formulas, std::size_t cases) const {
  Search search(*this, cases);
  Case conjunction(*this);
  std::vector<FormulaId> open;
  for (const FormulaId id : formulas) {
    if (!search.assume(id, conjunction, open)) return Answer::no;
  }
  const bool found = search.find(std::move(conjunction), std::move(open));
  if (search.exhausted()) return Answer::too_many_cases;
  return found ? Answer::maybe : Answer::no;
}

}  // namespace autopilot::expr
