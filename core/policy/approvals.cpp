#include "core/policy/approvals.h"

#include "core/base/json.h"
#include "core/expr/type.h"

namespace autopilot::policy {
namespace {

using expr::Type;
using expr::TypeKind;

constexpr ApprovalFact kFacts[] = {
    {"kind", TypeKind::string, "what waits: plan, decision or gate"},
    {"risk", TypeKind::real, "its risk, from 0 to 2; of a plan that of its riskiest document"},
    {"author", TypeKind::string, "who asks"},
    {"creates", TypeKind::integer, "plan: documents to create"},
    {"updates", TypeKind::integer, "plan: documents to update"},
    {"deletes", TypeKind::integer, "plan: documents to delete"},
    {"loosens", TypeKind::integer, "plan: changes that let more pass than before"},
    {"tightens", TypeKind::integer, "plan: changes that let less pass than before"},
    {"review", TypeKind::integer, "plan: changes that may do either"},
    {"protected", TypeKind::boolean, "plan: a document with metadata.protect is touched"},
    {"governance", TypeKind::boolean, "plan: it changes an Access document or these approvals"},
    {"large", TypeKind::boolean, "plan: it touches so much that apply wants --allow-large"},
    {"authority", TypeKind::string, "plan: the highest authority that a document of it takes"},
    {"kinds", TypeKind::list, "plan: the kinds of its documents"},
    {"documents", TypeKind::list, "plan: its documents, such as Policy/traffic-safety"},
    {"type", TypeKind::string, "decision: the type of the action"},
    {"algorithm", TypeKind::string, "decision: who proposed the action"},
    {"approvals", TypeKind::integer, "decision: how many approvals its guards ask for"},
    {"policies", TypeKind::list, "decision: the policies whose guards ask for approval"},
    {"gate", TypeKind::string, "gate: its name"},
};

Type type_of(const ApprovalFact& fact) {
  return fact.type == TypeKind::list ? Type::list(Type(TypeKind::string)) : Type(fact.type);
}

Value default_of(const ApprovalFact& fact) {
  switch (fact.type) {
    case TypeKind::boolean:
      return false;
    case TypeKind::integer:
      return 0;
    case TypeKind::real:
      return 0.0;
    case TypeKind::list:
      return List{};
    default:
      return "";
  }
}

std::optional<Expression> condition(const Value* value) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  return Expression{value->is_string() ? value->as_string() : to_json(*value), {}};
}

std::optional<Duration> duration(const Value* value) {
  return value != nullptr && value->is_string() ? parse_duration(value->as_string()) : std::nullopt;
}

ApprovalRule read_rule(const Value& value) {
  ApprovalRule rule;
  rule.when = condition(value.get("when"));
  const Value* approvals = value.get("approvals");
  if (approvals != nullptr && approvals->kind() == Value::Kind::integer)
    rule.approvals = approvals->as_int();
  const Value* role = value.get("role");
  if (role != nullptr && role->is_string())
    rule.role = parse_role(role->as_string()).value_or(rule.role);
  rule.expires = duration(value.get("expires"));
  return rule;
}

}  // namespace

std::span<const ApprovalFact> approval_facts() { return kFacts; }

expr::Environment approval_environment() {
  expr::Environment environment;
  for (const ApprovalFact& fact : kFacts)
    environment.variables.emplace(std::string(fact.name), type_of(fact));
  environment.validate_literals = true;
  return environment;
}

Map default_approval_facts() {
  Map facts;
  for (const ApprovalFact& fact : kFacts) facts.append(std::string(fact.name), default_of(fact));
  return facts;
}

ApprovalSettings read_approvals(const Value& value) {
  ApprovalSettings settings;
  if (const Value* plans = value.get("plans")) settings.plans = condition(plans->get("when"));
  const Value* rules = value.get("rules");
  if (rules != nullptr && rules->is_list()) {
    for (const Value& rule : rules->as_list()) settings.rules.push_back(read_rule(rule));
  }
  settings.expires = duration(value.get("expires")).value_or(settings.expires);
  const Value* signatures = value.get("require_signatures");
  settings.require_signatures =
      signatures != nullptr && signatures->is_bool() && signatures->as_bool();
  const Value* signers = value.get("allowed_signers");
  if (signers != nullptr && signers->is_string()) settings.allowed_signers = signers->as_string();
  return settings;
}

}  // namespace autopilot::policy
