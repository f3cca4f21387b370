#pragma once
// What the standard library's and the extensions' functions take and give. Built once, on first
// use; immutable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/type.h"

namespace autopilot::expr {

// One overload. Type parameters are Type::variable(0), (1)…: instantiate them with fresh ones.
struct Signature {
  bool member = false;          // params[0] is the receiver
  std::uint32_t variables = 0;  // how many type parameters
  std::vector<Type> params;
  Type result;
};

// The overloads of a function by its full name ("size", "math.abs", "_+_"); null when there is
// none.
const std::vector<Signature>* standard_function(std::string_view name);

// The names of all functions that can be called by name, sorted; operators are not among them.
const std::vector<std::string>& standard_function_names();

// The type that a name such as "int" or "google.protobuf.Timestamp" stands for; null when it is
// none.
const Type* standard_type(std::string_view name);

// "(list(A), int) -> A", "string.(string) -> bool"; single capitals are type parameters. REQUIRES
// well-formed text.
Signature parse_signature(std::string_view text);

}  // namespace autopilot::expr
