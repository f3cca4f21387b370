#include "core/policy/policy_test.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr Instant kUsualTime{1767225600, 0};  // 2026-01-01T00:00:00Z

std::string text_of(const YamlNode& node, std::string_view field, std::string fallback = {}) {
  const YamlNode* found = node.find(field);
  return found == nullptr ? fallback : found->text;
}

std::string json_of(const YamlNode* node) {
  Diagnostics ignored;  // the document passed validation
  return node == nullptr ? "{}" : to_json(to_value(*node, ignored));
}

NamedPlace named(const YamlNode& node) { return {node.text, node.span}; }

std::vector<UsedBefore> ledger_of(const YamlNode* list) {
  std::vector<UsedBefore> out;
  if (list == nullptr) return out;
  for (const YamlNode& item : list->items) {
    UsedBefore used{named(*item.find("policy")), named(*item.find("limit")), {}, 0};
    if (const YamlNode* key = item.find("key")) used.key = key->text;
    used.micros = std::llround(scalar_value(*item.find("used")).as_double() * 1e6);
    out.push_back(std::move(used));
  }
  return out;
}

TestCase case_from(YamlNode node) {
  TestCase out;
  const YamlNode& name = *node.find("name");
  out.name = name.text;
  out.span = name.span;
  out.action = json_of(node.find("action"));
  out.context = json_of(node.find("context"));
  out.ledger = ledger_of(node.find("ledger"));
  out.time = parse_rfc3339(text_of(node, "time")).value_or(kUsualTime);
  out.run = text_of(node, "run", "test");
  out.actor = text_of(node, "actor", "test");
  out.role = text_of(node, "role", "operator");
  if (const YamlNode* by = node.find("override")) {
    out.override_by = {text_of(*by, "actor", out.actor),
                       parse_role(text_of(*by, "role")).value_or(Role::viewer),
                       text_of(*by, "reason")};
  }
  out.expect = *node.find("expect");
  return out;
}

class CaseChecker {
 public:
  explicit CaseChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void check(const YamlNode& one) {
    check_name(one);
    const YamlNode* action = one.find("action");
    const YamlNode* type = action == nullptr ? nullptr : action->find("type");
    if (type == nullptr) {
      diagnostics_
          .error("missing-field", (action == nullptr ? one : *action).span,
                 "the action has no type")
          .help = "add type: to the action, or to the defaults";
    }
    const YamlNode* expect = one.find("expect");
    if (expect != nullptr && !expect->entries.empty()) return;
    diagnostics_.error("missing-field", one.span, "a case must expect something").help =
        "add expect: {result: ...}";
  }

 private:
  void check_name(const YamlNode& one) {
    const YamlNode& name = *one.find("name");
    const auto [first, is_new] = seen_.emplace(name.text, name.span);
    if (is_new) return;
    Diagnostic& d = diagnostics_.error("duplicate-name", name.span,
                                       fmt::format("two cases are called \"{}\"", name.text));
    d.help = "rename one of them";
    d.related.push_back({"the first one is here", first->second});
  }

  Diagnostics& diagnostics_;
  std::unordered_map<std::string, Span> seen_;
};

}  // namespace

PolicyTest policy_test_from(const Document& document) {
  if (document.kind != "PolicyTest" || document.tree == nullptr)
    throw Error(ErrorKind::bug, "a PolicyTest without its tree");
  const YamlNode& spec = *document.tree->find("spec");
  PolicyTest out{document.id, document.file, {}, {}};
  if (const YamlNode* policies = spec.find("policies")) {
    for (const YamlNode& id : policies->items) out.policies.push_back(named(id));
  }
  Diagnostics ignored;
  for (YamlNode& one : expanded_cases(spec, ignored))
    out.cases.push_back(case_from(std::move(one)));
  return out;
}

void check_policy_test(const CheckInput& input) {
  if (!input.sound) return;
  const YamlNode& spec = *input.root.find("spec");
  if (spec.find("cases") == nullptr && spec.find("tables") == nullptr) {
    input.diagnostics.error("missing-field", spec.span, "a PolicyTest needs cases or tables").help =
        "cases: the cases, each with its action and what is expected";
    return;
  }
  const std::size_t own = spec.find("cases") == nullptr ? 0 : spec.find("cases")->items.size();
  const std::vector<YamlNode> cases = expanded_cases(spec, input.diagnostics);
  CaseChecker checker(input.diagnostics);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    // What stands under `cases` was checked where it stands; rows take their shape only now.
    if (i < own || check_shape(cases[i], kPolicyTestCase, "the row", input.diagnostics))
      checker.check(cases[i]);
  }
}

}  // namespace autopilot::policy
