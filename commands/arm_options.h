#pragma once
// Options that the commands about arms share. Each throws Error(usage) for what cannot be meant.

#include <map>
#include <string>
#include <vector>

#include "cli/context.h"

namespace autopilot::commands {

// "arm=item_id,reward=click": our columns to the file's.
std::map<std::string, std::string> columns_option(const std::string& text);
// Says on standard error which columns were taken for which of ours.
void tell_understood(cli::Context& context, const std::map<std::string, std::string>& names);
// "1,9": the alpha and beta of a Beta distribution.
std::vector<double> prior_option(const std::string& text);

}  // namespace autopilot::commands
