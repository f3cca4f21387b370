#pragma once
// What names mean (cel-spec, "Name Resolution"): local variables first, then the longest qualified
// name, in the container's scopes from the innermost out. Rewrites the nodes it resolves; see
// "Names" in ast.h.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/ast.h"
#include "core/expr/check.h"
#include "core/expr/signatures.h"
#include "core/expr/type.h"

namespace autopilot::expr {

// A function by its full name. Either pointer may be null, not both.
struct Function {
  std::string name;
  const std::vector<Overload>* declared = nullptr;   // by the environment
  const std::vector<Signature>* standard = nullptr;  // by the standard library or an extension
};

// Works on one Ast; both references must outlive it.
class Resolver {
 public:
  Resolver(Ast& ast, const Environment& environment);

  // Local variables, innermost last.
  void push(std::string name, Type type) { locals_.push_back({std::move(name), std::move(type)}); }
  void pop(std::size_t count) { locals_.resize(locals_.size() - count); }
  std::vector<std::string> local_names() const;

  // The type of an ident node, which is rewritten to its full name; null when nothing is called so.
  std::optional<Type> ident(NodeId id);

  // Whether ident() would find the name; changes nothing.
  bool is_known(const Node& ident) const;

  // For the outermost of a chain of selections a.b.c: makes the longest part of it that names a
  // variable one ident node.
  void chain(NodeId id);

  // The function that `name` means, or null. `root`: in the root scope only.
  std::optional<Function> function(std::string_view name, bool root) const;

  // For a.b.f(…): the function "a.b.f", when there is one.
  std::optional<Function> qualified_function(const Node& call) const;

 private:
  struct Local {
    std::string name;
    Type type;
  };
  struct Global {
    std::string name;
    Type type;
    bool is_type;
  };
  const Type* local(std::string_view name) const;
  std::optional<Global> global(std::string_view name, bool root) const;
  std::optional<Global> exact_global(std::string_view name) const;
  void rewrite(NodeId id, Global global);
  bool may_be_dotted(std::string_view first) const;
  const Node* qualified_name(NodeId id, std::string& name) const;

  Ast& ast_;
  const Environment& environment_;
  std::vector<Local> locals_;
  bool dotted_ = false;  // some variable's name has a dot in it
};

}  // namespace autopilot::expr
