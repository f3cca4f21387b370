#include "core/policy/expression_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/expr/expression.h"
#include "core/policy/loader.h"
#include "core/policy/rollback.h"

namespace autopilot::policy {
namespace {

using expr::TypeKind;

constexpr std::size_t kNowhere = std::string_view::npos;
// More faults than this in one expression or message help nobody, and finding their places takes
// time.
constexpr std::size_t kMostFaults = 10;

bool gives(Wanted wanted, TypeKind kind) {
  if (kind == TypeKind::dyn || kind == TypeKind::json || kind == TypeKind::error ||
      kind == TypeKind::param)
    return true;
  const bool number =
      kind == TypeKind::integer || kind == TypeKind::uinteger || kind == TypeKind::real;
  switch (wanted) {
    case Wanted::anything:
      return true;
    case Wanted::condition:
      return kind == TypeKind::boolean;
    case Wanted::number:
      return number;
    case Wanted::scalar:
      return number || kind == TypeKind::boolean || kind == TypeKind::string ||
             kind == TypeKind::timestamp || kind == TypeKind::duration;
  }
  return false;
}

std::string_view wanted_text(Wanted wanted) {
  switch (wanted) {
    case Wanted::condition:
      return "a condition (true or false)";
    case Wanted::number:
      return "a number";
    case Wanted::scalar:
    case Wanted::anything:
      return "a single value";
  }
  return "a value";
}

}  // namespace

ExpressionChecker::ExpressionChecker(const Project& project, Diagnostics& diagnostics)
    : diagnostics_(diagnostics),
      plain_(environment_for(project, false)),
      with_risk_(environment_for(project, true)),
      statistics_(statistics_environment()) {}

void ExpressionChecker::check_statistics(const YamlNode& node) {
  check_condition(node, statistics_);
}

void ExpressionChecker::check_condition(const YamlNode& node,
                                        const expr::Environment& environment) {
  const Value value = scalar_value(node);
  if (value.is_null() || trim(node.text).empty()) return;  // reported by its shape
  const bool is_text = value.is_string();
  run_in(environment, is_text ? node.text : to_json(value), node, is_text ? 0 : kNowhere,
         Wanted::condition);
}

void ExpressionChecker::check(const YamlNode& node, Wanted wanted, bool with_risk) {
  run(node.text, node, 0, wanted, with_risk);
}

void ExpressionChecker::check_made(const std::string& source, const YamlNode& node, Wanted wanted,
                                   bool with_risk) {
  run(source, node, kNowhere, wanted, with_risk);
}

void ExpressionChecker::check_message(const YamlNode& node, bool with_risk) {
  const std::string_view text = node.text;
  const std::size_t errors = diagnostics_.errors();
  for (std::size_t open = text.find('{'); open != kNowhere; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == kNowhere) return;  // an unmatched brace is text
    if (diagnostics_.errors() - errors >= kMostFaults) return;
    const std::string inside(text.substr(open + 1, close - open - 1));
    run(inside, node, open + 1, Wanted::anything, with_risk);
    open = close;
  }
}

void ExpressionChecker::run(const std::string& source, const YamlNode& node, std::size_t offset,
                            Wanted wanted, bool with_risk) {
  auto& fine = fine_[with_risk ? 1 : 0][static_cast<std::size_t>(wanted)];
  if (fine.contains(source)) return;
  if (run_in(with_risk ? with_risk_ : plain_, source, node, offset, wanted)) fine.insert(source);
}

bool ExpressionChecker::run_in(const expr::Environment& environment, const std::string& source,
                               const YamlNode& node, std::size_t offset, Wanted wanted) {
  const expr::CheckedExpr checked = expr::parse_and_check(source, environment);
  for (std::size_t i = 0; i < std::min(checked.faults.size(), kMostFaults); ++i) {
    report(checked.faults[i], node, offset, source);
  }
  if (!checked.ok()) return false;
  if (gives(wanted, checked.type().kind())) return true;
  report(
      {0, static_cast<std::uint32_t>(source.size()),
       fmt::format("the expression gives {}, not {}", checked.type().text(), wanted_text(wanted)),
       wanted == Wanted::condition ? "compare it with something" : ""},
      node, offset, source);
  return false;
}

void ExpressionChecker::report(const expr::Fault& fault, const YamlNode& node, std::size_t offset,
                               const std::string& source) {
  Span span = node.span;
  std::string message = fault.message;
  if (offset != kNowhere) {
    span = yaml_span_within(node, diagnostics_.sources().text(node.span.source),
                            offset + fault.begin, offset + fault.end);
  } else {
    message += fmt::format(" (in {})", source);
  }
  diagnostics_.error("bad-expression", span, std::move(message)).help = fault.help;
}

}  // namespace autopilot::policy
