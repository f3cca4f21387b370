// The fields of a Policy (DESIGN "Policies: what a decision is") and of every document's metadata.
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kScopes[] = {"global", "algorithm", "segment"};
constexpr std::string_view kModes[] = {"enforce", "monitor"};
constexpr std::string_view kRoles[] = {"viewer", "operator", "admin", "dg_ai"};
constexpr std::string_view kOnErrors[] = {"block", "skip"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kName{.kind = ShapeKind::name};
constexpr ValueShape kCel{.kind = ShapeKind::expression};
constexpr ValueShape kScalar{.kind = ShapeKind::scalar};
constexpr ValueShape kNumber{.kind = ShapeKind::number};
constexpr ValueShape kTexts{.kind = ShapeKind::one_or_list, .element = &kText, .least = 1};
constexpr ValueShape kAnyOf{.kind = ShapeKind::one_or_list, .element = &kScalar, .least = 1};

constexpr std::string_view kNameHelp =
    "what reasons, diffs and what-if paths call it; the section and index by default";
constexpr std::string_view kForHelp = "action type or types that it is about; all by default";
constexpr std::string_view kWhenHelp = "CEL condition that limits it further";

constexpr Field kActiveFields[] = {
    {"cron",
     {.kind = ShapeKind::cron},
     "Vixie cron expression; active in every minute that matches",
     true},
    {"timezone", {.kind = ShapeKind::timezone}, "IANA time zone of the expression; UTC by default"},
};
constexpr Schema kActive{"active", kActiveFields};

constexpr Field kGateFields[] = {
    {"name", kName, kNameHelp},
    {"when", kCel, "CEL condition; the policy applies only when it holds", true},
};
constexpr Schema kGate{"a gate", kGateFields};

constexpr Field kRollbackFields[] = {
    {"when", kCel,
     "CEL condition over inside, outside and policy: what became of the decisions that concern it",
     true},
    {"for",
     {.kind = ShapeKind::duration},
     "how long it must hold without a break, and how far back the decisions count",
     true},
    {"min_decisions",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1e9},
     "fewer than that inside, or outside if that is named, and it does not hold; 30 by default"},
};
constexpr Schema kRollback{"rollback", kRollbackFields};

constexpr Field kMutationFields[] = {
    {"name", kName, kNameHelp},
    {"for", kTexts, kForHelp},
    {"when", kCel, kWhenHelp},
    {"field", kText, "field of action.data that clamp or max_delta is about"},
    {"clamp",
     {.kind = ShapeKind::list, .element = &kNumber, .least = 2, .most = 2},
     "least and greatest value that the field may have"},
    {"max_delta",
     {.kind = ShapeKind::number, .minimum = 0},
     "how far the field may be from the field named by from"},
    {"from", kText, "field of action.data that holds the old value, for max_delta"},
    {"set",
     {.kind = ShapeKind::map, .element = &kCel, .least = 1},
     "fields of action.data and what they become: CEL, a number or a boolean"},
};
constexpr std::string_view kMutationOneOf[] = {"clamp", "max_delta", "set"};
constexpr Schema kMutation{"a mutation", kMutationFields, kMutationOneOf};

constexpr Field kGuardFields[] = {
    {"name", kName, kNameHelp},
    {"for", kTexts, kForHelp},
    {"when", kCel, kWhenHelp},
    {"deny", kCel, "CEL condition that blocks the action"},
    {"require", kTexts,
     "fields that action.data, or else the action, must have; a missing one blocks the action"},
    {"approve", kCel, "CEL condition that makes the action wait for approval"},
    {"warn", kCel, "CEL condition that adds a remark and nothing else"},
    {"approvals",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 100},
     "how many approvals; 1 by default"},
    {"message", kText,
     "what the reason says; {metrics.cvr_1h} and other CEL in braces is filled in"},
};
constexpr std::string_view kGuardOneOf[] = {"deny", "require", "approve", "warn"};
constexpr Schema kGuard{"a guard", kGuardFields, kGuardOneOf};

constexpr Field kLimitFields[] = {
    {"name", kName, kNameHelp},
    {"for", kTexts, kForHelp},
    {"when", kCel, kWhenHelp},
    {"max",
     {.kind = ShapeKind::number, .minimum = 0, .maximum = 9e12},
     "how much may be used up in one window",
     true},
    {"sum", kCel, "CEL number that one action uses up; 1 by default"},
    {"per",
     {.kind = ShapeKind::window},
     "length of the window, or run for one run of decide",
     true},
    {"key", kCel,
     "CEL value; each value has a ledger of its own. One for the whole policy by default"},
};
constexpr Schema kLimit{"a limit", kLimitFields};

constexpr ValueShape kGates{.kind = ShapeKind::object, .schema = &kGate};
constexpr ValueShape kMutations{.kind = ShapeKind::object, .schema = &kMutation};
constexpr ValueShape kGuards{.kind = ShapeKind::object, .schema = &kGuard};
constexpr ValueShape kLimits{.kind = ShapeKind::object, .schema = &kLimit};

constexpr Field kPolicyFields[] = {
    {"description", kText, "what it is for, in words"},
    {"scope", {.kind = ShapeKind::text, .choices = kScopes}, "what it is about; global by default"},
    {"algorithm", kTexts, "algorithm or algorithms, for scope algorithm"},
    {"selector",
     {.kind = ShapeKind::map, .element = &kAnyOf, .least = 1},
     "attributes of the segment and the values that match, for scope segment; all must match"},
    {"mode",
     {.kind = ShapeKind::text, .choices = kModes},
     "monitor records what it would do; enforce by default"},
    {"authority",
     {.kind = ShapeKind::text, .choices = kRoles},
     "least role that may change or override it; admin by default"},
    {"enabled", {.kind = ShapeKind::boolean}, "false switches it off; true by default"},
    {"priority", {.kind = ShapeKind::integer}, "higher comes first; 100 by default"},
    {"rollout", {.kind = ShapeKind::share}, "share of units that it applies to; 100% by default"},
    {"rollout_key", kCel, "CEL value that names the unit; action.target by default"},
    {"rollback",
     {.kind = ShapeKind::object, .schema = &kRollback},
     "when its rollout goes to 0% by itself (autopilot rollout tick); never by default"},
    {"active",
     {.kind = ShapeKind::object, .schema = &kActive},
     "when it applies; always by default"},
    {"expires", {.kind = ShapeKind::instant}, "when it stops to apply"},
    {"on_error",
     {.kind = ShapeKind::text, .choices = kOnErrors},
     "what an error or a missing metric does: block the action, or skip the rule; block by "
     "default"},
    {"gates",
     {.kind = ShapeKind::list, .element = &kGates},
     "conditions that must all hold for the policy to apply"},
    {"mutations",
     {.kind = ShapeKind::list, .element = &kMutations},
     "changes to the action, in order"},
    {"guards", {.kind = ShapeKind::list, .element = &kGuards}, "conditions on the final action"},
    {"limits",
     {.kind = ShapeKind::list, .element = &kLimits},
     "how much may be done in a window of time"},
};

constexpr Field kSilenceFields[] = {
    {"code", kText, "code of the warning, as in docs/diagnostics.md", true},
    {"rule", kText, "name of the rule that it is about; all of the document by default"},
    {"reason", kText, "why the document is right all the same", true},
};
constexpr Schema kSilence{"a silence", kSilenceFields};
constexpr ValueShape kSilenceEntry{.kind = ShapeKind::object, .schema = &kSilence};

constexpr Field kMetadataFields[] = {
    {"id", kText,
     "name of the document, unique in its kind: lower-case letters, digits, dots, dashes, "
     "underscores",
     true},
    {"labels", {.kind = ShapeKind::map, .element = &kText}, "free words for people and tools"},
    {"protect",
     {.kind = ShapeKind::boolean},
     "true keeps it in the state even when its file is deleted"},
    {"silence",
     {.kind = ShapeKind::list, .element = &kSilenceEntry},
     "warnings of validate that are none here; no part of what is applied"},
};

}  // namespace

constinit const Schema kPolicySpec{"a Policy", kPolicyFields};
constinit const Schema kMetadata{"metadata", kMetadataFields};

}  // namespace autopilot::policy
