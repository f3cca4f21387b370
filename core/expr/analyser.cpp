#include "core/expr/analyser.h"

#include <algorithm>

namespace autopilot::expr {

namespace {
// In longer chains a failing operand counts whatever the others say: the formula would grow with
// the square.
constexpr std::size_t kLongChain = 32;
}  // namespace

Analysis analyse(const CheckedExpr& checked, const Inputs& inputs, Logic& logic) {
  Analyser analyser(checked, inputs, logic);
  Analysis out{analyser.outcomes(checked.ast.root), {}};
  out.not_understood = analyser.not_understood();
  return out;
}

TermId analyse_value(const CheckedExpr& checked, const Inputs& inputs, Logic& logic) {
  return Analyser(checked, inputs, logic).term(checked.ast.root);
}

Outcomes Analyser::outcomes(NodeId id) {
  const Node& n = node(id);
  if (n.kind == NodeKind::literal) {
    if (const bool* value = std::get_if<bool>(&n.literal))
      return *value ? Outcomes{Logic::kYes, Logic::kNo, Logic::kNo}
                    : Outcomes{Logic::kNo, Logic::kYes, Logic::kNo};
  }
  if (n.kind == NodeKind::select && n.test) {
    if (const auto found = presence(id)) return *found;
  }
  if (n.kind == NodeKind::call) {
    if (const auto found = call_outcomes(id)) return *found;
  }
  return of_term(term(id));
}

std::optional<Outcomes> Analyser::call_outcomes(NodeId id) {
  const Node& n = node(id);
  if (n.name == "_&&_" || n.name == "_||_") return chain(id, n.name == "_&&_");
  if (n.name == "_?_:_") return choice(id);
  if (n.name == "!_" && n.children.size() == 1) {
    const Outcomes inner = outcomes(n.children[0]);
    return Outcomes{inner.no, inner.yes, inner.fails};
  }
  return test(id);
}

// A false operand of && decides, whatever fails beside it; only without one does a failure count.
Outcomes Analyser::chain(NodeId id, bool is_and) {
  std::vector<FormulaId> yes, no, fails, undecided, failing;
  for (const NodeId child : node(id).children) {
    const Outcomes part = outcomes(child);
    yes.push_back(part.yes);
    no.push_back(part.no);
    failing.push_back(part.fails);
    undecided.push_back(logic_.any({is_and ? part.yes : part.no, part.fails}));
  }
  for (std::size_t i = 0; i < failing.size(); ++i) {
    std::vector<FormulaId> here{failing[i]};
    for (std::size_t j = 0; j < failing.size() && failing.size() <= kLongChain; ++j) {
      if (j != i) here.push_back(undecided[j]);
    }
    fails.push_back(logic_.all(std::move(here)));
  }
  const FormulaId fail = logic_.any(std::move(fails));
  if (is_and) return {logic_.all(std::move(yes)), logic_.any(std::move(no)), fail};
  return {logic_.any(std::move(yes)), logic_.all(std::move(no)), fail};
}

Outcomes Analyser::choice(NodeId id) {
  const Outcomes test = outcomes(node(id).children[0]);
  const Outcomes first = outcomes(node(id).children[1]), second = outcomes(node(id).children[2]);
  const auto either = [&](FormulaId a, FormulaId b) {
    return logic_.any({logic_.all({test.yes, a}), logic_.all({test.no, b})});
  };
  return {either(first.yes, second.yes), either(first.no, second.no),
          logic_.any({test.fails, either(first.fails, second.fails)})};
}

Outcomes Analyser::of_term(TermId term) {
  return {logic_.within(term, Domain::boolean(true)), logic_.within(term, Domain::boolean(false)),
          kinds(term, static_cast<Kinds>(~kind::boolean & kind::everything))};
}

}  // namespace autopilot::expr
