// The fields of an RCPPolicy (apiVersion smartlinks/v1), as its source system has them. A null
// counts as not written.
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kScopes[] = {"global", "algorithm", "segment"};
constexpr std::string_view kModes[] = {"enforce", "monitor"};
constexpr std::string_view kRoles[] = {"viewer", "operator", "admin", "dg_ai"};
constexpr std::string_view kOps[] = {">=", ">", "<=", "<", "==", "!=", "ratio_lt", "ratio_gt"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kScalar{.kind = ShapeKind::scalar};
constexpr ValueShape kNumber{.kind = ShapeKind::number};
constexpr ValueShape kPositive{.kind = ShapeKind::number, .minimum = 0};
constexpr ValueShape kCount{.kind = ShapeKind::integer, .minimum = 0, .maximum = 1e12};
constexpr ValueShape kBoolean{.kind = ShapeKind::boolean};
constexpr ValueShape kTexts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kAnyOf{.kind = ShapeKind::one_or_list, .element = &kScalar, .least = 1};

constexpr Field kHardGuardFields[] = {
    {"weight_delta_max", kPositive, "blocks a route.update_weight that moves the weight by more"},
    {"budget_shift_max_percent", kPositive,
     "blocks a budget.shift by more than this share of the old budget"},
    {"pause_dest_max_per_day", kCount,
     "most destination.pause and route.pause of one algorithm in 24 hours"},
    {"risk_ceiling_per_tick", kPositive, "most risk in one run"},
    {"actions_per_tick", kCount, "most actions in one run"},
};
constexpr Schema kHardGuards{"hard_guards", kHardGuardFields, {}, true};

constexpr Field kSoftGuardFields[] = {
    {"require_explain", kBoolean, "warns when data.explain is absent"},
    {"require_plan_id", kBoolean, "warns when data.plan_id is absent"},
    {"two_man_rule_threshold", kPositive, "risk above which one approval is needed"},
};
constexpr Schema kSoftGuards{"soft_guards", kSoftGuardFields, {}, true};

constexpr Field kLimitFields[] = {
    {"window_seconds",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 9e9},
     "length of the window",
     true},
    {"max_actions_in_window", kCount, "most actions of one algorithm in it", true},
};
constexpr Schema kLimits{"limits", kLimitFields, {}, true};

constexpr Field kGateFields[] = {
    {"left", kScalar, "path such as metrics.cvr_1h, or a number", true},
    {"op", {.kind = ShapeKind::text, .choices = kOps}, "how to compare", true},
    {"right", kScalar, "path or number", true},
    {"factor", kNumber, "what right is multiplied with, for ratio_lt and ratio_gt; 1 by default"},
};
constexpr Schema kGate{"a gate", kGateFields, {}, true};
constexpr ValueShape kGateShape{.kind = ShapeKind::object, .schema = &kGate};

constexpr Field kBoundFields[] = {
    {"min", kNumber, "least value"},
    {"max", kNumber, "greatest value"},
};
constexpr Schema kBounds{"a clamp", kBoundFields, {}, true};
constexpr ValueShape kBoundsShape{.kind = ShapeKind::object, .schema = &kBounds};

constexpr Field kMutationFields[] = {
    {"action_type", kText, "action type that it is about", true},
    {"clamp_fields",
     {.kind = ShapeKind::map, .element = &kBoundsShape},
     "bounds by field of the action's data"},
    {"max_delta_fields",
     {.kind = ShapeKind::map, .element = &kPositive},
     "how far a field may be from the field old_<name>, by field"},
    {"block_if_missing_fields", kTexts, "fields without which the action is blocked"},
};
constexpr Schema kMutation{"a mutation", kMutationFields, {}, true};
constexpr ValueShape kMutationShape{.kind = ShapeKind::object, .schema = &kMutation};

constexpr Field kRcpFields[] = {
    {"id", kText, "the same as metadata.id"},
    {"name", kText, "what it is for, in words"},
    {"scope", {.kind = ShapeKind::text, .choices = kScopes}, "what it is about; global by default"},
    {"algo_key", kText, "algorithm, for scope algorithm"},
    {"selector",
     {.kind = ShapeKind::map, .element = &kAnyOf, .least = 1},
     "attributes of segment_data, for scope segment"},
    {"mode",
     {.kind = ShapeKind::text, .choices = kModes},
     "monitor records what it would do; enforce by default"},
    {"authority_required",
     {.kind = ShapeKind::text, .choices = kRoles},
     "least role that may change it; admin by default"},
    {"hard_guards", {.kind = ShapeKind::object, .schema = &kHardGuards}, "what blocks an action"},
    {"soft_guards",
     {.kind = ShapeKind::object, .schema = &kSoftGuards},
     "what warns, or asks for approval"},
    {"limits",
     {.kind = ShapeKind::object, .schema = &kLimits},
     "how many actions of one algorithm in a window"},
    {"gates",
     {.kind = ShapeKind::list, .element = &kGateShape},
     "comparisons that must all hold for the policy to apply"},
    {"mutations",
     {.kind = ShapeKind::list, .element = &kMutationShape},
     "changes to actions, by action type"},
    {"schedule_cron",
     {.kind = ShapeKind::cron},
     "Vixie cron expression in UTC; active in every minute that matches"},
    {"rollout_percent",
     {.kind = ShapeKind::number, .minimum = 0, .maximum = 1},
     "share of units that it applies to, 0 to 1; 1 by default"},
    {"expires_at", {.kind = ShapeKind::instant}, "when it stops to apply"},
    {"enabled", kBoolean, "false switches it off; true by default"},
};

}  // namespace

constinit const Schema kRcpPolicySpec{"an RCPPolicy", kRcpFields, {}, true};

}  // namespace autopilot::policy
