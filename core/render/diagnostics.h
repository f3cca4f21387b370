#pragma once
// Collected faults in the forms that people and tools read. Every place is 1-based; columns count
// code points. Pure.

#include <string>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/value.h"
#include "core/render/text.h"

namespace autopilot::render {

// For people: "file:line:col: error[code]: message", the line with a caret below, help, related
// places. "" without items.
std::string diagnostics_text(const Diagnostics& diagnostics, const TextStyle& style);

// "2 errors, 1 warning", "no errors".
std::string diagnostics_summary(const Diagnostics& diagnostics);

// Objects {severity, code, message, help, document, place, snippet, related} for the JSON contract
// of a command.
List diagnostics_values(const Diagnostics& diagnostics);

// A SARIF 2.1.0 log (OASIS), with one rule for each code that occurs.
std::string diagnostics_sarif(const Diagnostics& diagnostics, std::string_view version);

// Workflow commands of GitHub Actions: "::error file=…,line=…::message".
std::string diagnostics_github(const Diagnostics& diagnostics);

// JUnit XML: one test case for each file that was read, failed when it has errors.
std::string diagnostics_junit(const Diagnostics& diagnostics);

}  // namespace autopilot::render
