// The rollback rules of a Deployment: that what they ask for can be seen.
#include <fmt/format.h>

#include "core/policy/deployment_checked.h"

namespace autopilot::policy::deployment {
namespace {

constexpr Duration kDefaultInterval = Duration::seconds(10);

class RulesCheck {
 public:
  explicit RulesCheck(const CheckedSpec& checked) : c_(checked) {}

  void check() {
    const YamlNode* written = c_.section("rollback");
    if (written == nullptr || !written->is_list()) return;
    const List& rules = c_.spec.get("rollback")->as_list();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const YamlNode& node = written->items[i];
      if (node.find("for") != nullptr && node.find("consecutive") != nullptr)
        c_.input.diagnostics
            .error("conflicting-fields", node.entry("consecutive")->key_span,
                   "a rollback rule can't have both for and consecutive")
            .help = "either a time or a number of samples in a row";
      check_for(rules[i], node);
      const std::string when = text_of(rules[i].get("when"));
      if (when.find("earlier.") != std::string::npos && node.find("ago") == nullptr)
        c_.input.diagnostics
            .error("missing-field", node.find("when")->span, "earlier needs the field ago")
            .help = "ago: 10m, for example";
    }
  }

 private:
  // Of a provider without history a tick sees one moment: two of them make the shortest stretch.
  void check_for(const Value& rule, const YamlNode& node) {
    const auto lasting = duration_of(rule, "for");
    if (!lasting) return;
    const Duration interval = duration_of(c_.spec, "interval").value_or(kDefaultInterval);
    const Duration tick = duration_of(c_.spec, "tick").value_or(interval);
    for (const std::string& name : c_.metrics) {
      if (text_of(rule.get("when")).find("." + name) == std::string::npos) continue;
      const Value& metric = *c_.spec.get("metrics")->get(name);
      const std::string provider = text_of(metric.get("provider"));
      const bool history = metric_has_history(metric);
      const Duration shortest{2 * (history ? interval : std::max(interval, tick)).nanos};
      if (*lasting >= shortest) continue;
      c_.fault(node.find("for")->span,
               history
                   ? fmt::format("for: {} is less than two intervals", format_duration(*lasting))
                   : fmt::format("for: {} is less than two ticks, and {} has no history to fill "
                                 "them",
                                 format_duration(*lasting), provider))
          .help = fmt::format("write for: {} or more", format_duration(shortest));
      return;
    }
  }

  const CheckedSpec& c_;
};

}  // namespace

void check_rules(const CheckedSpec& checked) { RulesCheck(checked).check(); }

}  // namespace autopilot::policy::deployment
