#pragma once
// CEL cases as JSON, one a line: what `autopilot eval --batch` reads and writes, and how case files
// are judged. The format of values and types is the tagged one of the published conformance files.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "core/expr/program.h"
#include "core/expr/type.h"

namespace autopilot::expr {

// {"id", "expr", "bindings", "type_env", "container", "disable_check", "disable_macros",
// "check_only"} →
// {"id", "value"} or {"id", "error", "phase"}, and "deduced_type" where the checker ran. Throws
// Error(invalid) when the test itself is malformed.
Value run_case(const Value& test);

// Whether a result of run_case() is what the case expects. When it is not, `why` says what differs.
bool holds(const Value& expect, const Value& result, std::string& why);

// Tagged values and types. Reading throws Error(invalid). Strings of the result are views of
// `tagged` or live in the scratch.
Val untag(const Value& tagged, Scratch& scratch);
Value tag(const Val& value);
Type untag_type(const Value& tagged);
Value tag_type(const Type& type);

}  // namespace autopilot::expr
