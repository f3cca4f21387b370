#include "core/expr/expression.h"

#include <utility>

namespace autopilot::expr {

CheckedExpr parse_and_check(std::string_view source, const Environment& environment,
                            const ExpressionOptions& options) {
  ParseResult parsed = parse(source, options.parse);
  if (!parsed.faults.empty()) {
    CheckedExpr result;
    result.ast.source = source;
    result.faults = std::move(parsed.faults);
    return result;
  }
  return options.check ? check(std::move(parsed.ast), environment)
                       : leave_unchecked(std::move(parsed.ast), environment);
}

}  // namespace autopilot::expr
