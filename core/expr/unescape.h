#pragma once
// The values of literal tokens: numbers with their ranges, strings and bytes with their escapes.

#include <optional>
#include <string_view>

#include "core/expr/ast.h"
#include "core/expr/lexer.h"

namespace autopilot::expr {

// The value of an integer, uinteger, real, string or bytes token; `negative` when a minus stands
// directly before a number. Null, and the fault filled in, when the literal is malformed or out of
// range.
std::optional<Literal> literal_value(const Token& token, bool negative, Fault& fault);

}  // namespace autopilot::expr
