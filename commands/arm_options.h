#pragma once
// Options that the commands about arms share. Each throws Error(usage) for what cannot be meant.

#include <map>
#include <string>
#include <vector>

namespace autopilot::commands {

// "arm=item_id,reward=click": our columns to the file's.
std::map<std::string, std::string> columns_option(const std::string& text);
// "1,9": the alpha and beta of a Beta distribution.
std::vector<double> prior_option(const std::string& text);

}  // namespace autopilot::commands
