// RCPPolicy → Policy. What each field means is said in DESIGN, "Policies", last paragraph, and in
// testdata/smartlinks/README.md.
#include <fmt/format.h>

#include <limits>
#include <set>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/policy/kinds.h"
#include "core/policy/rcp_gate.h"

namespace autopilot::policy {
namespace {

// A field that is there and not null.
const Value* given(const Value* map, std::string_view name) {
  const Value* found = map == nullptr ? nullptr : map->get(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool is_true(const Value* map, std::string_view name) {
  const Value* found = given(map, name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

class RcpTranslator {
 public:
  explicit RcpTranslator(const Value& content) : content_(content), rcp_(content.get("spec")) {}

  Value translate() {
    copy("name", "description");
    copy("scope", "scope");
    copy("algo_key", "algorithm");
    copy("selector", "selector");
    copy("mode", "mode");
    copy("authority_required", "authority");
    copy("enabled", "enabled");
    copy("rollout_percent", "rollout");
    if (const Value* cron = given(rcp_, "schedule_cron"))
      spec_.append("active", Map{{"cron", *cron}});
    copy("expires_at", "expires");
    gates();
    mutations();
    hard_guards();
    soft_guards();
    limits();
    put("gates", gates_);
    put("mutations", mutations_);
    put("guards", guards_);
    put("limits", limits_);
    return Map{{"apiVersion", "autopilot/v1"},
               {"kind", "Policy"},
               {"metadata", *content_.get("metadata")},
               {"spec", std::move(spec_)}};
  }

 private:
  void copy(std::string_view theirs, std::string ours) {
    if (const Value* found = given(rcp_, theirs)) spec_.append(std::move(ours), *found);
  }
  void put(std::string section, List& rules) {
    if (!rules.empty()) spec_.append(std::move(section), std::move(rules));
  }

  // A name for a rule, unless another rule has it or it is none: such a rule goes by its index.
  void name_rule(Map& rule, std::string name) {
    if (!is_name(name) || !names_.insert(name).second) return;
    rule.append("name", std::move(name));
  }

  void gates() {
    const Value* gates = given(rcp_, "gates");
    if (gates == nullptr) return;
    for (const Value& gate : gates->as_list()) gates_.push_back(Map{{"when", rcp_condition(gate)}});
  }

  void mutations() {
    const Value* mutations = given(rcp_, "mutations");
    if (mutations == nullptr) return;
    for (const Value& mutation : mutations->as_list()) {
      const Value& type = *mutation.get("action_type");
      clamps(mutation, type);
      deltas(mutation, type);
      if (const Value* fields = given(&mutation, "block_if_missing_fields"))
        required(*fields, type);
    }
  }

  void clamps(const Value& mutation, const Value& type) {
    const Value* fields = given(&mutation, "clamp_fields");
    if (fields == nullptr) return;
    constexpr double kMax = std::numeric_limits<double>::max();
    for (const auto& [field, bounds] : fields->as_map()) {
      const Value* low = given(&bounds, "min");
      const Value* high = given(&bounds, "max");
      Map rule;
      name_rule(rule, "clamp-" + field);
      rule.append("for", type);
      rule.append("field", field);
      rule.append("clamp", List{low != nullptr ? *low : Value(-kMax),
                                high != nullptr ? *high : Value(kMax)});
      mutations_.push_back(std::move(rule));
    }
  }

  void deltas(const Value& mutation, const Value& type) {
    const Value* fields = given(&mutation, "max_delta_fields");
    if (fields == nullptr) return;
    for (const auto& [field, delta] : fields->as_map()) {
      Map rule;
      name_rule(rule, "max-delta-" + field);
      rule.append("for", type);
      rule.append("field", field);
      rule.append("max_delta", delta);
      rule.append("from", "old_" + field);
      mutations_.push_back(std::move(rule));
    }
  }

  void required(const Value& fields, const Value& type) {
    Map rule;
    name_rule(rule, "required-fields");
    rule.append("for", type);
    rule.append("require", fields);
    guards_.push_back(std::move(rule));
  }

  void hard_guards() {
    const Value* hard = given(rcp_, "hard_guards");
    if (const Value* delta = given(hard, "weight_delta_max")) weight_delta(delta->as_double());
    if (const Value* share = given(hard, "budget_shift_max_percent"))
      budget_shift(share->as_double());
    if (const Value* most = given(hard, "pause_dest_max_per_day")) {
      limits_.push_back(Map{{"name", "pause-dest-max-per-day"},
                            {"for", List{"destination.pause", "route.pause"}},
                            {"max", *most},
                            {"per", "1d"},
                            {"key", "action.algorithm"}});
    }
    if (const Value* most = given(hard, "risk_ceiling_per_tick")) {
      limits_.push_back(
          Map{{"name", "risk-ceiling-per-tick"}, {"sum", "risk"}, {"max", *most}, {"per", "run"}});
    }
    if (const Value* most = given(hard, "actions_per_tick")) {
      limits_.push_back(Map{{"name", "actions-per-tick"}, {"max", *most}, {"per", "run"}});
    }
  }

  // Compared with the ends of the interval, as max_delta does it: a weight that was moved to one of
  // them passes. An absent field is an error, which blocks.
  void weight_delta(double delta) {
    const std::string d = double_text(delta);
    guards_.push_back(
        Map{{"name", "weight-delta-max"},
            {"for", "route.update_weight"},
            {"deny", fmt::format("action.data.weight > action.data.old_weight + {0} || "
                                 "action.data.weight < action.data.old_weight - {0}",
                                 cel_number(delta))},
            {"message", fmt::format("the weight moves from {{action.data.old_weight}} to "
                                    "{{action.data.weight}}, by more than {}",
                                    d)}});
  }

  // Multiplied out, so that an old budget of 0 allows no shift at all instead of dividing by it.
  void budget_shift(double share) {
    guards_.push_back(Map{
        {"name", "budget-shift-max-percent"},
        {"for", "budget.shift"},
        {"deny",
         fmt::format(
             "math.abs(action.data.budget - action.data.old_budget) > {} * action.data.old_budget",
             cel_number(share))},
        {"message",
         fmt::format(
             "the budget shifts from {{action.data.old_budget}} to {{action.data.budget}}, by "
             "more than the share {}",
             double_text(share))}});
  }

  void soft_guards() {
    const Value* soft = given(rcp_, "soft_guards");
    if (is_true(soft, "require_explain")) warn_unless("require-explain", "explain");
    if (is_true(soft, "require_plan_id")) warn_unless("require-plan-id", "plan_id");
    if (const Value* threshold = given(soft, "two_man_rule_threshold")) {
      guards_.push_back(
          Map{{"name", "two-man-rule"},
              {"approve", fmt::format("risk > {}", cel_number(threshold->as_double()))},
              {"approvals", 1}});
    }
  }

  void warn_unless(std::string name, std::string_view field) {
    guards_.push_back(Map{{"name", std::move(name)},
                          {"warn", fmt::format("!has(action.data.{})", field)},
                          {"message", fmt::format("the action has no data.{}", field)}});
  }

  void limits() {
    const Value* limits = given(rcp_, "limits");
    if (limits == nullptr) return;
    const std::int64_t seconds = limits->get("window_seconds")->as_int();
    limits_.push_back(Map{{"name", "actions-in-window"},
                          {"max", *limits->get("max_actions_in_window")},
                          {"per", format_duration(Duration::seconds(seconds))},
                          {"key", "action.algorithm"}});
  }

  // A double literal: 1 becomes 1.0, so that arithmetic with it stays in double.
  static std::string cel_number(double number) {
    const std::string text = double_text(number);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }

  const Value& content_;
  const Value* rcp_;
  Map spec_;
  List gates_, mutations_, guards_, limits_;
  std::set<std::string> names_;
};

}  // namespace

Value translate_rcp_policy(const Value& content) { return RcpTranslator(content).translate(); }

}  // namespace autopilot::policy
