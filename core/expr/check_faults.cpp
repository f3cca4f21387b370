// What the checker says, and how it helps.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/expr/check_walk.h"
#include "core/expr/parser_macros.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kMostFaults = 20;  // of one expression: more help nobody
constexpr std::size_t kMostShownOverloads = 4;
constexpr std::size_t kLongestQuote = 40;  // bytes of source repeated in a message

// "_+_" → "+", "@in" → "in"; empty for functions called by name.
std::string operator_symbol(std::string_view name) {
  if (name == "@in") return "in";
  if (name == "_[_]" || name == "_[?_]") return "[]";
  if (name == "_?_:_") return "?:";
  std::string symbol;
  if (name.find('_') == std::string_view::npos) return symbol;
  for (const char c : name) {
    if (std::string_view("+-*/%<>=!&|").find(c) != std::string_view::npos) {
      symbol += c;
    } else if (c != '_') {
      return {};
    }
  }
  return symbol;
}

// math.@max is what math.greatest(…) became.
std::string written_name(std::string_view name) {
  if (name == "math.@max") return "math.greatest";
  if (name == "math.@min") return "math.least";
  return std::string(name);
}

// Constants as other languages spell them.
std::string foreign_constant_help(std::string_view name) {
  if (name == "True" || name == "TRUE") return "write true";
  if (name == "False" || name == "FALSE") return "write false";
  if (name == "None" || name == "nil" || name == "NULL" || name == "undefined") return "write null";
  return {};
}

std::string type_list(const std::vector<Type>& types, std::size_t first) {
  std::vector<std::string> texts;
  for (std::size_t i = first; i < types.size(); ++i) texts.push_back(types[i].text());
  return fmt::format("({})", fmt::join(texts, ", "));
}

std::string call_text(std::string_view name, bool member, const std::vector<Type>& types) {
  if (!member || types.empty()) return fmt::format("{}{}", name, type_list(types, 0));
  return fmt::format("{}.{}{}", types[0].text(), name, type_list(types, 1));
}

bool is_whole_number(const Type& type) {
  return type.kind() == TypeKind::integer || type.kind() == TypeKind::uinteger;
}
bool is_double_like(const Type& type) {
  return type.kind() == TypeKind::real || type.kind() == TypeKind::json;
}

}  // namespace

std::string_view Checker::text(NodeId id) const {
  const Node& node = ast_[id];
  const std::string_view whole =
      std::string_view(ast_.source).substr(node.begin, node.end - node.begin);
  if (whole.size() <= kLongestQuote) return whole;
  return node.kind == NodeKind::list ? "the list" : node.kind == NodeKind::map ? "the map" : "this";
}

bool Checker::has_said_enough() const { return faults_.size() >= kMostFaults; }

void Checker::fault(std::uint32_t begin, std::uint32_t end, std::string message, std::string help) {
  if (has_said_enough()) return;
  faults_.push_back({begin, end, std::move(message), std::move(help)});
}

void Checker::fault(NodeId id, std::string message, std::string help) {
  fault(ast_[id].begin, ast_[id].end, std::move(message), std::move(help));
}

// Points at the operator, field or function name alone.
void Checker::fault_at_name(NodeId id, std::string message, std::string help) {
  const Node& node = ast_[id];
  std::string symbol = node.kind == NodeKind::call ? operator_symbol(node.name) : std::string();
  if (node.kind == NodeKind::call && symbol.empty()) {
    const std::string name = written_name(node.name);
    symbol = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  }
  if (node.kind == NodeKind::call && node.name == "_?_:_") symbol = "?";
  if (node.kind == NodeKind::index) symbol = "[";
  const std::string& pointed = symbol.empty() ? node.name : symbol;
  const auto end = std::min(node.end, node.at + static_cast<std::uint32_t>(pointed.size()));
  fault(node.at, std::max(end, node.at + 1), std::move(message), std::move(help));
}

std::vector<std::string> Checker::known_names() const {
  std::vector<std::string> names = resolver_.local_names();
  for (const auto& [name, type] : environment_.variables) names.push_back(name);
  return names;
}

void Checker::undeclared_name(NodeId id) {
  if (has_said_enough()) return;
  const Node& node = ast_[id];
  if (node.name.starts_with("@index")) {
    return fault(id, fmt::format("{} is not a slot seen from here", text(id)));
  }
  std::string help = foreign_constant_help(node.name);
  if (help.empty() && node.name.size() > 1) help = did_you_mean(node.name, known_names());
  for (const auto& [name, type] : environment_.variables) {
    if (!help.empty()) break;
    if (type.field(node.name) != nullptr)
      help = fmt::format("did you mean {}.{}?", name, node.name);
  }
  if (help.empty() && resolver_.function(node.name, false)) {
    help = fmt::format("{0} is a function: write {0}(…)", node.name);
  }
  if (help.empty()) {
    const std::vector<std::string> names = known_names();
    if (!names.empty() && names.size() <= 12) help = "known are " + autopilot::join(names, ", ");
  }
  fault(id, fmt::format("unknown name {}", text(id)), std::move(help));
}

std::string Checker::function_suggestion(const std::string& name) const {
  if (name == "len" || name == "length") return "did you mean size?";
  std::vector<std::string> names = standard_function_names();
  for (const auto& [declared, overloads] : environment_.functions) names.push_back(declared);
  for (std::string& macro : macro_names()) names.push_back(std::move(macro));
  std::string help = did_you_mean(name, names);
  for (const std::string& known : names) {
    if (!help.empty() || name.size() < 2) break;
    // abs → math.abs, lower → lowerAscii
    if (known.ends_with('.' + name) || (name.size() > 2 && known.starts_with(name))) {
      help = fmt::format("did you mean {}?", known);
    }
  }
  return help;
}

// Also for a.f(…) where a names nothing, as in mth.abs(x): then the whole name is the unknown
// thing.
Type Checker::undeclared_function(NodeId id) {
  const Node& node = ast_[id];
  const NodeId target = node.member ? node.children[0] : kNoNode;
  const bool is_namespace = target != kNoNode && ast_[target].kind == NodeKind::ident &&
                            !resolver_.is_known(ast_[target]);
  const std::string name = is_namespace ? ast_[target].name + '.' + node.name : node.name;
  // The arguments of a mistaken macro name variables that nobody has bound: nothing to say about
  // them.
  std::string help = macro_usage(name);
  for (const NodeId child : node.children) {
    if (child == target ? !is_namespace : help.empty()) visit(child);
  }
  if (has_said_enough()) return Type(TypeKind::error);
  if (help.empty() && environment_.variables.contains(node.name) && !node.member) {
    help = fmt::format("{0} is a variable: write {0} without parentheses", node.name);
  }
  if (help.empty()) help = function_suggestion(name);
  fault_at_name(id, fmt::format("unknown function {}", name), std::move(help));
  return Type(TypeKind::error);
}

void Checker::no_field(NodeId id, const Type& record, const std::string& name) {
  if (has_said_enough()) return;
  std::vector<std::string> names;
  for (const auto& [field, type] : record.fields()) names.push_back(field);
  std::string help = did_you_mean(name, names);
  if (help.empty() && !names.empty() && names.size() <= 12) {
    help = "declared are " + autopilot::join(names, ", ");
  }
  const std::string message = fmt::format("{} has no field {}", text(ast_[id].children[0]), name);
  if (ast_[id].kind == NodeKind::index) return fault(ast_[id].children[1], message, help);
  fault_at_name(id, message, help);
}

// How an operator's operands can be made to fit.
std::string Checker::operand_help(NodeId id, const std::vector<Type>& args) const {
  const Node& node = ast_[id];
  if (args.size() != 2) return {};
  const auto wrap = [&](std::string_view function, std::size_t i) {
    return fmt::format("write {}({})", function, text(node.children[i]));
  };
  for (std::size_t i = 0; i < 2; ++i) {
    const Type& one = args[i];
    const Type& other = args[1 - i];
    const NodeId other_node = node.children[1 - i];
    if (node.name == "_%_" && is_double_like(one)) return wrap("int", i);
    if (is_whole_number(one) && is_double_like(other)) return wrap("double", i);
    if (i == 0 && is_whole_number(one) && other.kind() == TypeKind::list &&
        is_double_like(other.parameters()[0])) {
      return wrap("double", i);
    }
    if (one.kind() == TypeKind::integer && other.kind() == TypeKind::uinteger) {
      const auto* value = std::get_if<std::int64_t>(&ast_[node.children[i]].literal);
      const bool literal =
          ast_[node.children[i]].kind == NodeKind::literal && value != nullptr && *value >= 0;
      return literal ? fmt::format("write {}u", text(node.children[i])) : wrap("int", 1 - i);
    }
    if (one.kind() == TypeKind::string && node.name == "@in" && i == 1) {
      return fmt::format("write {}.contains({})", text(node.children[1]), text(other_node));
    }
    if (one.kind() == TypeKind::timestamp && other.kind() == TypeKind::string) {
      return wrap("timestamp", 1 - i);
    }
    if (one.kind() == TypeKind::duration && other.kind() == TypeKind::string) {
      return wrap("duration", 1 - i);
    }
    if (one.kind() == TypeKind::string && node.name == "_+_" && other.kind() != TypeKind::list) {
      return wrap("string", 1 - i);
    }
    const bool time = one.kind() == TypeKind::timestamp || one.kind() == TypeKind::duration;
    if (time && (is_whole_number(other) || other.kind() == TypeKind::real)) {
      return "write a length of time as duration(\"5m\")";
    }
  }
  return {};
}

// A number of the wrong type: which conversion would make the call fit.
std::string Checker::conversion_help(NodeId id, const Function& function,
                                     const std::vector<Type>& args) {
  const Node& node = ast_[id];
  std::vector<Type> tried = args;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool to_int = is_double_like(args[i]);
    if (!to_int && !is_whole_number(args[i])) continue;
    tried[i] = Type(to_int ? TypeKind::integer : TypeKind::real);
    if (match_all(function, node.member, false, tried)) {
      const NodeId operand = node.children[i];
      if (!to_int && ast_[operand].kind == NodeKind::literal) {
        return fmt::format("write {}.0", text(operand));
      }
      return fmt::format("write {}({})", to_int ? "int" : "double", text(operand));
    }
    tried[i] = args[i];
  }
  return {};
}

// What the function takes, in the way it was called, or that it is called the other way.
std::string Checker::function_help(NodeId id, const Function& function) const {
  const Node& node = ast_[id];
  std::vector<std::string> same_way, other_way;
  const auto note = [&](bool member, const std::vector<Type>& params) {
    auto& texts = member == node.member ? same_way : other_way;
    texts.push_back(call_text(written_name(function.name), member, params));
  };
  if (function.declared != nullptr) {
    for (const Overload& overload : *function.declared) note(overload.member, overload.params);
  }
  if (function.standard != nullptr) {
    for (const Signature& signature : *function.standard) note(signature.member, signature.params);
  }
  std::vector<std::string>& texts = same_way.empty() ? other_way : same_way;
  if (texts.size() > kMostShownOverloads) texts.resize(kMostShownOverloads);
  return fmt::format("{} {}", same_way.empty() ? "it is called as" : "it takes",
                     fmt::join(texts, ", "));
}

std::string Checker::overload_message(NodeId id, const Function& function,
                                      const std::vector<Type>& types) const {
  const std::string symbol = operator_symbol(function.name);
  if (symbol == "?:") {
    if (types[0].kind() != TypeKind::boolean && !types[0].is_dynamic()) {
      return fmt::format("the condition of ?: needs a bool, not {}", types[0].text());
    }
    return fmt::format("the two values of ?: have different types: {} and {}", types[1].text(),
                       types[2].text());
  }
  if (symbol == "[]") {
    const std::string_view operand = text(ast_[id].children[0]);
    const Type& type = types[0].is_optional() ? types[0].parameters()[0] : types[0];
    if (type.kind() != TypeKind::list && type.kind() != TypeKind::map) {
      return fmt::format("{} is {}, which has no elements", operand, types[0].text());
    }
    return fmt::format("{} is {}, which takes no {} in []", operand, types[0].text(),
                       types[1].text());
  }
  if (!symbol.empty()) return fmt::format("{} does not take {}", symbol, type_list(types, 0));
  return fmt::format("no matching overload for {}",
                     call_text(written_name(function.name), ast_[id].member, types));
}

Type Checker::no_overload(NodeId id, const Function& function, const std::vector<Type>& args) {
  if (has_said_enough()) return Type(TypeKind::error);
  const std::string symbol = operator_symbol(function.name);
  std::vector<Type> types;
  for (const Type& arg : args) types.push_back(unifier_.resolve(arg, true));
  std::string help =
      symbol.empty() ? conversion_help(id, function, types) : operand_help(id, types);
  if (symbol.empty() && help.empty()) help = function_help(id, function);
  fault_at_name(id, overload_message(id, function, types), std::move(help));
  return Type(TypeKind::error);
}

}  // namespace autopilot::expr
