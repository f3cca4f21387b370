#include "core/evaluate/mapping.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::evaluate {
namespace {

// Names that logs have for it, the likeliest first.
const std::vector<std::string> kTimes{"time", "timestamp", "ts", "event_time", "datetime"};
const std::vector<std::string> kUnits{"unit", "user_id", "visitor_id", "session_id"};
const std::vector<std::string> kActions{"action", "item_id", "arm", "variant", "destination"};
const std::vector<std::string> kPropensities{"propensity",  "propensity_score", "pscore",
                                             "action_prob", "probability",      "prob"};
const std::vector<std::string> kRewards{"reward", "click", "conversion", "converted", "revenue"};
const std::vector<std::string> kPositions{"position", "slot"};

void find_column(std::string& role, const std::vector<std::string>& names,
                 const std::vector<std::string>& columns) {
  for (const std::string& name : names) {
    if (role.empty() && has_column(columns, name)) role = name;
  }
}

void must_have(const std::vector<std::string>& columns, const std::string& name) {
  if (name.empty() || has_column(columns, name)) return;
  const std::string close = did_you_mean(name, columns);
  throw Error(ErrorKind::invalid, fmt::format("the log has no column '{}'", name),
              close.empty() ? fmt::format("its columns: {}", join(columns, ", "))
                            : std::string(trim(close)));
}

}  // namespace

std::map<std::string, std::string> found_columns(const Mapping& given, const Mapping& found) {
  std::map<std::string, std::string> out;
  const auto add = [&](const char* role, const std::string& said, const std::string& column) {
    if (said.empty() && !column.empty() && column != role) out[role] = column;
  };
  add("time", given.time, found.time);
  add("unit", given.unit, found.unit);
  add("action", given.action, found.action);
  add("propensity", given.propensity, found.propensity);
  add("reward", given.reward, found.reward);
  add("position", given.position, found.position);
  return out;
}

bool has_column(const std::vector<std::string>& columns, const std::string& name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Mapping complete_mapping(const Mapping& given, const std::vector<std::string>& columns) {
  Mapping out = given;
  for (const std::string* name :
       {&out.time, &out.unit, &out.action, &out.propensity, &out.reward, &out.position})
    must_have(columns, *name);
  for (const std::string& name : out.context) must_have(columns, name);
  find_column(out.time, kTimes, columns);
  find_column(out.unit, kUnits, columns);
  find_column(out.action, kActions, columns);
  find_column(out.propensity, kPropensities, columns);
  find_column(out.reward, kRewards, columns);
  find_column(out.position, kPositions, columns);
  return out;
}

}  // namespace autopilot::evaluate
