#pragma once
// Which parts of an expression are inputs: metrics.cvr_1h and metrics["cvr_1h"] alike.

#include <optional>

#include "core/expr/check.h"
#include "core/expr/program.h"

namespace autopilot::expr {

// The path of an input and its declared type; null when the node is none. Paths go on as long as
// the shape is known to be a record, and through JSON below one.
std::optional<Path> input_path(const CheckedExpr& checked, NodeId id, Type& type);

}  // namespace autopilot::expr
