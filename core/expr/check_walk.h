#pragma once
// The checker itself: one walk over the tree that gives every node its type. Its parts are in
// check_*.cpp.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/check.h"
#include "core/expr/check_unify.h"
#include "core/expr/resolve.h"
#include "core/expr/signatures.h"

namespace autopilot::expr {

class Checker {
 public:
  // Works on expression.ast and fills in the rest; both must outlive it.
  Checker(CheckedExpr& expression, const Environment& environment);
  void run();

 private:
  // Walking (check.cpp). `outermost`: not the operand of a plain selection, so that names may be
  // looked up.
  Type visit(NodeId id, bool outermost = true);
  Type visit_node(NodeId id, bool outermost);
  Type ident(NodeId id);
  Type select(NodeId id, bool outermost);
  Type field(NodeId id, const Type& target);
  Type record_field(NodeId id, const Type& record, const std::string& name);
  Type index(NodeId id);
  Type list(NodeId id);
  Type map(NodeId id);
  Type element(NodeId id, bool optional);
  Type join(const std::optional<Type>& before, const Type& next);
  Type bind(NodeId id);
  Type block(NodeId id);

  // Calls (check_calls.cpp).
  Type call(NodeId id);
  Type qualified_call(NodeId id, Function function);
  Type logic(NodeId id);
  Type overloads(NodeId id, const Function& function);
  std::optional<Type> match_all(const Function& function, bool member, bool indexing,
                                const std::vector<Type>& args);
  void match(const Signature& signature, bool member, bool indexing, const std::vector<Type>& args,
             std::optional<Type>& result);
  std::vector<Type> argument_types(NodeId id) const;

  // Promotion of int literals (check_promote.cpp).
  void promote_operands(NodeId id);
  void promote_beside(NodeId other, NodeId literal, bool literals_too);
  void promote_elements(NodeId list);
  bool is_promotable(NodeId id) const;
  void promote(NodeId id);
  bool holds_double(NodeId id, bool literals_too) const;

  // Comprehensions (check_comprehension.cpp).
  Type comprehension(NodeId id);
  bool range_types(NodeId id, const Type& range, Type& first, Type& second);
  Type comprehension_result(NodeId id, const Type& first);
  Type optional_macro(NodeId id);
  void want_sortable(NodeId id);
  void want_bool(NodeId id, std::string_view where);

  // Literals that are tried at once (check_literals.cpp).
  void validate_literals(NodeId id);

  // Messages (check_faults.cpp). Beyond a number of faults, nothing more is said and no help is
  // looked for.
  bool has_said_enough() const;
  void fault(std::uint32_t begin, std::uint32_t end, std::string message, std::string help = {});
  void fault(NodeId id, std::string message, std::string help = {});
  void fault_at_name(NodeId id, std::string message, std::string help = {});
  void undeclared_name(NodeId id);
  Type undeclared_function(NodeId id);
  void no_field(NodeId id, const Type& record, const std::string& name);
  Type no_overload(NodeId id, const Function& function, const std::vector<Type>& args);
  std::string overload_message(NodeId id, const Function& function,
                               const std::vector<Type>& types) const;
  std::string function_suggestion(const std::string& name) const;
  std::string operand_help(NodeId id, const std::vector<Type>& args) const;
  std::string conversion_help(NodeId id, const Function& function, const std::vector<Type>& args);
  std::string function_help(NodeId id, const Function& function) const;
  std::vector<std::string> known_names() const;
  std::string_view text(NodeId id) const;

  Ast& ast_;
  std::vector<Type>& types_;
  std::vector<Fault>& faults_;
  const Environment& environment_;
  Resolver resolver_;
  Unifier unifier_;
};

}  // namespace autopilot::expr
