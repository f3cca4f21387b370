#include "core/loop/shares.h"

#include <fmt/format.h>

namespace autopilot::loop {

Map segment_map(const std::vector<std::string>& keys, const Segment& segment) {
  Map out;
  for (std::size_t k = 0; k < keys.size(); ++k) out.append(keys[k], segment[k]);
  return out;
}

Segment segment_in(const std::vector<std::string>& keys, const Value& map) {
  Segment out;
  for (const std::string& key : keys) {
    const Value* value = map.get(key);
    out.push_back(value != nullptr && value->is_string() ? value->as_string() : std::string());
  }
  return out;
}

std::string segment_name(const std::vector<std::string>& keys, const Segment& segment) {
  std::string out;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    out += fmt::format("{}{}={}", k == 0 ? "" : ", ", keys[k], segment[k]);
  }
  return out;
}

}  // namespace autopilot::loop
