#include "core/policy/rcp_gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::policy {
namespace {

struct Rename {
  std::string_view theirs;
  std::string_view ours;
};
// Longest first: the first that is the path or a prefix of it up to a dot is taken.
constexpr Rename kRenames[] = {
    {"context.segment_data", "segment"},
    {"context.user_role", "actor.role"},
    {"context.metrics", "metrics"},
    {"context.features", "features"},
    {"action.risk_score", "action.risk"},
    {"action.algo_key", "action.algorithm"},
    {"segment_data", "segment"},
    {"user_role", "actor.role"},
    {"algo_key", "action.algorithm"},
    {"data", "action.data"},
    {"metrics", "metrics"},
    {"segment", "segment"},
    {"features", "features"},
    {"action", "action"},
};

bool is_identifier(std::string_view word) {
  static constexpr std::string_view kReserved[] = {
      "true",     "false",   "null",      "in",       "as",  "break",  "const",
      "continue", "else",    "for",       "function", "if",  "import", "let",
      "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  if (word.empty() || (word[0] >= '0' && word[0] <= '9')) return false;
  const bool letters = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return letters &&
         std::find(std::begin(kReserved), std::end(kReserved), word) == std::end(kReserved);
}

// "x.y" → ".x.y"; a name that CEL cannot write after a dot is put into brackets.
std::string selections(std::string_view rest) {
  std::string out;
  for (const std::string& name : split(rest, '.')) {
    if (is_identifier(name)) {
      out += "." + name;
    } else {
      out += '[';
      append_json_string(out, name);
      out += ']';
    }
  }
  return out;
}

bool is_prefix(std::string_view prefix, std::string_view path) {
  return path.substr(0, prefix.size()) == prefix &&
         (path.size() == prefix.size() || path[prefix.size()] == '.');
}

RcpOperand path_operand(const std::string& path) {
  const std::string help =
      "write a path such as metrics.cvr_1h, segment_data.geo or action.data.weight, or a number";
  if (path.empty() || path.front() == '.' || path.back() == '.' ||
      path.find("..") != std::string::npos || path.find(' ') != std::string::npos) {
    return {{}, fmt::format("\"{}\" is neither a path nor a number", path), help};
  }
  for (const Rename& rename : kRenames) {
    if (!is_prefix(rename.theirs, path)) continue;
    if (path.size() == rename.theirs.size()) {
      if (rename.ours.find('.') == std::string_view::npos) break;  // a whole map cannot be compared
      return {std::string(rename.ours), {}, {}};
    }
    return {std::string(rename.ours) + selections(path.substr(rename.theirs.size() + 1)), {}, {}};
  }
  return {{}, fmt::format("\"{}\" is neither a path nor a number", path), help};
}

// A number as a CEL double.
std::string cel_double(double number) {
  const std::string text = double_text(number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace

RcpOperand rcp_operand(const Value& value) {
  if (value.is_number()) return {double_text(value.as_double()), {}, {}};
  if (value.is_bool()) return {value.as_bool() ? "true" : "false", {}, {}};
  if (value.is_string()) return path_operand(value.as_string());
  return {{}, "neither a path nor a number", {}};
}

std::string rcp_condition(const Value& gate) {
  const Value& left = *gate.get("left");
  const Value& right = *gate.get("right");
  std::string op = gate.get("op")->as_string();
  const Value* factor = gate.get("factor");
  if (factor != nullptr && !factor->is_number()) factor = nullptr;
  // Beside a path an int literal counts as a double; beside another literal it must be one.
  const bool exact = factor != nullptr || (left.is_number() && right.is_number());
  const auto side = [exact](const Value& value) {
    return exact && value.is_number() ? cel_double(value.as_double()) : rcp_operand(value).source;
  };
  if (op == "ratio_lt") op = "<";
  if (op == "ratio_gt") op = ">";
  const std::string product = factor == nullptr ? "" : " * " + cel_double(factor->as_double());
  return fmt::format("{} {} {}{}", side(left), op, side(right), product);
}

}  // namespace autopilot::policy
