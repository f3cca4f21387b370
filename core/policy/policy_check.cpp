// What the fields of a Policy must say together: scope and its fields, names, rules with the fields
// they need.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"
#include "core/policy/policy_read.h"
#include "core/policy/rollback.h"

namespace autopilot::policy {
namespace {

class PolicyChecker {
 public:
  PolicyChecker(const Policy& policy, const Places& places, const CheckInput& input)
      : policy_(policy), places_(places), input_(input), diagnostics_(input.diagnostics) {}

  void check() {
    check_scope();
    check_names();
    for (std::size_t i = 0; i < policy_.mutations.size(); ++i)
      check_mutation(policy_.mutations[i], i);
    for (std::size_t i = 0; i < policy_.guards.size(); ++i) check_guard(i);
    for (std::size_t i = 0; i < policy_.mutations.size(); ++i)
      check_types(policy_.mutations[i], "mutations", i);
    for (std::size_t i = 0; i < policy_.guards.size(); ++i)
      check_types(policy_.guards[i], "guards", i);
    for (std::size_t i = 0; i < policy_.limits.size(); ++i)
      check_types(policy_.limits[i], "limits", i);
    check_expressions();
    if (input_.sound && policy_.mutations.empty() && policy_.guards.empty() &&
        policy_.limits.empty()) {
      diagnostics_
          .warning("no-rules", places_.span(),
                   "the policy has no mutations, guards or limits, so it does nothing")
          .help = "add a rule, or remove the policy";
    }
  }

 private:
  void check_scope() {
    needs("algorithm", policy_.scope == Scope::algorithm, "algorithm");
    needs("selector", policy_.scope == Scope::segment, "segment");
  }

  // A field that one scope needs and the others must not have.
  void needs(std::string_view field, bool wanted, std::string_view scope) {
    const YamlEntry* entry = places_.entry(field);
    if (wanted && entry == nullptr) {
      diagnostics_
          .error("missing-field", places_.span("scope"),
                 fmt::format("scope {} needs the field {}", scope, field))
          .help = fmt::format("say which {} it is about",
                              field == "algorithm" ? "algorithm" : "attributes");
    } else if (!wanted && entry != nullptr) {
      diagnostics_
          .error("conflicting-fields", entry->key_span,
                 fmt::format("{} has a meaning only with scope: {}", field, scope))
          .help = fmt::format("write scope: {}, or remove the field", scope);
    }
  }

  void check_names() {
    std::unordered_map<std::string_view, Span> seen;
    const auto visit = [&](const std::string& name, std::string_view section, std::size_t i) {
      const Span here = places_.span(section, i, "name");
      const auto [first, is_new] = seen.emplace(name, here);
      if (is_new) return;
      Diagnostic& d = diagnostics_.error(
          "duplicate-name", here, fmt::format("two rules of the policy are called {}", name));
      d.help = "rename one of them: reasons and diffs tell rules apart by name";
      d.related.push_back({"the first one is here", first->second});
    };
    for (std::size_t i = 0; i < policy_.gates.size(); ++i) visit(policy_.gates[i].name, "gates", i);
    for (std::size_t i = 0; i < policy_.mutations.size(); ++i)
      visit(policy_.mutations[i].name, "mutations", i);
    for (std::size_t i = 0; i < policy_.guards.size(); ++i)
      visit(policy_.guards[i].name, "guards", i);
    for (std::size_t i = 0; i < policy_.limits.size(); ++i)
      visit(policy_.limits[i].name, "limits", i);
  }

  void check_mutation(const Mutation& mutation, std::size_t i) {
    const bool clamp = places_.entry("mutations", i, "clamp") != nullptr;
    const bool delta = places_.entry("mutations", i, "max_delta") != nullptr;
    if (clamp) must_have(i, "clamp", "field");
    if (delta) must_have(i, "max_delta", "field");
    if (delta) must_have(i, "max_delta", "from");
    if (!delta) must_lack("mutations", i, "from", "max_delta");
    if (!clamp && !delta) must_lack("mutations", i, "field", "clamp and max_delta");
    if (clamp && mutation.low > mutation.high) {
      diagnostics_
          .error("wrong-value", places_.span("mutations", i, "clamp"),
                 fmt::format("clamp: {} is above {}", double_text(mutation.low),
                             double_text(mutation.high)))
          .help = "write the smaller bound first";
    }
    if (!mutation.field.empty())
      check_data_field(mutation.field, places_.span("mutations", i, "field"));
    if (!mutation.from.empty())
      check_data_field(mutation.from, places_.span("mutations", i, "from"));
    for (const FieldSet& set : mutation.set)
      check_data_field(set.field, places_.span("mutations", i, "set"));
  }

  void must_have(std::size_t i, std::string_view field, std::string_view other) {
    if (places_.entry("mutations", i, other) != nullptr) return;
    diagnostics_
        .error("missing-field", places_.span("mutations", i, field),
               fmt::format("{} needs the field {}", field, other))
        .help = other == "from" ? "name the field of action.data that holds the old value"
                                : "name the field of action.data that it is about";
  }

  void must_lack(std::string_view section, std::size_t i, std::string_view field,
                 std::string_view only_with) {
    const YamlEntry* entry = places_.entry(section, i, field);
    if (entry == nullptr) return;
    diagnostics_
        .error("conflicting-fields", entry->key_span,
               fmt::format("{} has a meaning only with {}", field, only_with))
        .help = "remove it";
  }

  void check_guard(std::size_t i) {
    if (policy_.guards[i].kind != Guard::Kind::approve)
      must_lack("guards", i, "approvals", "approve");
  }

  void check_data_field(const std::string& field, Span span) {
    const auto& declared = input_.project.data;
    if (!declared.has_value()) return;
    std::vector<std::string> names;
    for (const DeclaredField& known : *declared) {
      if (known.name == field) return;
      names.push_back(known.name);
    }
    Diagnostic& d =
        diagnostics_.error("unknown-name", span, fmt::format("action.data has no field {}", field));
    d.help = std::string(trim(did_you_mean(field, names)));
    if (d.help.empty()) d.help = "declare it under data in autopilot.yaml";
  }

  // A rule for an action type that nothing declares never fires: such actions are blocked before
  // any rule is asked.
  void check_types(const Rule& rule, std::string_view section, std::size_t i) {
    const std::vector<std::string>& known = input_.action_types;
    for (const std::string& type : rule.types) {
      if (std::find(known.begin(), known.end(), type) != known.end()) continue;
      Diagnostic& d = diagnostics_.warning("unknown-action-type", places_.span(section, i, "for"),
                                           fmt::format("no action type is called {}", type));
      d.help = std::string(trim(did_you_mean(type, known)));
      if (d.help.empty()) d.help = "declare it under action_types in autopilot.yaml";
    }
  }

  void check_rollback() {
    if (!policy_.rollback) return;
    const YamlEntry* entry = places_.entry("rollback");
    const YamlNode* when = entry->value.find("when");
    if (when != nullptr && when->is_scalar()) {
      input_.expressions.check_statistics(*when);
      warn_of_nobody_outside(*when);
    }
    const YamlNode* lasting = entry->value.find("for");
    if (lasting == nullptr || !parse_duration(lasting->text)) return;
    if (policy_.rollback->lasting < kShortestRollback ||
        policy_.rollback->lasting > kLongestRollback) {
      diagnostics_
          .error("wrong-value", lasting->span,
                 fmt::format("for: {} is too {} to judge by", lasting->text,
                             policy_.rollback->lasting < kShortestRollback ? "short" : "long"))
          .help = fmt::format("write a duration from {} to {}", format_duration(kShortestRollback),
                              format_duration(kLongestRollback));
    }
  }

  void warn_of_nobody_outside(const YamlNode& when) {
    if (policy_.rollout < 1 || !names_group(when.text, "outside")) return;
    diagnostics_
        .warning("never-holds", when.span,
                 "at a rollout of 100% no unit is outside, so it never holds")
        .help = "roll out to less, or judge by inside and policy alone";
  }

  void check_expressions() {
    check_rollback();
    expression(places_.entry("rollout_key"), Wanted::scalar, false);
    for (std::size_t i = 0; i < policy_.gates.size(); ++i)
      field("gates", i, "when", Wanted::condition, false);
    for (std::size_t i = 0; i < policy_.mutations.size(); ++i) {
      field("mutations", i, "when", Wanted::condition, false);
      check_set(i);
    }
    for (std::size_t i = 0; i < policy_.guards.size(); ++i) {
      for (const std::string_view name : {"when", "deny", "approve", "warn"}) {
        field("guards", i, name, Wanted::condition, true);
      }
      const YamlEntry* message = places_.entry("guards", i, "message");
      if (message != nullptr && message->value.is_scalar())
        input_.expressions.check_message(message->value, true);
    }
    for (std::size_t i = 0; i < policy_.limits.size(); ++i) {
      field("limits", i, "when", Wanted::condition, true);
      field("limits", i, "sum", Wanted::number, true);
      field("limits", i, "key", Wanted::scalar, true);
    }
  }

  void check_set(std::size_t i) {
    const YamlEntry* set = places_.entry("mutations", i, "set");
    if (set == nullptr) return;
    for (const YamlEntry& entry : set->value.entries) expression(&entry, Wanted::scalar, false);
  }

  void field(std::string_view section, std::size_t i, std::string_view name, Wanted wanted,
             bool with_risk) {
    expression(places_.entry(section, i, name), wanted, with_risk);
  }

  // Whatever is neither text nor a literal was reported.
  void expression(const YamlEntry* entry, Wanted wanted, bool with_risk) {
    if (entry == nullptr || !entry->value.is_scalar() || trim(entry->value.text).empty()) return;
    const Value value = scalar_value(entry->value);
    if (value.is_string()) {
      input_.expressions.check(entry->value, wanted, with_risk);
    } else if (!value.is_null()) {
      input_.expressions.check_made(to_json(value), entry->value, wanted, with_risk);
    }
  }

  const Policy& policy_;
  const Places& places_;
  const CheckInput& input_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_policy(const CheckInput& input) {
  const PolicyReading reading = read_policy(input.content);
  const Places places(input.root);
  PolicyChecker(reading.policy, places, input).check();
}

}  // namespace autopilot::policy
