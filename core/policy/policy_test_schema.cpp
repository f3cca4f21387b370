// The fields of a PolicyTest: cases with an action, what was known, and what the policies must
// answer; or tables of them.
#include "core/policy/kinds.h"
#include "core/policy/policy_test.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kResults[] = {"allowed", "modified", "blocked", "pending"};
constexpr std::string_view kMonitorResults[] = {"allowed", "modified", "blocked", "pending",
                                                "none"};
constexpr std::string_view kEffects[] = {"modify", "block", "approve", "warn", "overridden"};
constexpr std::string_view kRoles[] = {"viewer", "operator", "admin", "dg_ai"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kFreeMap{.kind = ShapeKind::map, .element = &kAnything};
constexpr ValueShape kRisk{.kind = ShapeKind::number, .minimum = 0};

constexpr Field kActionFields[] = {
    {"id", kText, "name of the action"},
    {"type", kText, "action type, such as route.update_weight"},
    {"algorithm", kText, "who proposes it"},
    {"algo_key", kText, "the same in the older form"},
    {"target", kText, "what it is about"},
    {"data", kFreeMap, "fields of the action"},
    {"risk", kRisk, "risk given by the algorithm"},
    {"risk_score", kRisk, "the same in the older form"},
    {"idempotency_key", kText, "key that makes a repetition return the first answer"},
    {"created_at", {.kind = ShapeKind::instant}, "when it was proposed"},
};
constexpr Schema kAction{"an action", kActionFields};
constexpr ValueShape kActionShape{.kind = ShapeKind::object, .schema = &kAction};

constexpr Field kContextFields[] = {
    {"metrics", kFreeMap, "measurements by name"},
    {"segment", kFreeMap, "attributes of the segment"},
    {"segment_data", kFreeMap, "the same in the older form"},
    {"features", kFreeMap, "features by name"},
    {"actor", kText, "who asks"},
    {"role", kText, "role of who asks"},
    {"user_role", kText, "the same in the older form"},
};
constexpr Schema kContext{"a context", kContextFields};
constexpr ValueShape kContextShape{.kind = ShapeKind::object, .schema = &kContext};

constexpr Field kUsedFields[] = {
    {"policy", kText, "id of the policy", true},
    {"limit", kText, "name of the limit", true},
    {"key", kText, "value of the limit's key; every value when left out"},
    {"used",
     {.kind = ShapeKind::number, .minimum = 0, .maximum = 9e12},
     "what was used up before",
     true},
};
constexpr Schema kUsed{"a ledger entry", kUsedFields};
constexpr ValueShape kUsedShape{.kind = ShapeKind::object, .schema = &kUsed};
constexpr ValueShape kLedger{.kind = ShapeKind::list, .element = &kUsedShape};

constexpr Field kOverrideFields[] = {
    {"role", {.kind = ShapeKind::text, .choices = kRoles}, "role of who overrides", true},
    {"actor", kText, "who overrides; the case's actor by default"},
    {"reason", kText, "why"},
};
constexpr Schema kOverride{"an override", kOverrideFields};
constexpr ValueShape kOverrideShape{.kind = ShapeKind::object, .schema = &kOverride};

constexpr Field kReasonFields[] = {
    {"policy", kText, "id of the policy; without it, reasons of monitor policies don't count"},
    {"rule", kText, "name of the rule"},
    {"effect", {.kind = ShapeKind::text, .choices = kEffects}, "what the rule did"},
    {"message", kText, "the whole message"},
    {"contains", {.kind = ShapeKind::scalar}, "a part of the message"},
    {"approvals", {.kind = ShapeKind::integer, .minimum = 1}, "how many approvals it asks for"},
};
constexpr Schema kReason{"a reason", kReasonFields};
constexpr ValueShape kReasonShape{.kind = ShapeKind::object, .schema = &kReason};
constexpr ValueShape kReasons{.kind = ShapeKind::list, .element = &kReasonShape};
constexpr ValueShape kMonitorResult{.kind = ShapeKind::text, .choices = kMonitorResults};

constexpr Field kExpectFields[] = {
    {"result", {.kind = ShapeKind::text, .choices = kResults}, "the answer"},
    {"action", kActionShape, "fields that the final action must have; others don't matter"},
    {"data", kFreeMap,
     "fields that the data of the final action must have; null for one that must be missing"},
    {"whole_action", kFreeMap, "the final action, all of it"},
    {"risk", kRisk, "the risk of the final action"},
    {"reasons", kReasons, "reasons that must be among those given"},
    {"no_reasons", kReasons, "reasons that must not be among them; [{}] is any at all"},
    {"monitor",
     {.kind = ShapeKind::map, .element = &kMonitorResult},
     "what policies in monitor mode would have done, by their id; none when they had no say"},
};
constexpr Schema kExpect{"expect", kExpectFields};
constexpr ValueShape kExpectShape{.kind = ShapeKind::object, .schema = &kExpect};

constexpr Field kTime{
    "time", {.kind = ShapeKind::instant}, "when it is decided; 2026-01-01T00:00:00Z by default"};
constexpr Field kRun{"run", kText, "the run that it belongs to; test by default"};
constexpr Field kActor{"actor", kText, "who asks, unless the context says so; test by default"};
constexpr Field kRole{"role", kText,
                      "role of who asks, unless the context says so; operator by default"};
constexpr Field kOverrideField{"override", kOverrideShape, "somebody asks to override what blocks"};

constexpr Field kCaseFields[] = {
    {"name", kText, "what the case shows, in words", true},
    {"action", kActionShape, "the proposed action"},
    {"context", kContextShape, "what is known"},
    {"ledger", kLedger, "what earlier decisions used up"},
    kTime,
    kRun,
    kActor,
    kRole,
    kOverrideField,
    {"expect", kExpectShape, "what must come out"},
};

constexpr Field kDefaultsFields[] = {
    {"action", kActionShape, "fields of every proposed action"},
    {"context", kContextShape, "what is known in every case"},
    {"ledger", kLedger, "what was used up, where a case doesn't say"},
    kTime,
    kRun,
    kActor,
    kRole,
    kOverrideField,
    {"expect", kExpectShape, "what must come out of every case"},
};
constexpr Schema kDefaults{"defaults", kDefaultsFields};
constexpr ValueShape kDefaultsShape{.kind = ShapeKind::object, .schema = &kDefaults};

constexpr ValueShape kRow{.kind = ShapeKind::list, .element = &kAnything};
constexpr Field kTableFields[] = {
    {"name", kText, "what the table shows, in words"},
    {"defaults", kDefaultsShape, "what all rows share"},
    {"columns",
     {.kind = ShapeKind::list, .element = &kText, .least = 1},
     "what the cells of a row are: metrics.cvr_1h, data.weight, expect.result, expect.reason …",
     true},
    {"rows",
     {.kind = ShapeKind::list, .element = &kRow, .least = 1},
     "one case each: a value for every column, null where there is none",
     true},
};
constexpr Schema kTable{"a table", kTableFields};
constexpr ValueShape kTableShape{.kind = ShapeKind::object, .schema = &kTable};

constexpr Schema kCase{"a case", kCaseFields};
constexpr ValueShape kCaseShape{.kind = ShapeKind::object, .schema = &kCase};

constexpr Field kPolicyTestFields[] = {
    {"description", kText, "what it is for, in words"},
    {"policies",
     {.kind = ShapeKind::list, .element = &kText, .least = 1},
     "ids of the policies under test; all by default"},
    {"defaults", kDefaultsShape, "what all cases and tables share"},
    {"cases", {.kind = ShapeKind::list, .element = &kCaseShape, .least = 1}, "the cases"},
    {"tables",
     {.kind = ShapeKind::list, .element = &kTableShape, .least = 1},
     "many small cases, a row each"},
};

}  // namespace

constinit const Schema kPolicyTestSpec{"a PolicyTest", kPolicyTestFields};
constinit const ValueShape kPolicyTestCase = kCaseShape;

}  // namespace autopilot::policy
