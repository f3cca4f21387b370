#pragma once
// Parsing and checking in one step, for everybody who has a condition and wants to know what it
// means.

#include <string_view>

#include "core/expr/check.h"
#include "core/expr/parser.h"

namespace autopilot::expr {

struct ExpressionOptions {
  bool check = true;  // false: names are resolved, types are not looked at
  ParseOptions parse;
};

// Faults of either step are in the result; a source that does not parse has nothing but faults and
// its source.
CheckedExpr parse_and_check(std::string_view source, const Environment& environment,
                            const ExpressionOptions& options = {});

}  // namespace autopilot::expr
