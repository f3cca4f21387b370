#pragma once
// A PolicyTest made of a recorded decision: what was asked, what was known and used up, and what
// came out. It passes under the policies that took the decision.

#include <string>
#include <string_view>

namespace autopilot::trial {

// YAML with a comment on top. Leaves out what no policy can see, such as unknown fields of the
// action. Throws Error(storage) when the line is no record. REQUIRES kPadding readable bytes after
// `line`.
std::string test_from_record(std::string_view line);

}  // namespace autopilot::trial
