#include "core/decide/whatif_plan.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kMostSweeps = 3;

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Where `variable` stands in `text` as a whole word, from `at` on; npos when it does not.
std::size_t find_variable(std::string_view text, std::string_view variable, std::size_t at) {
  for (;; ++at) {
    at = text.find(variable, at);
    if (at == std::string_view::npos) return at;
    const std::size_t behind = at + variable.size();
    if (behind == text.size() || !is_name_byte(text[behind])) return at;
  }
}

}  // namespace

WhatIfPlan::WhatIfPlan(const Rules& rules, std::vector<Assignment> settings,
                       std::vector<Sweep> sweeps)
    : settings_(std::move(settings)), sweeps_(std::move(sweeps)) {
  if (sweeps_.size() > kMostSweeps) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} parameters are swept, {} at most can be", sweeps_.size(), kMostSweeps),
        "fix some of them with --set");
  }
  for (const Assignment& a : settings_) {
    if (a.path.starts_with('$'))
      throw Error(ErrorKind::usage, fmt::format("{}: a variable is swept, not set", a.path),
                  "write its value where it is used");
    setting_targets_.push_back(find_target(a, rules.documents));
  }
  std::size_t points = 1;
  for (const Sweep& s : sweeps_) {
    sweep_targets_.push_back(find_target(s.what, rules.documents));
    points *= s.values.size();
    if (points <= kMostPoints) continue;
    throw Error(ErrorKind::usage, fmt::format("the grid has more than {} points", kMostPoints),
                "take larger steps, or sweep fewer parameters at once");
  }
  check_variables();
  // Each value of each sweep is checked by itself: parameters do not know each other.
  std::vector<std::string> values = this->values(0);
  at(values);
  for (std::size_t s = 0; s < sweeps_.size(); ++s) {
    for (const std::string& value : sweeps_[s].values) {
      values[s] = value;
      for (const InputChange& change : at(values).inputs)
        check_input_value(*change.target, change.assignment);
    }
  }
  if (sweeps_.empty()) {
    for (const InputChange& change : at(values).inputs)
      check_input_value(*change.target, change.assignment);
  }
}

void WhatIfPlan::check_variables() const {
  for (std::size_t s = 0; s < sweeps_.size(); ++s) {
    const std::string& path = sweeps_[s].what.path;
    for (std::size_t other = 0; other < s; ++other) {
      if (sweeps_[other].what.path == path)
        throw Error(ErrorKind::usage, fmt::format("{} is swept twice", path));
    }
    if (!std::holds_alternative<VariableTarget>(sweep_targets_[s])) continue;
    const bool used = std::any_of(settings_.begin(), settings_.end(), [&](const Assignment& a) {
      return find_variable(a.text, path, 0) != std::string::npos;
    });
    if (!used)
      throw Error(
          ErrorKind::usage, fmt::format("no --set uses the variable {}", path),
          fmt::format("as in --set 'policy.ID.guards.NAME.deny=metrics.cvr_1h < {}'", path));
  }
}

std::size_t WhatIfPlan::points() const {
  std::size_t points = 1;
  for (const Sweep& s : sweeps_) points *= s.values.size();
  return points;
}

std::vector<std::size_t> WhatIfPlan::place(std::size_t point) const {
  std::vector<std::size_t> out(sweeps_.size());
  for (std::size_t s = sweeps_.size(); s-- > 0;) {
    out[s] = point % sweeps_[s].values.size();
    point /= sweeps_[s].values.size();
  }
  return out;
}

std::vector<std::string> WhatIfPlan::values(std::size_t point) const {
  std::vector<std::string> out;
  const std::vector<std::size_t> where = place(point);
  for (std::size_t s = 0; s < sweeps_.size(); ++s) out.push_back(sweeps_[s].values[where[s]]);
  return out;
}

Point WhatIfPlan::at(const std::vector<std::string>& values) const {
  Point point;
  for (std::size_t i = 0; i < settings_.size(); ++i)
    add(settings_[i], setting_targets_[i], values, point);
  for (std::size_t s = 0; s < sweeps_.size(); ++s) {
    Assignment assignment = sweeps_[s].what;
    assignment.text = values[s];
    add(assignment, sweep_targets_[s], {}, point);
  }
  return point;
}

void WhatIfPlan::add(const Assignment& assignment, const Target& target,
                     const std::vector<std::string>& values, Point& point) const {
  Assignment made = assignment;
  if (!values.empty()) made.text = filled(made.text, values);
  if (const auto* input = std::get_if<InputTarget>(&target)) {
    point.inputs.push_back({input, std::move(made)});
  } else if (const auto* policy = std::get_if<PolicyTarget>(&target)) {
    point.policies.push_back({policy, std::move(made)});
  }
}

std::string WhatIfPlan::filled(const std::string& text,
                               const std::vector<std::string>& values) const {
  std::string out = text;
  for (std::size_t s = 0; s < sweeps_.size(); ++s) {
    if (!std::holds_alternative<VariableTarget>(sweep_targets_[s])) continue;
    const std::string& variable = sweeps_[s].what.path;
    for (std::size_t at = 0; (at = find_variable(out, variable, at)) != std::string::npos;) {
      out.replace(at, variable.size(), values[s]);
      at += values[s].size();
    }
  }
  return out;
}

bool WhatIfPlan::integral(std::size_t sweep) const {
  const auto* policy = std::get_if<PolicyTarget>(&sweep_targets_[sweep]);
  return policy != nullptr && policy->integral;
}

bool WhatIfPlan::changes_policies() const {
  const auto is_policy = [](const Target& t) { return std::holds_alternative<PolicyTarget>(t); };
  return std::any_of(setting_targets_.begin(), setting_targets_.end(), is_policy) ||
         std::any_of(sweep_targets_.begin(), sweep_targets_.end(), is_policy);
}

std::vector<const InputTarget*> WhatIfPlan::inputs() const {
  std::vector<const InputTarget*> out;
  for (const std::vector<Target>* targets : {&setting_targets_, &sweep_targets_}) {
    for (const Target& t : *targets) {
      if (const auto* input = std::get_if<InputTarget>(&t)) out.push_back(input);
    }
  }
  return out;
}

const std::string& WhatIfPlan::path_of(const InputTarget& target) const {
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    if (std::get_if<InputTarget>(&setting_targets_[i]) == &target) return settings_[i].path;
  }
  for (std::size_t s = 0; s < sweeps_.size(); ++s) {
    if (std::get_if<InputTarget>(&sweep_targets_[s]) == &target) return sweeps_[s].what.path;
  }
  return settings_.front().path;
}

}  // namespace autopilot::decide
