#pragma once
// Gates of an RCPPolicy as CEL: paths are renamed to what they are called here, ratios become a
// product.

#include <optional>
#include <string>

#include "core/base/value.h"

namespace autopilot::policy {

// One side of a comparison as CEL, or the fault that it has.
struct RcpOperand {
  std::string source;
  std::string fault;  // empty when fine
  std::string help;
};
RcpOperand rcp_operand(const Value& value);

// REQUIRES a gate whose sides are fine.
std::string rcp_condition(const Value& gate);

}  // namespace autopilot::policy
