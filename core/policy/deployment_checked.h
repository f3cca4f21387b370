#pragma once
// The spec of a Deployment that is being checked: the document's own, or that of one environment,
// expanded, with the places where its parts stand. The checks are in deployment_check*.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "core/policy/deployment.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"

namespace autopilot::policy::deployment {

std::string text_of(const Value* value);  // "" when it is no text
std::optional<Duration> duration_of(const Value& holder, std::string_view field);

struct CheckedSpec {
  CheckedSpec(const CheckInput& input, std::string environment);

  const CheckInput& input;
  Places places;
  std::string environment;
  Value spec;
  std::vector<std::string> metrics;  // their names

  // Where the section of this environment stands: its own, or the document's. Null when it is a
  // preset's, or is not there.
  const YamlNode* section(std::string_view name) const;
  Span span(std::string_view name) const;
  std::string traffic_provider() const;

  // Of another environment, at the same place.
  bool is_said(std::string_view code, const Span& where) const;
  Diagnostic& fault(Span where, std::string message) const;
  Diagnostic& unknown(Span where, std::string message, const std::string& word,
                      const std::vector<std::string>& known) const;
};

void check_hosts(const CheckedSpec& checked);
void check_steps(const CheckedSpec& checked);
void check_rules(const CheckedSpec& checked);
// `node` says which analyses must pass: a name or a list of them; null is fine.
void check_analysis(const CheckedSpec& checked, const YamlNode* node, const Value* value);
// One step's; `node` is what stands after `match:`.
void check_match(const CheckedSpec& checked, const YamlNode& node);
// Warns of metrics that cannot tell the arms apart where they are to decide between them.
void warn_of_arms(const CheckedSpec& checked);
// Warns where there are analyses, and no step asks for them, nor anything else.
void warn_of_blindness(const CheckedSpec& checked);
// Warns of conditions that numbers cannot make true, or false.
void warn_of_conditions(const CheckedSpec& checked);
void check_common(const CheckInput& input);  // what is the same in all environments

}  // namespace autopilot::policy::deployment
