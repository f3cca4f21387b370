// PolicyTest: cases with an action, what was known, and what the policies must answer.
#include <fmt/format.h>

#include <unordered_map>

#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kResults[] = {"allowed", "modified", "blocked", "pending"};
constexpr std::string_view kEffects[] = {"modify", "block", "approve", "warn", "skip"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kFreeMap{.kind = ShapeKind::map, .element = &kAnything};

constexpr Field kActionFields[] = {
    {"id", kText, "name of the action; made up by default"},
    {"type", kText, "action type, such as route.update_weight", true},
    {"algorithm", kText, "who proposes it"},
    {"algo_key", kText, "the same in the older form"},
    {"target", kText, "what it is about"},
    {"data", kFreeMap, "fields of the action"},
    {"risk", {.kind = ShapeKind::number, .minimum = 0}, "risk given by the algorithm"},
    {"risk_score", {.kind = ShapeKind::number, .minimum = 0}, "the same in the older form"},
    {"idempotency_key", kText, "key that makes a repetition return the first answer"},
    {"created_at", {.kind = ShapeKind::instant}, "when it was proposed"},
};
constexpr Schema kAction{"an action", kActionFields};

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

constexpr Field kUsedFields[] = {
    {"policy", kText, "id of the policy", true},
    {"limit", kText, "name of the limit", true},
    {"key", kText, "value of the limit's key, when it has one"},
    {"used", {.kind = ShapeKind::number, .minimum = 0}, "what was used up before", true},
};
constexpr Schema kUsed{"a ledger entry", kUsedFields};
constexpr ValueShape kUsedShape{.kind = ShapeKind::object, .schema = &kUsed};

constexpr Field kReasonFields[] = {
    {"policy", kText, "id of the policy"},
    {"rule", kText, "name of the rule"},
    {"effect", {.kind = ShapeKind::text, .choices = kEffects}, "what the rule did"},
    {"message", kText, "the whole message"},
};
constexpr Schema kReason{"a reason", kReasonFields};
constexpr ValueShape kReasonShape{.kind = ShapeKind::object, .schema = &kReason};

constexpr Field kExpectFields[] = {
    {"result", {.kind = ShapeKind::text, .choices = kResults}, "the answer", true},
    {"action", kFreeMap, "fields that the final action must have; others don't matter"},
    {"reasons",
     {.kind = ShapeKind::list, .element = &kReasonShape},
     "reasons that must be among those given"},
};
constexpr Schema kExpect{"expect", kExpectFields};

constexpr Field kCaseFields[] = {
    {"name", kText, "what the case shows, in words", true},
    {"action", {.kind = ShapeKind::object, .schema = &kAction}, "the proposed action", true},
    {"context", {.kind = ShapeKind::object, .schema = &kContext}, "what is known"},
    {"ledger", {.kind = ShapeKind::list, .element = &kUsedShape}, "what earlier decisions used up"},
    {"time", {.kind = ShapeKind::instant}, "when it is decided; 2026-01-01T00:00:00Z by default"},
    {"expect", {.kind = ShapeKind::object, .schema = &kExpect}, "what must come out", true},
};
constexpr Schema kCase{"a case", kCaseFields};
constexpr ValueShape kCaseShape{.kind = ShapeKind::object, .schema = &kCase};

constexpr Field kPolicyTestFields[] = {
    {"description", kText, "what it is for, in words"},
    {"policies",
     {.kind = ShapeKind::list, .element = &kText, .least = 1},
     "ids of the policies under test; all by default"},
    {"cases", {.kind = ShapeKind::list, .element = &kCaseShape, .least = 1}, "the cases", true},
};

}  // namespace

constinit const Schema kPolicyTestSpec{"a PolicyTest", kPolicyTestFields};

void check_policy_test(const CheckInput& input) {
  const YamlNode* spec = input.root.find("spec");
  const YamlNode* cases = spec == nullptr ? nullptr : spec->find("cases");
  if (cases == nullptr) return;
  std::unordered_map<std::string_view, Span> seen;
  for (const YamlNode& item : cases->items) {
    const YamlNode* name = item.find("name");
    if (name == nullptr || !name->is_scalar()) continue;
    const auto [first, is_new] = seen.emplace(name->text, name->span);
    if (is_new) continue;
    Diagnostic& d = input.diagnostics.error("duplicate-name", name->span,
                                            fmt::format("two cases are called \"{}\"", name->text));
    d.help = "rename one of them";
    d.related.push_back({"the first one is here", first->second});
  }
}

}  // namespace autopilot::policy
