#pragma once
// The regular expressions of `match:` in a Deployment: the part of the syntax that PCRE (in nginx)
// and RE2 (in autopilot) read alike, that names nothing, and that no header can make slow.

#include <string>
#include <string_view>

namespace autopilot::policy {

struct HeaderPattern {
  std::string fault;    // what is wrong, in words; "" when it can be used
  std::string example;  // a text that it matches as a whole
};

// Characters, classes, \d \w \s and their opposites, groups, alternatives, ? * + {m,n}. The whole
// value is matched, so that ^ and $ have no place.
HeaderPattern read_header_pattern(std::string_view pattern);

}  // namespace autopilot::policy
