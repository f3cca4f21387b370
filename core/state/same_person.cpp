#include "core/state/same_person.h"

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::state {

void add_name(Names& names, std::string_view name) {
  if (name.empty()) return;
  names.emplace(name);
  const std::string_view local = name.substr(0, name.find('@'));
  if (!local.empty()) names.emplace(local);
}

Names names_of(const Who& who) {
  Names names;
  add_name(names, who.actor);
  for (const std::string& part : split(who.identity, ' ')) {
    std::string_view name = part;
    name.remove_prefix(std::min(name.size(), name.find(':') + 1));
    name.remove_prefix(std::min(name.size(), name.find('=') + 1));
    add_name(names, name);
  }
  return names;
}

bool share_a_name(const Names& a, const Names& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return b.contains(name); });
}

}  // namespace autopilot::state
