#include "core/expr/scratch.h"

#include <algorithm>

namespace autopilot::expr {
namespace {

constexpr std::size_t kKept = 32;  // zones or patterns

// The entry of `name`, made by `make` when it is new. A full table starts over.
template <class Entries, class Make>
auto& remembered(Entries& entries, std::string_view name, Make make) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found != entries.end()) return found->second;
  if (entries.size() == kKept) entries.clear();
  return entries.emplace_back(std::string(name), make(name)).second;
}

}  // namespace

const TimeZone* Scratch::zone(std::string_view name) {
  const auto& zone = remembered(zones_, name, TimeZone::load);
  return zone ? &*zone : nullptr;
}

const Regex& Scratch::regex(std::string_view pattern) {
  return remembered(regexes_, pattern, [](std::string_view text) { return Regex(text); });
}

}  // namespace autopilot::expr
