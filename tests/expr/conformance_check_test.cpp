// The front end's half of cel-spec's conformance suite: what must parse and check does, with the
// deduced types. The data is third-party and read in place; see the evaluation's test for the
// values.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/json.h"
#include "core/expr/expression.h"

namespace autopilot::expr {
namespace {

std::string suite_path() {
  const char* shared = std::getenv("AUTOPILOT_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/testdata/cel/conformance.json";
}

Type read_type(const Value& value);

std::vector<Type> read_types(const Value& list) {
  std::vector<Type> types;
  for (const Value& value : list.as_list()) types.push_back(read_type(value));
  return types;
}

Type read_type(const Value& value) {
  if (value.is_string()) {
    for (int kind = 0; kind <= static_cast<int>(TypeKind::error); ++kind) {
      const Type type(static_cast<TypeKind>(kind));
      if (type.text() == value.as_string()) return type;
    }
    return Type();
  }
  if (const Value* element = value.get("list")) return Type::list(read_type(*element));
  if (const Value* pair = value.get("map")) {
    return Type::map(read_type(pair->as_list()[0]), read_type(pair->as_list()[1]));
  }
  if (const Value* named = value.get("type")) return Type::type(read_type(*named));
  if (const Value* param = value.get("param")) return Type::param(param->as_string());
  return Type::abstract(value.get("abstract")->as_string(), read_types(*value.get("params")));
}

Environment read_environment(const Value& test) {
  Environment environment;
  if (const Value* container = test.get("container"))
    environment.container = container->as_string();
  const Value* declarations = test.get("type_env");
  if (declarations == nullptr) return environment;
  for (const Value& declared : declarations->as_list()) {
    const std::string& name = declared.get("name")->as_string();
    if (declared.get("kind")->as_string() == "ident") {
      environment.variables[name] = read_type(*declared.get("type"));
      continue;
    }
    for (const Value& overload : declared.get("overloads")->as_list()) {
      environment.functions[name].push_back({overload.get("id")->as_string(),
                                             overload.get("instance")->as_bool(),
                                             {},
                                             read_types(*overload.get("params")),
                                             read_type(*overload.get("result"))});
    }
  }
  return environment;
}

bool flag(const Value& test, std::string_view name) {
  const Value* value = test.get(name);
  return value != nullptr && value->as_bool();
}

// What is wrong with the answer to one test; empty when nothing is.
std::string complaint(const Value& test) {
  ExpressionOptions options;
  options.check = !flag(test, "disable_check");
  const CheckedExpr checked =
      parse_and_check(test.get("expr")->as_string(), read_environment(test), options);
  const Value& expect = *test.get("expect");
  const Value* phase = expect.get("phase");
  if (phase != nullptr && phase->as_string() == "check_or_eval") return {};
  if (phase != nullptr && phase->as_string() == "check") return checked.ok() ? "accepted" : "";
  if (!checked.ok()) return checked.faults[0].message;
  const Value* wanted = expect.get("deduced_type");
  if (wanted == nullptr || checked.type() == read_type(*wanted)) return {};
  return "deduced " + checked.type().text();
}

TEST(ConformanceCheck, parses_and_checks_every_expression) {
  std::ifstream file(suite_path());
  if (!file) GTEST_SKIP() << suite_path() << " is not here";
  std::stringstream text;
  text << file.rdbuf();
  const JsonResult suite = parse_json(text.str());
  ASSERT_TRUE(suite.ok) << suite.fault.message;
  for (const Value& test : suite.value.get("tests")->as_list()) {
    const Value* skipped = test.get("skipped_by");
    if (skipped != nullptr && !skipped->as_list().empty()) continue;
    EXPECT_EQ(complaint(test), "") << test.get("id")->as_string();
  }
}

}  // namespace
}  // namespace autopilot::expr
