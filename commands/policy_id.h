#pragma once
// Policies as people name them.

#include <string>
#include <string_view>

namespace autopilot::commands {

// "x" for "x" and for "Policy/x", as completion and plan write it.
inline std::string policy_id(std::string_view text) {
  constexpr std::string_view kKind = "Policy/";
  if (text.starts_with(kKind)) text.remove_prefix(kKind.size());
  return std::string(text);
}

}  // namespace autopilot::commands
