#include "core/policy/deployment_placeholders.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/text.h"

namespace autopilot::policy::deployment {
namespace {

using Names = std::vector<std::string>;

const Names& names_in(std::string_view section, std::string_view field) {
  static const Names metrics{"version", "arm", "slot", "host", "port", "pid", "metric"};
  static const Names process{"version", "slot", "port", "host", "deployment"};
  static const Names unit{"slot", "deployment"};
  static const Names rollout{"version",    "previous",    "slot",    "port", "host",
                             "deployment", "environment", "rollout", "cause"};
  if (section == "metrics" || section == "templates") return metrics;
  if (field == "unit" || field == "environment_file") return unit;
  return section == "process" || section == "health" ? process : rollout;
}

class PlaceholderChecker {
 public:
  PlaceholderChecker(std::string_view section, Diagnostics& diagnostics)
      : section_(section), diagnostics_(diagnostics) {}

  void visit(const YamlNode& node, std::string_view field) {
    if (node.is_scalar()) return check(node, names_in(section_, field));
    for (const YamlNode& item : node.items) visit(item, field);
    for (const YamlEntry& entry : node.entries) visit(entry.value, entry.key);
  }

 private:
  void check(const YamlNode& node, const Names& known) {
    std::string_view text = node.text;
    for (;;) {
      const std::size_t open = text.find("{{");
      const std::size_t close = open == text.npos ? text.npos : text.find("}}", open);
      if (close == text.npos) return;
      const std::string name(trim(text.substr(open + 2, close - open - 2)));
      if (std::find(known.begin(), known.end(), name) == known.end()) report(node, name, known);
      text.remove_prefix(close + 2);
    }
  }

  void report(const YamlNode& node, const std::string& name, const Names& known) {
    Diagnostic& d = diagnostics_.error("unknown-name", node.span,
                                       fmt::format("nothing fills in {{{{{}}}}} here", name));
    d.help = std::string(trim(did_you_mean(name, known)));
    if (d.help.empty()) d.help = "known here are " + join(known, ", ");
  }

  std::string_view section_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_placeholders(std::string_view section, const YamlNode& node, Diagnostics& diagnostics) {
  PlaceholderChecker(section, diagnostics).visit(node, "");
}

}  // namespace autopilot::policy::deployment
