// What the fields of an Algorithm must say together: bounds that can be met, a provider with what
// it needs, paths that can be listed.
#include <fmt/format.h>

#include <set>

#include "core/base/cron_times.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"

namespace autopilot::policy {
namespace {

constexpr double kSlack = 1e-9;

double share_at(const Value* holder, std::string_view field, double otherwise) {
  const Value* found = holder == nullptr ? nullptr : holder->get(field);
  if (found == nullptr) return otherwise;
  if (found->is_number()) return found->as_double();
  return found->is_string() ? parse_share(found->as_string()).value_or(otherwise) : otherwise;
}

class AlgorithmChecker {
 public:
  explicit AlgorithmChecker(const CheckInput& input)
      : input_(input), places_(input.root), spec_(*input.content.get("spec")) {}

  void check() {
    check_arms();
    check_objective();
    check_memory();
    check_files();
    check_segment();
    check_schedule();
    check_actuator();
  }

 private:
  Diagnostic& fault(Span where, std::string message) {
    return input_.diagnostics.error("wrong-value", where, std::move(message));
  }
  Span span(std::string_view section, std::string_view field) const {
    const YamlEntry* entry = places_.entry(section);
    const YamlNode* found = entry == nullptr ? nullptr : entry->value.find(field);
    return found != nullptr ? found->span : places_.span(section);
  }
  const Map& arms() const { return spec_.get("arms")->as_map(); }

  void check_arms() {
    const Value* optimizer = spec_.get("optimizer");
    const double least = share_at(optimizer, "floor", 0), most = share_at(optimizer, "cap", 1);
    double floors = 0, caps = 0;
    for (const auto& [name, arm] : arms()) {
      if (!is_name(name)) fault(span("arms", name), fmt::format("\"{}\" cannot be a name", name));
      const double floor = share_at(&arm, "floor", least);
      const double cap = share_at(&arm, "cap", std::max(most, floor));
      if (floor > cap)
        fault(span("arms", name), fmt::format("{}: its floor is above its cap", name));
      floors += floor;
      caps += cap;
    }
    const std::string_view section = places_.entry("optimizer") != nullptr ? "optimizer" : "arms";
    if (floors > 1 + kSlack) {
      fault(places_.span(section),
            fmt::format("the floors of {} arms add up to more than the whole", arms().size()));
    }
    if (caps < 1 - kSlack) {
      fault(places_.span(section),
            fmt::format("the caps of {} arms add up to less than the whole", arms().size()));
    }
  }

  void check_objective() {
    const Value* objective = spec_.get("objective");
    const Value* range = objective == nullptr ? nullptr : objective->get("range");
    if (range != nullptr && !(range->as_list()[0].as_double() < range->as_list()[1].as_double())) {
      fault(span("objective", "range"), "the range of rewards begins before it ends: [0, 1]");
    }
    const Value* optimizer = spec_.get("optimizer");
    const Value* prior = optimizer == nullptr ? nullptr : optimizer->get("prior");
    if (prior == nullptr) return;
    for (const Value& one : prior->as_list()) {
      if (!(one.as_double() > 0)) fault(span("optimizer", "prior"), "a prior is above 0");
    }
  }

  void check_memory() {
    for (const char* field : {"half_life", "window"}) {
      const Value* optimizer = spec_.get("optimizer");
      const Value* found = optimizer == nullptr ? nullptr : optimizer->get(field);
      if (found == nullptr) continue;
      const auto duration = parse_duration(found->as_string());
      if (duration && *duration < Duration::seconds(1)) {
        fault(span("optimizer", field), fmt::format("{} is one second at least", field));
      }
    }
  }

  void check_files() {
    const Value* files = spec_.get("events")->get("files");
    const List one{*files};
    for (const Value& file : files->is_list() ? files->as_list() : one) {
      const std::string& path = file.as_string();
      const std::size_t slash = path.rfind('/');
      const bool folder_varies = slash != std::string::npos && path.find_first_of("*?") < slash;
      if (folder_varies) {
        fault(span("events", "files"),
              fmt::format("{}: only the last part of a path may have *", path));
      }
    }
  }

  // Segments are told apart where the shares are read, not by a proxy that has one set of weights.
  void check_segment() {
    const Value* segment = spec_.get("segment");
    if (segment == nullptr) return;
    std::set<std::string> seen;
    const List one{*segment};
    for (const Value& key : segment->is_list() ? segment->as_list() : one) {
      if (key.as_string().empty()) fault(places_.span("segment"), "a segment key has a name");
      if (!seen.insert(key.as_string()).second) {
        fault(places_.span("segment"), fmt::format("{} is a segment key twice", key.as_string()));
      }
    }
    const Value& actuator = *spec_.get("actuator");
    const std::string& provider = actuator.get("provider")->as_string();
    if (provider == "haproxy" || provider == "nginx" || provider == "kubernetes") {
      fault(span("actuator", "provider"),
            fmt::format("{} has one set of weights for everybody, not one for each segment",
                        provider))
          .help = "exec, webhook and file can carry segments";
    }
    if (actuator.get("total") != nullptr) {
      fault(span("actuator", "total"), "a total is divided among arms, not among segments").help =
          "leave out total, or segment";
    }
  }

  void check_schedule() {
    const Value* schedule = spec_.get("schedule");
    if (schedule == nullptr) return;
    if (const Value* cron = schedule->get("cron")) {
      const CronResult parsed = parse_cron(cron->as_string());
      if (!parsed.cron || next_due(*parsed.cron, TimeZone(), Instant())) return;
      fault(span("schedule", "cron"), fmt::format("{} never comes", cron->as_string()));
      return;
    }
    for (const char* field : {"timezone", "missed"}) {
      if (schedule->get(field) != nullptr) {
        fault(span("schedule", field),
              fmt::format("{} says something of cron, and there is none", field));
      }
    }
  }

  void check_actuator() {
    const Value& actuator = *spec_.get("actuator");
    const std::string& provider = actuator.get("provider")->as_string();
    if (provider == "haproxy") need(actuator, "socket");
    if (provider == "exec") need(actuator, "set");
    if (provider == "webhook") check_url(actuator);
    if (provider == "file") need(actuator, "path");
    for (const char* field : {"set", "read"}) refuse_placeholders(actuator, field);
    if (provider != "nginx" && provider != "kubernetes") return;
    need(actuator, "traffic");
    if (arms().size() != 2) {
      fault(places_.span("arms"),
            fmt::format("{} splits between two arms, not {}", provider, arms().size()))
          .help = "haproxy and exec take more";
    }
    for (const auto& [name, arm] : arms()) {
      if (provider == "nginx" && arm.get("port") == nullptr) {
        fault(span("arms", name), fmt::format("{}: nginx needs its port", name));
      }
    }
  }

  // A secret's content is known when it is used.
  void check_url(const Value& actuator) {
    need(actuator, "url");
    const Value* url = actuator.get("url");
    if (url == nullptr) return;
    const std::string& text = url->as_string();
    if (text.find("${") != std::string::npos || text.starts_with("http://") ||
        text.starts_with("https://"))
      return;
    fault(span("actuator", "url"),
          fmt::format("{} is no URL that starts with http:// or https://", text));
  }

  // They would reach the command as they are written.
  void refuse_placeholders(const Value& actuator, const std::string& field) {
    const Value* words = actuator.get(field);
    if (words == nullptr) return;
    for (const Value& word : words->as_list()) {
      if (word.as_string().find("{{") == std::string::npos) continue;
      fault(span("actuator", field), fmt::format("nothing fills in {} here", word.as_string()))
          .help = "the command reads the shares as JSON on its standard input";
    }
  }

  void need(const Value& actuator, std::string_view field) {
    if (actuator.get(field) != nullptr) return;
    input_.diagnostics.error(
        "missing-field", places_.span("actuator"),
        fmt::format("the actuator {} needs {}", actuator.get("provider")->as_string(), field));
  }

  const CheckInput& input_;
  Places places_;
  const Value& spec_;
};

}  // namespace

void check_algorithm(const CheckInput& input) {
  if (!input.sound) return;
  AlgorithmChecker(input).check();
  warn_of_algorithm(input);
}

}  // namespace autopilot::policy
