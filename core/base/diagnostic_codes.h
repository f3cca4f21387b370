#pragma once
// Every code that a diagnostic may carry, with what it means and how to cure it.
// docs/diagnostics.md says the same.

#include <span>
#include <string_view>

namespace autopilot {

struct DiagnosticCode {
  std::string_view code;
  std::string_view meaning;  // a sentence without its period
  std::string_view cure;     // likewise
};

std::span<const DiagnosticCode> diagnostic_codes();                 // sorted by code
const DiagnosticCode* find_diagnostic_code(std::string_view code);  // null when unknown

}  // namespace autopilot
