#pragma once
// {{version}} and its like, as they stand in a Deployment: each section knows its own.

#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/yaml.h"

namespace autopilot::policy::deployment {

// Finds placeholders in what is written in `section` (metrics, templates, process, health, hooks,
// checks or steps) that nothing would fill in.
void check_placeholders(std::string_view section, const YamlNode& node, Diagnostics& diagnostics);

}  // namespace autopilot::policy::deployment
