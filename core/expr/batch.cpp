#include "core/expr/batch.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/expr/expression.h"

namespace autopilot::expr {
namespace {

const std::string* text_of(const Value& object, std::string_view key) {
  const Value* found = object.get(key);
  if (found == nullptr || found->is_null()) return nullptr;
  if (!found->is_string())
    throw Error(ErrorKind::invalid, fmt::format("'{}' must be a string", key));
  return &found->as_string();
}

bool flag_of(const Value& object, std::string_view key) {
  const Value* found = object.get(key);
  if (found == nullptr || found->is_null()) return false;
  if (!found->is_bool())
    throw Error(ErrorKind::invalid, fmt::format("'{}' must be a boolean", key));
  return found->as_bool();
}

const List& items_of(const Value& object, std::string_view key) {
  static const List kNone;
  const Value* found = object.get(key);
  if (found == nullptr || found->is_null()) return kNone;
  if (!found->is_list()) throw Error(ErrorKind::invalid, fmt::format("'{}' must be a list", key));
  return found->as_list();
}

Overload untag_overload(const Value& overload) {
  Overload out;
  if (const std::string* id = text_of(overload, "id")) out.id = *id;
  out.member = flag_of(overload, "instance");
  for (const Value& name : items_of(overload, "type_params")) {
    if (name.is_string()) out.type_params.push_back(name.as_string());
  }
  for (const Value& parameter : items_of(overload, "params"))
    out.params.push_back(untag_type(parameter));
  if (const Value* result = overload.get("result")) out.result = untag_type(*result);
  return out;
}

void declare(Environment& environment, const Value& declaration) {
  const std::string* name = text_of(declaration, "name");
  const std::string* kind = text_of(declaration, "kind");
  if (name == nullptr || kind == nullptr)
    throw Error(ErrorKind::invalid, "a declaration needs 'name' and 'kind'");
  if (*kind == "function") {
    auto& overloads = environment.functions[*name];
    for (const Value& overload : items_of(declaration, "overloads"))
      overloads.push_back(untag_overload(overload));
  } else {
    const Value* type = declaration.get("type");
    environment.variables[*name] = type == nullptr ? Type() : untag_type(*type);
  }
}

const Map& bindings_of(const Value& test) {
  static const Map kNone;
  const Value* found = test.get("bindings");
  if (found == nullptr || found->is_null()) return kNone;
  if (!found->is_map()) throw Error(ErrorKind::invalid, "'bindings' must be an object");
  return found->as_map();
}

// Without the checker, what is bound need not be declared.
Environment environment_of(const Value& test, bool checked) {
  Environment environment;
  if (const std::string* container = text_of(test, "container")) environment.container = *container;
  for (const Value& declaration : items_of(test, "type_env")) declare(environment, declaration);
  if (checked) return environment;
  for (const auto& [name, value] : bindings_of(test)) environment.variables.try_emplace(name);
  return environment;
}

Value failure(Map out, std::string message, std::string_view phase) {
  out.append("error", std::move(message));
  out.append("phase", phase);
  return out;
}

Value evaluate_case(const CheckedExpr& checked, const Value& test, Map out) {
  SlotTable slots;
  const Program program = compile(checked, slots);
  Scratch scratch;
  std::vector<Val> inputs(static_cast<std::size_t>(slots.size()));
  for (const auto& [name, value] : bindings_of(test)) {
    const int slot = slots.find({name});
    if (slot >= 0) inputs[static_cast<std::size_t>(slot)] = untag(value, scratch);
  }
  const Val result = program.evaluate(inputs.data(), scratch);
  if (result.is_error())
    return failure(std::move(out), program.fault(result, scratch).message, "eval");
  out.append("value", tag(result));
  return out;
}

}  // namespace

Value run_case(const Value& test) {
  if (!test.is_map()) throw Error(ErrorKind::invalid, "a test must be an object");
  const std::string* source = text_of(test, "expr");
  if (source == nullptr) throw Error(ErrorKind::invalid, "a test needs 'expr'");
  const bool checks = !flag_of(test, "disable_check");
  Map out;
  if (const Value* id = test.get("id")) out.append("id", *id);

  ParseOptions options;
  options.macros = !flag_of(test, "disable_macros");
  ParseResult parsed = parse(*source, options);
  if (!parsed.faults.empty()) return failure(std::move(out), parsed.faults[0].message, "parse");
  const Environment environment = environment_of(test, checks);
  const CheckedExpr checked = checks ? check(std::move(parsed.ast), environment)
                                     : leave_unchecked(std::move(parsed.ast), environment);
  if (!checked.ok()) return failure(std::move(out), checked.faults[0].message, "check");
  if (checks) out.append("deduced_type", tag_type(checked.type()));
  if (flag_of(test, "check_only")) return out;
  return evaluate_case(checked, test, std::move(out));
}

}  // namespace autopilot::expr
