#pragma once
// Macros: calls that the parser rewrites into nodes of their own (has, all, map, cel.bind,
// math.greatest…).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/parser_builder.h"

namespace autopilot::expr {

// A call as parsed, before it becomes a node. `target` is kNoNode for a global one.
struct CallSite {
  std::string_view name;
  NodeId target = kNoNode;
  std::vector<NodeId> args;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t at = 0;
};

// What the call expands to (kNoNode after a fault), or null when it is no macro.
std::optional<NodeId> expand_macro(Builder& builder, const CallSite& call);

// The names that macros are called by ("has", "all", "cel.bind"), and how the one of this name is
// called.
std::vector<std::string> macro_names();
std::string macro_usage(std::string_view name);

}  // namespace autopilot::expr
