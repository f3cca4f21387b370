#pragma once
// What the field `hosts` of a Deployment names: "local", or a machine as ssh is told of it.

#include <string>
#include <string_view>

namespace autopilot::policy {

// "[user@]host" or "ssh://[user@]host[:port]", and nothing that ssh or a shell reads otherwise.
bool is_ssh_target(std::string_view text);

// The host of a target: "web1" of "ssh://deploy@web1:2222".
std::string address_of_target(std::string_view target);

bool is_numeric_address(const std::string& text);  // IPv4 or IPv6

}  // namespace autopilot::policy
