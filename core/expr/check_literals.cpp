// Constant patterns, durations and timestamps: tried when policies load rather than at three in the
// morning.

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "core/expr/check_times.h"
#include "core/expr/check_walk.h"
#include "core/expr/literals.h"

namespace autopilot::expr {
namespace {

struct LiteralRule {
  std::string_view function;
  std::size_t argument;  // counts the receiver
  std::optional<std::string> (*fault)(std::string_view);
  std::string_view help;
};

constexpr std::string_view kRegexHelp = "patterns are RE2's; r\"…\" needs no doubled backslashes";
constexpr std::array<LiteralRule, 6> kLiteralRules = {{
    {"matches", 1, regex_fault, kRegexHelp},
    {"regex.extract", 1, regex_fault, kRegexHelp},
    {"regex.extractAll", 1, regex_fault, kRegexHelp},
    {"regex.replace", 1, regex_fault, kRegexHelp},
    {"duration", 0, duration_fault, ""},
    {"timestamp", 0, timestamp_fault, ""},
}};

}  // namespace

void Checker::validate_literals(NodeId id) {
  const Node& node = ast_[id];
  for (const LiteralRule& rule : kLiteralRules) {
    if (node.name != rule.function || node.children.size() <= rule.argument) continue;
    const NodeId argument = node.children[rule.argument];
    const auto* text = std::get_if<std::string>(&ast_[argument].literal);
    if (ast_[argument].kind != NodeKind::literal || text == nullptr) continue;
    if (auto found = rule.fault(*text)) fault(argument, *std::move(found), std::string(rule.help));
  }
}

}  // namespace autopilot::expr
