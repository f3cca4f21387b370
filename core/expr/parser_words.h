#pragma once
// The words and operators of the grammar: which are taken, how tightly they bind, what strangers
// may have meant.

#include <string>
#include <string_view>

#include "core/expr/lexer.h"

namespace autopilot::expr {

struct Operator {
  std::string_view symbol;
  std::string_view name;  // of the call that it becomes, see ast.h
  int level;              // binds tighter when higher
};
inline constexpr int kOrLevel = 1;
inline constexpr int kAndLevel = 2;

// The infix operator that a token is, or null.
const Operator* find_operator(const Token& token);

// true, false, null, in: names of nothing, not even of fields.
bool is_keyword(std::string_view name);

// Kept free for languages around CEL: names of fields only.
bool is_reserved(std::string_view name);

// What to write instead of a word of another language that stands where CEL wants an operator; may
// be empty.
std::string operator_help(std::string_view found);

}  // namespace autopilot::expr
