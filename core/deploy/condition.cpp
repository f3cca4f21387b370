#include "core/deploy/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/expr/expression.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

std::string shown(std::optional<double> number) {
  if (!number) return "none";
  const bool is_large = std::abs(*number) >= 1e4 && std::abs(*number) < 1e15;  // such as bytes
  return is_large ? fmt::format("{:.0f}", *number) : fmt::format("{:.4g}", *number);
}

}  // namespace

Condition::Condition(const std::string& text, const std::vector<std::string>& metrics)
    : source(text) {
  const expr::CheckedExpr checked =
      expr::parse_and_check(source, policy::deployment_conditions(metrics));
  if (!checked.ok()) {
    throw Error(ErrorKind::storage,
                fmt::format("{} in the condition \"{}\"", checked.faults.front().message, source),
                "validate the deployment and apply it again");
  }
  program_ = expr::compile(checked, slots_);
}

Condition::Result Condition::judge(const NumberOf& number, double weight) {
  Result out;
  scratch_->reset();
  std::vector<expr::Val> inputs(static_cast<std::size_t>(slots_.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const expr::Path& path = slots_.paths()[i];
    if (path.size() < 2) {
      if (path.front() == "weight") inputs[i] = expr::Val::of_double(weight);
      continue;  // an arm as a whole is no number
    }
    std::optional<double> found = number(path[0], path[1]);
    if (found && !std::isfinite(*found)) found.reset();
    // A reference of nothing is none to compare with.
    if (found && *found == 0 && path[0] == "before") found.reset();
    if (found) inputs[i] = expr::Val::of_double(*found);
    const std::string name = fmt::format("{}.{}", path[0], path[1]);
    out.numbers[name] = found ? Value(*found) : Value();
    out.why += fmt::format("{}{} = {}", out.why.empty() ? "" : ", ", name, shown(found));
  }
  const expr::Val result = program_.evaluate(inputs.data(), *scratch_);
  if (result.tag == expr::Tag::boolean) out.answer = result.boolean ? Answer::yes : Answer::no;
  return out;
}

bool Condition::names_arm(std::string_view arm) const {
  return std::any_of(slots_.paths().begin(), slots_.paths().end(),
                     [&](const expr::Path& path) { return path.front() == arm; });
}

std::vector<std::string> Condition::metrics() const {
  std::vector<std::string> out;
  for (const expr::Path& path : slots_.paths()) {
    if (path.size() > 1 && std::find(out.begin(), out.end(), path[1]) == out.end())
      out.push_back(path[1]);
  }
  return out;
}

}  // namespace autopilot::deploy
