#pragma once
// JSON Schema (2020-12) of the kinds, made from the same tables that check documents. For editors
// and `autopilot schema`.

#include "core/base/value.h"
#include "core/policy/kinds.h"

namespace autopilot::policy {

Value json_schema(const Kind& kind);
Value json_schema_of_project();  // of autopilot.yaml
Value json_schema_of_all();      // one of the kinds

}  // namespace autopilot::policy
