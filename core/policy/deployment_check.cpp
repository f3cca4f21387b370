// What the fields of a Deployment must say together. Here are what it needs, slots, metrics and
// conditions; the rest is in deployment_check_*.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/policy/deployment_checked.h"
#include "core/policy/deployment_placeholders.h"
#include "core/policy/deployment_shapes.h"

namespace autopilot::policy {
namespace deployment {
namespace {

class DeploymentChecker {
 public:
  DeploymentChecker(const CheckInput& input, std::string environment)
      : c_(input, std::move(environment)), names_(deployment_conditions(c_.metrics)) {}

  void check() {
    check_needed();
    check_hosts(c_);
    check_slots();
    check_metrics();
    check_steps(c_);
    check_bake();
    check_rules(c_);
    for (const char* name :
         {"metrics", "templates", "process", "health", "hooks", "checks", "steps"}) {
      if (const YamlNode* node = c_.section(name))
        check_placeholders(name, *node, c_.input.diagnostics);
    }
    warn_of_blindness(c_);
    warn_of_arms(c_);
    warn_of_conditions(c_);
  }
  void check_expressions() {
    for (const char* section : {"rollback", "objectives"}) {
      each(section, [&](const YamlNode& entry) { expression(entry.find("when")); });
    }
    each("steps", [&](const YamlNode& step) {
      const YamlNode* require = step.find("require");
      if (require == nullptr) return;
      if (require->is_scalar()) expression(require);
      for (const YamlNode& item : require->items) expression(&item);
    });
  }

 private:
  template <class F>
  void each(std::string_view name, F visit) const {
    const YamlNode* list = c_.section(name);
    if (list == nullptr || !list->is_list()) return;
    for (const YamlNode& entry : list->items) visit(entry);
  }

  void expression(const YamlNode* node) {
    if (node != nullptr && node->is_scalar()) c_.input.expressions.check_condition(*node, names_);
  }

  void check_needed() {
    for (const auto& [field, help] :
         {std::pair<const char*, const char*>{"steps", "write steps, or name a preset"},
          {"slots", "slots: {blue: {port: 8001}, green: {port: 8002}}"},
          {"traffic", "say what splits the traffic, such as provider: nginx"},
          {"process", "say what starts a version, such as provider: exec"}}) {
      if (c_.spec.get(field) != nullptr) continue;
      c_.input.diagnostics
          .error("missing-field", c_.places.span(),
                 c_.environment.empty()
                     ? fmt::format("a Deployment needs {}", field)
                     : fmt::format("the environment {} has no {}", c_.environment, field))
          .help = help;
    }
  }

  void check_slots() {
    const Value* slots = c_.spec.get("slots");
    if (slots == nullptr) return;
    std::set<std::int64_t> ports;
    for (const auto& [name, slot] : slots->as_map()) {
      if (!is_name(name))
        c_.fault(c_.span("slots"), fmt::format("\"{}\" cannot be a slot's name", name));
      if (!ports.insert(slot.get("port")->as_int()).second)
        c_.fault(c_.span("slots"), "both slots have the same port").help =
            "two versions run side by side: give each a port of its own";
    }
  }

  void check_metrics() {
    for (const std::string& name : c_.metrics) {
      const Value& metric = *c_.spec.get("metrics")->get(name);
      const YamlNode* written = c_.section("metrics");
      const YamlEntry* entry = written == nullptr ? nullptr : written->entry(name);
      const Span where = entry != nullptr ? entry->key_span : c_.span("metrics");
      const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
      }) && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
      if (!word)
        c_.fault(where, fmt::format("\"{}\" cannot be the name of a metric", name)).help =
            "conditions name it: letters, digits and underscores";
      if (const Value* wanted = metric.get("template"))
        check_template(*wanted, where);
      else if (metric.get("provider") == nullptr)
        c_.input.diagnostics
            .error("missing-field", where, fmt::format("the metric {} has no provider", name))
            .help = "provider: prometheus, for example";
      else
        check_metric(metric, entry, where, c_.input.diagnostics);
    }
  }
  // Expansion takes away what it can fill in, so this one is not there.
  void check_template(const Value& wanted, Span where) {
    const YamlEntry* templates = c_.places.entry("templates");
    std::vector<std::string> known;
    if (templates != nullptr) {
      for (const YamlEntry& e : templates->value.entries) known.push_back(e.key);
    }
    c_.unknown(where, fmt::format("no template is called {}", wanted.as_string()),
               wanted.as_string(), known);
  }

  void check_bake() {
    const Value* bake = c_.spec.get("bake");
    const YamlNode* node = c_.section("bake");
    if (bake == nullptr || node == nullptr) return;
    const Value* share = bake->get("holdback");
    const std::optional<int> points = share == nullptr ? std::nullopt : basis_points(*share);
    if (share != nullptr && (!points || *points == 0 || *points > 5000))
      c_.fault(node->find("holdback")->span, "holdback: expected more than 0% and at most 50%");
    check_analysis(c_, node->find("analysis"), bake->get("analysis"));
  }

  CheckedSpec c_;
  expr::Environment names_;
};

}  // namespace
}  // namespace deployment

void check_deployment(const CheckInput& input) {
  const Value* spec = input.content.get("spec");
  if (spec == nullptr || !spec->is_map()) return;
  deployment::DeploymentChecker(input, "").check_expressions();
  if (!input.sound) return;
  const std::size_t errors = input.diagnostics.errors();
  deployment::check_common(input);
  const Value* environments = spec->get("environments");
  if (environments == nullptr || environments->as_map().empty()) {
    deployment::DeploymentChecker(input, "").check();
    return;
  }
  for (const auto& [name, environment] : environments->as_map()) {
    if (input.diagnostics.errors() == errors) deployment::DeploymentChecker(input, name).check();
  }
}

}  // namespace autopilot::policy
