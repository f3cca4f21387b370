#pragma once
// Type variables and what is known about them: assignability with substitution (cel-spec, "Gradual
// Type Checking").

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/expr/type.h"

namespace autopilot::expr {

class Unifier {
 public:
  // New type variables; returns the first one's number.
  std::uint32_t fresh(std::uint32_t count);
  Type fresh_variable() { return Type::variable(fresh(1)); }

  // Whether a value of type `from` may stand where `to` is wanted. Learns about variables when so,
  // else changes nothing.
  bool assignable(const Type& from, const Type& to);
  bool assignable(std::span<const Type> from, std::span<const Type> to);

  // The type with what is known put in place of variables; `final` turns the unknown ones into dyn.
  Type resolve(const Type& type, bool final = false) const;

 private:
  bool unify(const Type& from, const Type& to);
  bool unify_parameters(const Type& from, const Type& to);
  enum class Fit { yes, no, no_and_bound };
  Fit fit_variable(const Type& type, const Type& variable);
  bool occurs(const Type& variable, const Type& within) const;
  void bind(const Type& variable, const Type& type);
  void undo(std::size_t mark);
  bool is_bound(const Type& variable) const { return bound_[variable.number()]; }

  std::vector<Type> bindings_;  // by number
  std::vector<bool> bound_;
  struct Change {
    std::uint32_t number;
    bool was_bound;
    Type before;
  };
  std::vector<Change> trail_;
};

// The more general of two types of which one is assignable to the other.
Type most_general(const Type& a, const Type& b);

// The type with its variables numbered from `base` instead of 0.
Type renumber(const Type& type, std::uint32_t base);

// How a record looks to functions of maps: map(string, json).
const Type& record_as_map();

}  // namespace autopilot::expr
