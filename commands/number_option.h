#pragma once
// Numbers on the command line that options.h has no type for.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::commands {

// Each throws Error(usage) naming `option` for what is none. Empty text: `otherwise`.
double number_option(const std::string& text, std::string_view option, double otherwise);
// One that is not below 0.
double size_option(const std::string& text, std::string_view option, double otherwise);
double share_option(const std::string& text, std::string_view option, double otherwise);
// "0.9,0.8": as many as there are.
std::vector<double> numbers_option(const std::string& text, std::string_view option);
// "0,1": two.
std::vector<double> pair_option(const std::string& text, std::string_view option);

}  // namespace autopilot::commands
