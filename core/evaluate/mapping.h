#pragma once
// Which column of a log is what: as it was said, or by the names that logs use.

#include <map>
#include <string>
#include <vector>

namespace autopilot::evaluate {

// Which column is what. Empty: found by the names that logs use; none of them: there is none.
struct Mapping {
  std::string time, unit, action, propensity, reward, position;
  std::vector<std::string> context;
};

// Roles to columns of another name that nobody gave: what people may want to know.
std::map<std::string, std::string> found_columns(const Mapping& given, const Mapping& found);

bool has_column(const std::vector<std::string>& columns, const std::string& name);

// The mapping completed from the columns that there are. Throws Error(invalid) with a did-you-mean
// on a column that is not there.
Mapping complete_mapping(const Mapping& given, const std::vector<std::string>& columns);

}  // namespace autopilot::evaluate
