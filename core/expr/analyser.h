#pragma once
// The walk behind analysis.h. Each node becomes either outcomes (conditions) or a term (values);
// what is not understood becomes a term of its own, named by its text, so that the same text always
// means the same.

#include <optional>
#include <string>

#include "core/expr/analysis.h"
#include "core/expr/input_path.h"

namespace autopilot::expr {

class Analyser {
 public:
  Analyser(const CheckedExpr& checked, const Inputs& inputs, Logic& logic)
      : checked_(checked), inputs_(inputs), logic_(logic) {}

  Outcomes outcomes(NodeId id);
  TermId term(NodeId id);
  // The source of the first part that is taken as it is; "" when there is none.
  const std::string& not_understood() const { return not_understood_; }

 private:
  const Node& node(NodeId id) const { return checked_.ast[id]; }

  // analyser.cpp: outcomes of connectives
  std::optional<Outcomes> call_outcomes(NodeId id);
  Outcomes chain(NodeId id, bool is_and);
  Outcomes choice(NodeId id);
  Outcomes of_term(TermId term);

  // analyser_tests.cpp: comparisons and other tests
  std::optional<Outcomes> test(NodeId id);
  Outcomes ordering(TermId a, TermId b, Relations wanted);
  FormulaId ordered(TermId a, TermId b, Relations relations, Kinds classes);
  Outcomes equality(TermId a, TermId b);
  Outcomes equals_constant(TermId a, const Domain& constant);
  std::optional<Outcomes> member(NodeId id);
  std::optional<Outcomes> affix(NodeId id);
  std::optional<Outcomes> presence(NodeId id);
  FormulaId kinds(TermId term, Kinds some) { return logic_.within(term, Domain::of(some)); }

  // analyser_terms.cpp
  TermId input(const Path& path, const Type& type);
  std::optional<TermId> arithmetic(NodeId id);
  Domain opaque_domain(NodeId id) const;
  std::string key(NodeId id) const;

  const CheckedExpr& checked_;
  const Inputs& inputs_;
  Logic& logic_;
  std::string not_understood_;
};

// A constant's domain; null for what is none, or of no interest.
std::optional<Domain> literal_domain(const Node& node);

}  // namespace autopilot::expr
