#pragma once
// Base 64 (RFC 4648, standard alphabet).

#include <optional>
#include <string>
#include <string_view>

namespace autopilot {

std::string to_base64(std::string_view bytes);  // padded
// Padding must be right; nothing else may stand there. Null when it is otherwise.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace autopilot
