#pragma once
// One input through all of the expression engine: parse, check or not, compile, evaluate, write and
// read the program. Shared by the libFuzzer target and by the test that replays its corpus.

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/expression.h"
#include "core/expr/map.h"
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

// Some inputs are there, of the type declared or (for JSON and dyn) of some type; others are
// absent.
inline Val make_input(const Path& path, Scratch& scratch) {
  const std::string& name = path.back();
  if (name == "cvr_1h" || name == "weight") return Val::of_double(0.25);
  if (name == "type" || name == "s") return Val::of_string("route.update_weight");
  if (name == "x") return Val::of_double(7);
  if (name == "y") return Val::of_int(7);
  if (name == "now") return Val::of_timestamp(1'700'000'000, 5);
  if (name == "o") return make_optional(scratch.arena(), Val::of_int(1));
  if (name == "xs") {
    Val* items = scratch.arena().array<Val>(3);
    for (int i = 0; i < 3; ++i) items[i] = Val::of_int(i);
    return Val::of_list(make_list(scratch.arena(), items, 3));
  }
  if (name == "m" || name == "action") {
    MapBuilder builder(1, scratch.arena());
    builder.add(scratch.arena(), Val::of_string("k"), Val::of_bool(true));
    return Val::of_map(builder.finish(scratch.arena()));
  }
  return {};
}

// What an evaluation gives, as text.
inline std::string outcome(const Program& program, const SlotTable& slots) {
  Scratch scratch;
  scratch.cost_limit = 20'000;
  std::vector<Val> inputs;
  for (const Path& path : slots.paths()) inputs.push_back(make_input(path, scratch));
  const Val result = program.evaluate(inputs.data(), scratch);
  if (result.tag != Tag::error) return to_text(result);
  const EvalFault fault = program.fault(result, scratch);
  demand(!fault.message.empty() && fault.begin < fault.end && fault.end <= program.source().size());
  return "error: " + fault.message;
}

// A program that was written and read is the same and does the same.
inline void evaluate(const CheckedExpr& expression) {
  SlotTable slots;
  const Program program = compile(expression, slots);
  demand(!program.explain().empty());
  const std::string bytes = program.serialise();
  const Program copy = Program::deserialise(bytes);
  demand(copy.serialise() == bytes);
  demand(outcome(program, slots) == outcome(copy, slots));
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
