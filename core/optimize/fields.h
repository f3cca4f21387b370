#pragma once
// Fields of documents as they are used: absent ones as nothing. REQUIRES that their types fit.

#include <optional>
#include <string>

#include "core/base/units.h"
#include "core/base/value.h"

namespace autopilot::optimize {

inline std::string text_of(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

inline std::optional<double> number_of(const Value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

// A share as documents have it: "20%" or 0.2.
inline std::optional<double> share_of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->as_double();
  return value->is_string() ? parse_share(value->as_string()) : std::nullopt;
}

inline bool flag_of(const Value* value) {
  return value != nullptr && value->is_bool() && value->as_bool();
}

}  // namespace autopilot::optimize
