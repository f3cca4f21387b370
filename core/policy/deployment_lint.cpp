// What in a Deployment is allowed and yet hardly meant: a metric that reads the same for the canary
// as for stable, and decides between them.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/deployment_checked.h"

namespace autopilot::policy::deployment {
namespace {

// The others see the arm in another way (exec by its environment, process by its pid), or are about
// everything (alertmanager).
constexpr std::string_view kTellApartByText[] = {"prometheus", "prom",    "http", "file",
                                                 "nginx",      "haproxy", "probe"};

using Names = std::vector<std::string_view>;

bool have_hosts_of_their_own(const Value* slots) {
  if (slots == nullptr || !slots->is_map() || slots->as_map().size() != 2) return false;
  const Map& both = slots->as_map();
  return text_of(both.begin()->second.get("host")) !=
         text_of(std::next(both.begin())->second.get("host"));
}

// What is filled in with something that belongs to one arm.
Names names_of_arms(const Value& spec) {
  Names out{"version", "arm", "slot", "port", "pid"};
  if (have_hosts_of_their_own(spec.get("slots"))) out.push_back("host");
  return out;
}

bool text_has_place_for(std::string_view text, const Names& names) {
  for (std::size_t at = text.find("{{"); at != text.npos; at = text.find("{{", at + 2)) {
    const std::string_view word = trim(text.substr(at + 2, text.find("}}", at) - at - 2));
    if (std::find(names.begin(), names.end(), word) != names.end()) return true;
  }
  return false;
}

bool has_place_for(const Value& value, const Names& names) {
  const auto within = [&](const Value& v) { return has_place_for(v, names); };
  if (value.is_string()) return text_has_place_for(value.as_string(), names);
  if (value.is_list()) return std::any_of(value.as_list().begin(), value.as_list().end(), within);
  if (!value.is_map()) return false;
  return std::any_of(value.as_map().begin(), value.as_map().end(),
                     [&](const auto& entry) { return within(entry.second); });
}

class ArmsLint {
 public:
  explicit ArmsLint(const CheckedSpec& checked) : c_(checked) {}

  void check() {
    const Names names = names_of_arms(c_.spec);
    for (const std::string& name : c_.metrics) {
      const Value& metric = *c_.spec.get("metrics")->get(name);
      const std::string provider = text_of(metric.get("provider"));
      const bool by_text = std::find(std::begin(kTellApartByText), std::end(kTellApartByText),
                                     provider) != std::end(kTellApartByText);
      if (by_text && !has_place_for(metric, names) && decides(name, metric_is_count(metric)))
        warn(name, provider);
    }
  }

 private:
  // A value may well be about the whole, as in `canary.connections > 1000.0`.
  bool decides(const std::string& name, bool is_count) const {
    if (is_analysed(name, is_count)) return true;
    for (const std::string& text : conditions()) {
      const auto names = [&](std::string_view arm) { return mentions(text, arm, name); };
      if (!names("canary.")) continue;
      if (names("stable.") || (is_count && !names("before.") && !names("earlier."))) return true;
    }
    return false;
  }

  bool is_analysed(const std::string& name, bool is_count) const {
    bool any = false;
    if (const Value* analyses = c_.spec.get("analyses");
        analyses != nullptr && analyses->is_map()) {
      for (const auto& [id, analysis] : analyses->as_map()) {
        const Value* metrics = analysis.get("metrics");
        if (metrics == nullptr) {
          any = true;
          continue;
        }
        const List& list = metrics->as_list();
        if (std::any_of(list.begin(), list.end(),
                        [&](const Value& v) { return text_of(&v) == name; }))
          return true;
      }
    }
    if (!is_count) return false;
    return any || std::any_of(steps().begin(), steps().end(), [](const Value& step) {
             return text_of(step.get("analysis")) == "sequential";
           });
  }

  std::vector<std::string> conditions() const {
    std::vector<std::string> out;
    if (const Value* rules = c_.spec.get("rollback"); rules != nullptr && rules->is_list()) {
      for (const Value& rule : rules->as_list()) out.push_back(text_of(rule.get("when")));
    }
    for (const Value& step : steps()) {
      const Value* require = step.get("require");
      if (require == nullptr) continue;
      out.push_back(text_of(require));
      if (!require->is_list()) continue;
      for (const Value& one : require->as_list()) out.push_back(text_of(&one));
    }
    return out;
  }
  const List& steps() const {
    static const List kNone;
    const Value* steps = c_.spec.get("steps");
    return steps != nullptr && steps->is_list() ? steps->as_list() : kNone;
  }

  static bool mentions(std::string_view text, std::string_view arm, const std::string& name) {
    const std::string whole = std::string(arm) + name;
    for (std::size_t at = text.find(whole); at != text.npos; at = text.find(whole, at + 1)) {
      const std::size_t end = at + whole.size();
      const char next = end < text.size() ? text[end] : ' ';
      if (std::isalnum(static_cast<unsigned char>(next)) == 0 && next != '_') return true;
    }
    return false;
  }

  void warn(const std::string& name, std::string_view provider) {
    const YamlNode* written = c_.section("metrics");
    const YamlEntry* entry = written == nullptr ? nullptr : written->entry(name);
    const Span where = entry != nullptr ? entry->key_span : c_.span("metrics");
    if (c_.is_said("arms-alike", where)) return;  // of another environment
    Diagnostic& d = c_.input.diagnostics.warning(
        "arms-alike", where,
        fmt::format("{} reads the same for canary and stable, so it cannot tell a bad version "
                    "from the one that serves beside it",
                    name));
    d.help = help_of(provider);
  }

  static std::string help_of(std::string_view provider) {
    if (provider == "nginx")
      return "where: {upstream_addr: \"127.0.0.1:{{port}}\"} with log_format: timed, for example";
    if (provider == "haproxy") return "server: \"{{slot}}\", for example";
    if (provider == "file") return "where: {version: \"{{version}}\"}, for example";
    if (provider == "probe") return "url: \"http://127.0.0.1:{{port}}/\", for example";
    return "name {{version}}, {{arm}}, {{slot}} or {{port}} in what is asked";
  }

  const CheckedSpec& c_;
};

}  // namespace

void warn_of_arms(const CheckedSpec& checked) { ArmsLint(checked).check(); }

}  // namespace autopilot::policy::deployment
