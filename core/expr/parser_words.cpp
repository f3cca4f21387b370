#include "core/expr/parser_words.h"

#include <algorithm>
#include <iterator>

namespace autopilot::expr {
namespace {

constexpr std::string_view kReserved[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

constexpr Operator kInfixOperators[] = {
    {"&&", "_&&_", kAndLevel}, {"||", "_||_", kOrLevel}, {"<", "_<_", 3},   {"<=", "_<=_", 3},
    {">", "_>_", 3},           {">=", "_>=_", 3},        {"==", "_==_", 3}, {"!=", "_!=_", 3},
    {"in", "@in", 3},          {"+", "_+_", 4},          {"-", "_-_", 4},   {"*", "_*_", 5},
    {"/", "_/_", 5},           {"%", "_%_", 5}};

}  // namespace

bool is_keyword(std::string_view name) {
  return name == "in" || name == "true" || name == "false" || name == "null";
}

bool is_reserved(std::string_view name) {
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

const Operator* find_operator(const Token& token) {
  if (token.kind != TokenKind::symbol && token.kind != TokenKind::name) return nullptr;
  if (token.text.size() > 2) return nullptr;
  for (const Operator& op : kInfixOperators) {
    if (op.symbol == token.text) return &op;
  }
  return nullptr;
}

std::string operator_help(std::string_view found) {
  if (found == "and" || found == "AND") return "write && for \"and\"";
  if (found == "or" || found == "OR") return "write || for \"or\"";
  if (found == "not" || found == "NOT") return "write ! before it, as in !(x in xs)";
  if (found == "if" || found == "else") return "write condition ? value : other";
  if (found == "is") return "compare with ==";
  return {};
}

}  // namespace autopilot::expr
