#include "core/decide/outcome.h"

#include <algorithm>

#include "core/decide/trace.h"

namespace autopilot::decide {

std::string_view to_string(Result result) {
  switch (result) {
    case Result::allowed:
      return "allowed";
    case Result::modified:
      return "modified";
    case Result::pending:
      return "pending";
    case Result::blocked:
      return "blocked";
  }
  return "blocked";
}

std::optional<Result> parse_result(std::string_view text) {
  for (const Result r : {Result::allowed, Result::modified, Result::pending, Result::blocked}) {
    if (to_string(r) == text) return r;
  }
  return std::nullopt;
}

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::warn:
      return "warn";
    case Effect::modify:
      return "modify";
    case Effect::approve:
      return "approve";
    case Effect::block:
      return "block";
    case Effect::overridden:
      return "overridden";
    case Effect::approved:
      return "approved";
  }
  return "block";
}

bool Resumption::covers(std::string_view policy, std::string_view rule, int approvals) const {
  return std::any_of(rules.begin(), rules.end(), [&](const ApprovedRule& approved) {
    return approved.policy == policy && approved.rule == rule && approved.approvals >= approvals;
  });
}

std::string_view to_string(StepStatus status) {
  switch (status) {
    case StepStatus::pass:
      return "pass";
    case StepStatus::fail:
      return "fail";
    case StepStatus::skip:
      return "skip";
    case StepStatus::error:
      return "error";
  }
  return "error";
}

}  // namespace autopilot::decide
