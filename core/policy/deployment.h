#pragma once
// What is common to those who check Deployments and those who run them: presets, the document with
// all that it takes from elsewhere filled in, and the names that its conditions may use.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/expr/check.h"

namespace autopilot::policy {

// The spec of a Deployment in one environment (empty: none): what the environment says comes before
// the spec, that before the preset; metrics have the fields of their templates. The result is again
// the spec of a Deployment, without environments, preset and templates. What a preset says about
// metrics that are not there is left out.
Value expand_deployment(const Value& spec, const std::string& environment);

// A preset as it is written here; null when there is none of that name.
Value deployment_preset(std::string_view name);

// What `when` and `require` may name: canary, stable, before and earlier with these metrics, and
// weight.
expr::Environment deployment_conditions(const std::vector<std::string>& metrics);
std::vector<std::string> metric_names(const Value& spec);  // of an expanded spec

// Of one entry of `metrics`, whole. Whether it counts events; else it is a value.
bool metric_is_count(const Value& metric);
// Whether readings of the past can be had later on. Without, each reading stands for its own time.
bool metric_has_history(const Value& metric);
// How much older than a reading its newest numbers are, by the provider's own doing.
Duration metric_delay(const Value& metric);
// Lines of one second come for about as long: what is younger is left for the next reading.
inline constexpr Duration kAccessLogDelay = Duration::seconds(2);

// Basis points of a share as documents have it, "5%" or 0.05; absent when it is none of whole
// basis points.
std::optional<int> basis_points(const Value& share);

}  // namespace autopilot::policy
