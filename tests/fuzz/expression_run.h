#pragma once
// One input through all of the expression engine: parse, check or not, compile, evaluate, write and
// read the program. Shared by the libFuzzer target and by the test that replays its corpus.

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/expression.h"
#include "core/expr/program.h"

namespace autopilot::expr::fuzz {

inline Environment make_environment() {
  Environment environment;
  environment.container = "a.b";
  environment.validate_literals = true;
  const Type json(TypeKind::json);
  environment.variables = {{"metrics", Type::record({{"cvr_1h", Type(TypeKind::real)}}, false)},
                           {"action", Type::record({}, true)},
                           {"x", json},
                           {"xs", Type::list(Type(TypeKind::integer))},
                           {"m", Type::map(Type(TypeKind::string), json)},
                           {"o", Type::optional(Type())},
                           {"s", Type(TypeKind::string)},
                           {"now", Type(TypeKind::timestamp)},
                           {"a.b.c", Type()},
                           {"y", Type()}};
  return environment;
}

inline void demand(bool promise) {
  if (!promise) std::abort();
}

// Every input is absent: what matters is that all paths end in a value or an error.
inline void evaluate(const CheckedExpr& expression) {
  SlotTable slots;
  const Program program = compile(expression, slots);
  Scratch scratch;
  scratch.cost_limit = 20'000;
  const std::vector<Val> inputs(static_cast<std::size_t>(slots.size()));
  const Val result = program.evaluate(inputs.data(), scratch);
  if (result.tag == Tag::error) {
    demand(!program.fault(result, scratch).message.empty());
  } else {
    static_cast<void>(to_text(result));
  }
  const std::string bytes = program.serialise();
  demand(Program::deserialise(bytes).serialise() == bytes);
}

inline void run(std::string_view source, const Environment& environment,
                const ExpressionOptions& options) {
  const CheckedExpr expression = parse_and_check(source, environment, options);
  for (const Fault& fault : expression.faults) {
    demand(fault.begin <= fault.end && fault.end <= source.size() + 1 && !fault.message.empty());
  }
  if (expression.ok()) evaluate(expression);
}

// Aborts, or is stopped by a sanitizer, when the engine breaks a promise; else returns.
inline void run_expression(std::string_view source) {
  static const Environment environment = make_environment();
  ExpressionOptions options;
  run(source, environment, options);
  options.check = false;
  run(source, environment, options);
  options.parse.macros = false;
  run(source, environment, options);
}

}  // namespace autopilot::expr::fuzz
