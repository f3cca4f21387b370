#pragma once
// The gradual type checker (cel-spec, "Gradual Type Checking"), name resolution included. Equality
// is homogeneous; ordering works across int, uint and double; an int literal beside a double or
// json operand is promoted.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/expr/ast.h"
#include "core/expr/type.h"

namespace autopilot::expr {

struct Overload {
  std::string id;
  bool member = false;
  std::vector<std::string> type_params;
  std::vector<Type> params;
  Type result;
};

// What names mean. Immutable once shared.
struct Environment {
  std::string container;                               // name resolution: longest prefix first
  std::map<std::string, Type, std::less<>> variables;  // may be dotted: "a.b.c"
  std::map<std::string, std::vector<Overload>, std::less<>>
      functions;  // beside the standard library's
  // Whether constant regexes, durations and timestamps are tried now. CEL itself leaves that to the
  // evaluation.
  bool validate_literals = false;
};

// The reference that a name node resolved to, and the type of every node.
struct CheckedExpr {
  Ast ast;  // promoted literals are rewritten; `ident`/`select` chains that name a dotted variable
            // became one ident node
  std::vector<Type> types;  // by NodeId; dyn everywhere when not checked
  std::vector<Fault> faults;
  bool ok() const { return faults.empty(); }
  const Type& type() const { return types[ast.root]; }
};

CheckedExpr check(Ast ast, const Environment& environment);

// No type checking: only resolves names (for `disable_check`); everything is dyn.
CheckedExpr leave_unchecked(Ast ast, const Environment& environment);

}  // namespace autopilot::expr
