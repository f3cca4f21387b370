// What the fields of a Budget must say together: names that are there, limits that leave room,
// curves that are curves.
#include <fmt/format.h>

#include <map>

#include "core/base/text.h"
#include "core/optimize/plan.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"

namespace autopilot::policy {

extern const ValueShape kBudgetChannels;

namespace {

class BudgetChecker {
 public:
  explicit BudgetChecker(const CheckInput& input)
      : input_(input), places_(input.root), spec_(*input.content.get("spec")) {}

  void check() {
    check_total();
    check_goal();
    const YamlEntry* channels = places_.entry("channels");
    if (channels == nullptr) return;
    if (channels->value.is_map())
      check_file(channels->value);
    else if (check_shape(channels->value, kBudgetChannels, "channels", input_.diagnostics))
      check_channels(channels->value);
    if (const YamlEntry* groups = places_.entry("groups")) check_groups(groups->value);
    if (const YamlEntry* pacing = places_.entry("pacing")) check_pacing(pacing->value);
    if (const YamlEntry* risk = places_.entry("risk")) check_risk(risk->value);
  }

 private:
  Diagnostic& fault(Span where, std::string message) {
    return input_.diagnostics.error("wrong-value", where, std::move(message));
  }

  static std::optional<double> number(const YamlNode& holder, std::string_view field) {
    const YamlNode* node = holder.find(field);
    if (node == nullptr || !node->is_scalar()) return std::nullopt;
    const Value value = scalar_value(*node);
    return value.is_number() ? std::optional<double>(value.as_double()) : std::nullopt;
  }

  void check_room(const YamlNode& holder, const std::string& what) {
    const std::optional<double> low = number(holder, "min"), high = number(holder, "max");
    if (low && high && *low > *high)
      fault(holder.find("min")->span, fmt::format("{}: min {} is above max {}", what,
                                                  optimize::amount(*low), optimize::amount(*high)));
    if (holder.find("roi_min") != nullptr && holder.find("cpa_max") != nullptr)
      input_.diagnostics
          .error("conflicting-fields", holder.find("cpa_max")->span,
                 fmt::format("{} has both roi_min and cpa_max", what))
          .help = "cpa_max: C is roi_min: 1/C";
    if (number(holder, "cpa_max") == 0.0)
      fault(holder.find("cpa_max")->span, "cpa_max: 0 buys nothing").help =
          "write what a unit may cost";
  }

  void check_total() {
    const YamlEntry* total = places_.entry("total");
    if (total == nullptr) return;
    const YamlNode& node = total->value;
    const Value value = node.is_scalar() ? scalar_value(node) : Value();
    if (value.is_number()) {
      if (!(value.as_double() >= 0)) fault(node.span, "total: an amount is not below 0");
      return;
    }
    if (!node.is_map()) {
      input_.diagnostics.error("wrong-type", node.span, "total: expected an amount, or {min, max}");
      return;
    }
    for (const YamlEntry& entry : node.entries) {
      const bool known = entry.key == "min" || entry.key == "max";
      if (!known)
        input_.diagnostics
            .error("unknown-field", entry.key_span,
                   fmt::format("total: unknown field \"{}\"", entry.key))
            .help = "known are min and max";
      else if (number(node, entry.key).value_or(-1) < 0)
        input_.diagnostics.error("wrong-type", entry.value.span,
                                 fmt::format("total.{}: expected an amount", entry.key));
    }
    check_room(node, "total");
  }

  void check_goal() {
    const Value* objective = spec_.get("objective");
    const bool least = objective != nullptr && objective->as_string() == "min_spend";
    const YamlEntry* wanted = places_.entry("return_min");
    if (least && wanted == nullptr)
      input_.diagnostics
          .error("missing-field", places_.span("objective"), "min_spend needs return_min")
          .help = "return_min: the return to be reached";
    if (!least && wanted != nullptr)
      input_.diagnostics
          .error("conflicting-fields", wanted->key_span,
                 "return_min goes with objective: min_spend")
          .help = "for a floor on return per spend write roi_min";
    const YamlEntry* target = places_.entry("target_marginal_roi");
    if (target != nullptr && least)
      input_.diagnostics.error("conflicting-fields", target->key_span,
                               "target_marginal_roi goes with max_return");
    const YamlNode* spec = input_.root.find("spec");
    check_room(*spec, "the budget");
  }

  void check_file(const YamlNode& node) {
    const YamlNode* from = node.find("from");
    if (from == nullptr || !from->is_scalar())
      input_.diagnostics.error("missing-field", node.span, "channels: a list, or {from: FILE}");
    for (const YamlEntry& entry : node.entries) {
      if (entry.key == "from") continue;
      input_.diagnostics
          .error("unknown-field", entry.key_span,
                 fmt::format("channels: unknown field \"{}\"", entry.key))
          .help = "channels: {from: channels.csv}";
    }
    in_file_ = true;
  }

  void check_channels(const YamlNode& list) {
    for (const YamlNode& node : list.items) {
      const Value channel = to_value(node, input_.diagnostics);
      std::string odd;
      const optimize::ChannelRow row = optimize::row_from(channel, odd);
      const YamlNode* curve = node.find("curve");
      if (!odd.empty()) fault(curve != nullptr ? curve->span : node.span, odd);
      const auto [first, is_new] = channels_.try_emplace(row.id, node.find("id")->span);
      if (!is_new) {
        Diagnostic& d = input_.diagnostics.error("duplicate-name", node.find("id")->span,
                                                 fmt::format("two channels are called {}", row.id));
        d.related.push_back({"the other one is here", first->second});
      }
      names_.push_back(row.id);
      check_room(node, row.id);
      if (row.active_min && row.max && *row.active_min > *row.max)
        fault(node.find("min_if_active")->span,
              fmt::format("{}: min_if_active is above max, so that it can never be on", row.id));
      if (row.frozen && node.find("max_shift") != nullptr)
        input_.diagnostics.error("conflicting-fields", node.find("max_shift")->span,
                                 fmt::format("{} is frozen, so max_shift says nothing", row.id));
    }
  }

  void check_known(const YamlNode& name, std::string_view where) {
    if (in_file_ || channels_.contains(name.text)) return;
    input_.diagnostics
        .error("unknown-name", name.span,
               fmt::format("{}: there is no channel {}", where, name.text))
        .help = std::string(trim(did_you_mean(name.text, names_)));
  }

  void check_groups(const YamlNode& list) {
    std::map<std::string, Span> seen;
    for (const YamlNode& group : list.items) {
      const YamlNode* id = group.find("id");
      const auto [first, is_new] = seen.try_emplace(id->text, id->span);
      if (!is_new)
        input_.diagnostics
            .error("duplicate-name", id->span, fmt::format("two groups are called {}", id->text))
            .related.push_back({"the other one is here", first->second});
      check_room(group, "group " + id->text);
      if (const YamlNode* members = group.find("channels"))
        for (const YamlNode& member : members->items) check_known(member, "group " + id->text);
    }
    const YamlEntry* channels = places_.entry("channels");
    if (in_file_) return;
    for (const YamlNode& channel : channels->value.items) {
      const YamlNode* group = channel.find("group");
      if (group == nullptr || seen.contains(group->text)) continue;
      std::vector<std::string> known;
      for (const auto& [name, span] : seen) known.push_back(name);
      input_.diagnostics
          .error("unknown-name", group->span, fmt::format("there is no group {}", group->text))
          .help = std::string(trim(did_you_mean(group->text, known)));
    }
  }

  void check_pacing(const YamlNode& list) {
    for (const YamlNode& pace : list.items) {
      check_known(*pace.find("through"), "pacing");
      check_room(pace, "pacing");
      if (pace.find("min") == nullptr && pace.find("max") == nullptr)
        input_.diagnostics.error("missing-field", pace.span, "a pace needs min or max");
    }
  }

  void check_risk(const YamlNode& risk) {
    if (const YamlNode* variance = risk.find("variance")) check_keys(*variance, "risk.variance");
    if (const YamlNode* factors = risk.find("factors"))
      for (const YamlNode& factor : factors->items) check_keys(factor, "risk.factors");
    if (const YamlNode* covariance = risk.find("covariance")) {
      check_keys(*covariance, "risk.covariance");
      for (const YamlEntry& row : covariance->entries) check_keys(row.value, "risk.covariance");
    }
  }
  void check_keys(const YamlNode& map, std::string_view where) {
    for (const YamlEntry& entry : map.entries) {
      if (in_file_ || channels_.contains(entry.key)) continue;
      input_.diagnostics
          .error("unknown-name", entry.key_span,
                 fmt::format("{}: there is no channel {}", where, entry.key))
          .help = std::string(trim(did_you_mean(entry.key, names_)));
    }
  }

  const CheckInput& input_;
  Places places_;
  const Value& spec_;
  bool in_file_ = false;
  std::map<std::string, Span> channels_;
  std::vector<std::string> names_;
};

}  // namespace

void check_budget(const CheckInput& input) {
  const Value* spec = input.content.get("spec");
  if (spec != nullptr && spec->is_map() && input.sound) BudgetChecker(input).check();
}

}  // namespace autopilot::policy
