#pragma once
// CEL source text → Ast (cel-spec, "Syntax"), macros expanded. Bounded in depth and size; never
// throws on input.

#include <optional>
#include <string_view>
#include <vector>

#include "core/expr/ast.h"

namespace autopilot::expr {

struct ParseOptions {
  bool macros = true;
  int max_depth = 250;  // of nesting, macros included
  std::size_t max_bytes = 100'000;
};

struct ParseResult {
  Ast ast;  // usable only when faults is empty
  std::vector<Fault> faults;
};

ParseResult parse(std::string_view source, const ParseOptions& options = {});

}  // namespace autopilot::expr
