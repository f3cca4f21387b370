// What the fields of a Deployment must say together that is the same in all environments.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/deployment_checked.h"

namespace autopilot::policy::deployment {
namespace {

class CommonChecker {
 public:
  explicit CommonChecker(const CheckInput& input) : input_(input), places_(input.root) {}

  void check() {
    for (const char* section : {"freeze", "maintenance"}) check_windows(section);
    check_durations();
    check_environments();
    warn_of_blindness();
  }

 private:
  void check_windows(std::string_view section) {
    const YamlEntry* list = places_.entry(section);
    if (list == nullptr) return;
    for (const YamlNode& window : list->value.items) {
      const bool cron = window.find("cron") != nullptr;
      const YamlNode* from = window.find("from");
      const YamlNode* until = window.find("until");
      if (cron == (from != nullptr || until != nullptr)) {
        input_.diagnostics
            .error("conflicting-fields", window.span,
                   cron ? "a window of time has either cron or from and until"
                        : "a window of time needs cron, or from and until")
            .help = "cron: \"* * * * 5\", or from and until with times";
      } else if (from != nullptr && until != nullptr &&
                 parse_rfc3339(from->text) >= parse_rfc3339(until->text)) {
        input_.diagnostics.error("wrong-value", until->span, "the window ends before it begins");
      }
    }
  }

  void check_durations() {
    for (const char* field : {"interval", "tick"}) {
      const YamlEntry* entry = places_.entry(field);
      if (entry == nullptr) continue;
      const std::optional<Duration> value = parse_duration(entry->value.text);
      if (value && *value >= Duration::seconds(1)) continue;
      input_.diagnostics
          .error("wrong-value", entry->value.span,
                 fmt::format("{}: {} is too short", field, entry->value.text))
          .help = "write a second or more";
    }
  }

  void check_environments() {
    const YamlEntry* all = places_.entry("environments");
    if (all == nullptr) return;
    std::vector<std::string> names;
    for (const YamlEntry& e : all->value.entries) names.push_back(e.key);
    for (const YamlEntry& e : all->value.entries) {
      if (!is_name(e.key))
        input_.diagnostics.error("odd-name", e.key_span,
                                 fmt::format("\"{}\" cannot be an environment's name", e.key));
      const YamlNode* wanted = e.value.find("requires");
      if (wanted == nullptr) continue;
      if (std::find(names.begin(), names.end(), wanted->text) == names.end()) {
        Diagnostic& d = input_.diagnostics.error(
            "unknown-name", wanted->span, fmt::format("no environment is called {}", wanted->text));
        d.help = std::string(trim(did_you_mean(wanted->text, names)));
      } else if (leads_back(all->value, e.key)) {
        input_.diagnostics.error("wrong-value", wanted->span,
                                 fmt::format("{} requires itself, in a circle", e.key));
      }
    }
  }
  static bool leads_back(const YamlNode& all, const std::string& name) {
    std::string at = name;
    for (std::size_t i = 0; i <= all.entries.size(); ++i) {
      const YamlNode* environment = all.find(at);
      const YamlNode* next = environment == nullptr ? nullptr : environment->find("requires");
      if (next == nullptr) return false;
      at = next->text;
      if (at == name) return true;
    }
    return false;
  }

  void warn_of_blindness() {
    const Value spec = expand_deployment(*input_.content.get("spec"), "");
    if (spec.get("metrics") != nullptr || places_.entry("environments") != nullptr) return;
    input_.diagnostics
        .warning("no-rules", places_.span(),
                 "nothing is measured, so a bad version goes forward as a good one does")
        .help = "add metrics, and rollback rules or an analysis";
  }

  const CheckInput& input_;
  Places places_;
};

}  // namespace

void check_common(const CheckInput& input) { CommonChecker(input).check(); }

}  // namespace autopilot::policy::deployment
