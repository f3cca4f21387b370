// What the fields of an RCPPolicy must say together. Its own expressions are made from checked
// parts.
#include <fmt/format.h>

#include "core/policy/kinds.h"
#include "core/policy/rcp_gate.h"

namespace autopilot::policy {
namespace {

class RcpChecker {
 public:
  explicit RcpChecker(const CheckInput& input)
      : input_(input), diagnostics_(input.diagnostics), spec_(input.root.find("spec")) {}

  void check() {
    check_id();
    const YamlNode* scope = given(spec_, "scope");
    needs("algo_key", "algorithm", scope);
    needs("selector", "segment", scope);
    if (const YamlNode* gates = given(spec_, "gates")) {
      for (const YamlNode& gate : gates->items) check_gate(gate);
    }
    if (const YamlNode* mutations = given(spec_, "mutations")) {
      for (const YamlNode& mutation : mutations->items) check_mutation(mutation);
    }
  }

 private:
  static const YamlNode* given(const YamlNode* map, std::string_view field) {
    const YamlNode* found = map == nullptr ? nullptr : map->find(field);
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  void check_id() {
    const YamlNode* own = given(spec_, "id");
    const YamlNode* metadata = input_.root.find("metadata");
    const YamlNode* id = metadata == nullptr ? nullptr : metadata->find("id");
    if (own == nullptr || id == nullptr || own->text == id->text) return;
    Diagnostic& d = diagnostics_.error(
        "bad-id", own->span,
        fmt::format("spec.id {} differs from metadata.id {}", own->text, id->text));
    d.help = "make them the same, or leave spec.id out";
    d.related.push_back({"metadata.id is here", id->span});
  }

  void needs(std::string_view field, std::string_view scope, const YamlNode* written) {
    const YamlNode* value = given(spec_, field);
    const bool wanted = written != nullptr && written->text == scope;
    if (wanted && value == nullptr) {
      diagnostics_.error("missing-field", written->span,
                         fmt::format("scope {} needs the field {}", scope, field));
    } else if (!wanted && value != nullptr) {
      diagnostics_
          .error("conflicting-fields", spec_->entry(field)->key_span,
                 fmt::format("{} has a meaning only with scope: {}", field, scope))
          .help = fmt::format("write scope: {}, or remove the field", scope);
    }
  }

  void check_gate(const YamlNode& gate) {
    const std::size_t errors = diagnostics_.errors();
    for (const std::string_view side : {"left", "right"}) {
      const YamlNode* node = given(&gate, side);
      if (node == nullptr || !node->is_scalar()) return;
      const RcpOperand operand = rcp_operand(scalar_value(*node));
      if (!operand.fault.empty()) {
        diagnostics_.error("bad-path", node->span, fmt::format("{}: {}", side, operand.fault))
            .help = operand.help;
      }
    }
    const YamlNode* op = given(&gate, "op");
    const YamlNode* factor = given(&gate, "factor");
    if (op != nullptr && factor != nullptr && op->text.rfind("ratio_", 0) != 0) {
      diagnostics_
          .error("conflicting-fields", gate.entry("factor")->key_span,
                 "factor has a meaning only with ratio_lt and ratio_gt")
          .help = "remove it, or use ratio_lt or ratio_gt";
    }
    if (diagnostics_.errors() != errors || !sound(gate)) return;
    Diagnostics unused;
    input_.expressions.check_made(rcp_condition(to_value(gate, unused)), gate, Wanted::condition,
                                  false);
  }

  // Whether the gate passed its shape, so that it can be translated.
  static bool sound(const YamlNode& gate) {
    const YamlNode* op = given(&gate, "op");
    if (op == nullptr || !op->is_scalar()) return false;
    for (const std::string_view known :
         {">=", ">", "<=", "<", "==", "!=", "ratio_lt", "ratio_gt"}) {
      if (op->text == known) return true;
    }
    return false;
  }

  void check_mutation(const YamlNode& mutation) {
    if (const YamlNode* clamps = given(&mutation, "clamp_fields")) {
      for (const YamlEntry& entry : clamps->entries) check_bounds(entry);
    }
    for (const std::string_view field :
         {"clamp_fields", "max_delta_fields", "block_if_missing_fields"}) {
      if (given(&mutation, field) != nullptr) return;
    }
    diagnostics_.error("missing-field", mutation.span, "the mutation changes nothing").help =
        "add clamp_fields, max_delta_fields or block_if_missing_fields";
  }

  void check_bounds(const YamlEntry& entry) {
    const YamlNode* low = given(&entry.value, "min");
    const YamlNode* high = given(&entry.value, "max");
    if (low == nullptr && high == nullptr && entry.value.is_map()) {
      diagnostics_.error("missing-field", entry.value.span,
                         fmt::format("the clamp of {} has neither min nor max", entry.key));
    }
    if (low == nullptr || high == nullptr || !low->is_scalar() || !high->is_scalar()) return;
    const Value least = scalar_value(*low), greatest = scalar_value(*high);
    if (!least.is_number() || !greatest.is_number() || least.as_double() <= greatest.as_double())
      return;
    diagnostics_
        .error("wrong-value", entry.value.span,
               fmt::format("min {} is above max {}", low->text, high->text))
        .help = "swap them";
  }

  const CheckInput& input_;
  Diagnostics& diagnostics_;
  const YamlNode* spec_;
};

}  // namespace

void check_rcp_policy(const CheckInput& input) { RcpChecker(input).check(); }

}  // namespace autopilot::policy
