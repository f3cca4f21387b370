#pragma once
// What a case expects against what came out. Each difference says where it was expected.

#include <string>
#include <vector>

#include "core/base/value.h"
#include "core/base/yaml.h"

namespace autopilot::trial {

struct Mismatch {
  std::string what;      // "result", "data.weight", "a reason"
  std::string expected;  // for people: JSON, or words
  std::string actual;
  Span span;  // of the expectation
};

// `expect` fits the schema of PolicyTest; `decision` is a decision line, parsed. Numbers that
// differ by no more than a billionth of their size are equal: nobody writes 0.35000000000000003.
std::vector<Mismatch> mismatches(const YamlNode& expect, const Value& decision);

}  // namespace autopilot::trial
