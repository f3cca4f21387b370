#include "core/policy/deployment_checked.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::policy::deployment {

std::optional<Duration> duration_of(const Value& holder, std::string_view field) {
  const Value* found = holder.get(field);
  return found != nullptr && found->is_string() ? parse_duration(found->as_string()) : std::nullopt;
}

std::string text_of(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

CheckedSpec::CheckedSpec(const CheckInput& given, std::string of)
    : input(given),
      places(given.root),
      environment(std::move(of)),
      spec(expand_deployment(*given.content.get("spec"), environment)),
      metrics(metric_names(spec)) {}

const YamlNode* CheckedSpec::section(std::string_view name) const {
  const YamlEntry* environments = places.entry("environments");
  if (environments != nullptr && !environment.empty()) {
    const YamlNode* own = environments->value.find(environment);
    if (own != nullptr && own->find(name) != nullptr) return own->find(name);
  }
  const YamlEntry* entry = places.entry(name);
  return entry == nullptr ? nullptr : &entry->value;
}

Span CheckedSpec::span(std::string_view name) const {
  const YamlNode* found = section(name);
  return found != nullptr ? found->span : places.span();
}

std::string CheckedSpec::traffic_provider() const {
  const Value* traffic = spec.get("traffic");
  return traffic == nullptr ? "" : text_of(traffic->get("provider"));
}

bool CheckedSpec::is_said(std::string_view code, const Span& where) const {
  const std::vector<Diagnostic>& all = input.diagnostics.all();
  return std::any_of(all.begin(), all.end(), [&](const Diagnostic& d) {
    return d.code == code && d.span.source == where.source && d.span.begin == where.begin;
  });
}

Diagnostic& CheckedSpec::fault(Span where, std::string message) const {
  return input.diagnostics.error("wrong-value", where, std::move(message));
}

Diagnostic& CheckedSpec::unknown(Span where, std::string message, const std::string& word,
                                 const std::vector<std::string>& known) const {
  Diagnostic& d = input.diagnostics.error("unknown-name", where, std::move(message));
  d.help = std::string(trim(did_you_mean(word, known)));
  if (d.help.empty() && !known.empty()) d.help = "known are " + join(known, ", ");
  return d;
}

}  // namespace autopilot::policy::deployment
