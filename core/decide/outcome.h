#pragma once
// What deciding one action found: the result, its reasons, and what the ledger must remember.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/expr/val.h"
#include "core/policy/model.h"

namespace autopilot::decide {

enum class Result : std::uint8_t {
  allowed,
  modified,
  pending,
  blocked
};  // in rising order of strictness
std::string_view to_string(Result result);
std::optional<Result> parse_result(std::string_view text);

enum class Effect : std::uint8_t { warn, modify, approve, block, overridden, approved };
std::string_view to_string(Effect effect);

// Why something happened. `values` is a JSON object of what the rule saw.
struct Reason {
  std::string_view policy;  // id; empty for the engine's own rules
  std::string_view rule;
  std::string_view kind;  // gate rollout clamp max_delta set conflict deny require approve warn
                          // limit action_type error override
  Effect effect = Effect::block;
  bool monitor = false;  // would have, had the policy been enforced
  std::string message;
  std::string values;
  int approvals = 0;       // for approve
  std::string_view other;  // conflict: the second policy
  std::string_view field;  // of action.data, where the rule is about one
};

// A field of action.data with the value that the final action has.
struct FieldChange {
  std::string_view field;
  expr::Val value;
};

// One limit's account: who it belongs to and what it held. Amounts in micro-units (1e-6).
struct Use {
  std::string_view policy;
  std::string_view limit;
  std::string key;  // value of the key expression; empty without one
  bool monitor = false;
  std::optional<Duration> per;  // absent: per run
  std::int64_t used = 0;        // before this action
  std::int64_t amount = 0;
  std::int64_t max = 0;
  bool exceeded() const { return amount > max - used; }
};

struct MonitorOutcome {
  std::string_view policy;
  Result result = Result::allowed;
};

struct Override {
  std::string actor;
  policy::Role role = policy::Role::viewer;
  std::string reason;
};

// A rule that asked for approval and got it.
struct ApprovedRule {
  std::string policy, rule;
  int approvals = 1;
};

// The approval of an earlier decision that waited, with which it is decided anew. Rules that were
// approved let the action pass while its risk is no higher than it was; all else is decided as
// ever.
struct Resumption {
  std::string id;       // of the decision that waited
  std::string request;  // that was approved
  double risk = 0;      // of the action as it was approved
  std::vector<ApprovedRule> rules;
  std::vector<std::string> by;  // names of those who approved

  bool covers(std::string_view policy, std::string_view rule, int approvals) const;
};

struct Outcome {
  Result result = Result::allowed;
  double risk = 0;
  bool changed = false;              // the final action differs from the proposed one
  std::string action;                // the final action's JSON when changed
  std::vector<FieldChange> changes;  // likewise, by field; until the engine reads again
  std::vector<Reason> reasons;       // in order of evaluation; monitor ones last
  std::vector<Use> uses;             // limits checked, enforced ones first
  std::vector<MonitorOutcome> monitor;
  bool overridden = false;
  // A rule looks at a changed action as a whole, and the input has no text to read it from: what
  // stands here is no decision. Only of inputs that Engine::prepare() was given without texts.
  bool needs_text = false;
  // True when the uses of the enforced (or of this monitor policy's) limits are to be consumed.
  bool consumes() const { return result == Result::allowed || result == Result::modified; }
};

}  // namespace autopilot::decide
