#include "core/loop/arm_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::loop {
namespace {

struct Known {
  const char* ours;
  std::vector<std::string> theirs;
};

const std::vector<Known>& known_names() {
  static const std::vector<Known> all{
      {"arm", {"variant", "destination", "destination_id", "item_id", "action", "name"}},
      {"trials",
       {"n", "count", "impressions", "visits", "views", "pulls", "plays", "sessions", "requests"}},
      {"sum", {"successes", "conversions", "clicks", "wins", "orders", "sales", "total_reward"}},
      {"reward", {"click", "conversion", "converted", "success", "win"}},
      {"weight", {"current_weight", "old_weight"}}};
  return all;
}

// As headings are written: "Destination ID" is destination_id.
std::string plain(std::string_view name) {
  std::string out(trim(name));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 'a' - 'A');
    if (c == ' ' || c == '-') c = '_';
  }
  return out;
}

std::vector<std::string> candidates(const Known& known, const std::vector<std::string>& there) {
  std::vector<std::string> out;
  for (const std::string& name : there) {
    const std::string text = plain(name);
    const bool is_ours = text == known.ours;
    if (is_ours ||
        std::find(known.theirs.begin(), known.theirs.end(), text) != known.theirs.end()) {
      out.push_back(name);
    }
  }
  return out;
}

}  // namespace

UnderstoodNames understand_names(const std::vector<std::string>& there, const ColumnNames& given) {
  UnderstoodNames out;
  const auto has = [&](const std::string& name) {
    return std::find(there.begin(), there.end(), name) != there.end();
  };
  for (const Known& known : known_names()) {
    if (given.contains(known.ours) || has(known.ours)) continue;
    std::vector<std::string> found = candidates(known, there);
    std::erase_if(found, [&](const std::string& name) {
      return std::any_of(given.begin(), given.end(),
                         [&](const auto& one) { return one.second == name; });
    });
    if (found.size() == 1) out.names[known.ours] = found.front();
    if (found.size() < 2 || !out.fault.empty()) continue;
    out.fault = fmt::format("{} could each be {}", join(found, " and "), known.ours);
    out.help = fmt::format("say which with --columns {}={}", known.ours, found.front());
  }
  // Either sums or single rewards: where there are sums, a word such as conversion is none of ours.
  const bool has_sums = out.names.contains("sum") || has("sum") || given.contains("sum");
  if (has_sums) out.names.erase("reward");
  return out;
}

std::string our_name(const std::string& name) {
  for (const Known& known : known_names()) {
    const std::vector<std::string>& theirs = known.theirs;
    if (std::find(theirs.begin(), theirs.end(), plain(name)) != theirs.end()) return known.ours;
  }
  return {};
}

}  // namespace autopilot::loop
