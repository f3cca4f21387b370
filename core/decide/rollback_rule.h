#pragma once
// A policy's rollback rule, compiled, and whether it holds for given counts.

#include <optional>
#include <string>
#include <vector>

#include "core/base/value.h"
#include "core/decide/rollout_stats.h"
#include "core/expr/program.h"

namespace autopilot::decide {

class RollbackRule {
 public:
  // Throws Error(storage) when a rule that passed validation once does not compile.
  explicit RollbackRule(const policy::Policy& policy);

  enum class Answer { holds, does_not_hold, too_few, failed };
  Answer judge(const RolloutCounts& counts);
  // Why the last answer was what it was: "not enough decisions inside: 12 of 30", the fault of an
  // expression; empty for the others.
  const std::string& why() const { return why_; }

  const policy::Rollback& model() const { return model_; }
  // What the condition names, with its values: {"inside.blocked_share": 0.342, …}.
  Map values(const RolloutCounts& counts) const;

 private:
  bool has_enough(const RolloutCounts& counts);
  bool names(std::string_view group) const;

  policy::Rollback model_;
  expr::SlotTable slots_;
  expr::Program program_;
  expr::Scratch scratch_;
  std::vector<expr::Val> inputs_;
  std::string why_;
};
std::string_view to_string(RollbackRule::Answer answer);  // "holds" "does-not-hold" …

}  // namespace autopilot::decide
