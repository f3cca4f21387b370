#pragma once
// Published expectations of Kayenta's judge (testdata/kayenta/README.md), case by case.

#include <string>

#include "core/base/value.h"

namespace autopilot {

// Whether what the case expects holds; else `why` not. Throws Error(invalid) on a kind unknown.
bool judge_case_holds(const Value& test, std::string& why);

}  // namespace autopilot
