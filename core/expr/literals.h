#pragma once
// Checks of constants that the checker makes when a program loads, so that they are no surprise
// when it runs.

#include <optional>
#include <string>
#include <string_view>

namespace autopilot::expr {

// Why a pattern is no regular expression, or null when it is one.
std::optional<std::string> regex_fault(std::string_view pattern);

}  // namespace autopilot::expr
