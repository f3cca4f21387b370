#pragma once
// What others call the columns of arms: exports say conversions and impressions, not sum and
// trials.

#include <map>
#include <string>
#include <vector>

namespace autopilot::loop {

// Ours by theirs.
using ColumnNames = std::map<std::string, std::string>;

struct UnderstoodNames {
  ColumnNames names;  // ours to the file's, of columns that the file calls otherwise
  std::string fault;  // two of its columns could be one of ours; empty when it is clear
  std::string help;
};

// `there`: the file's columns. `given`: names that somebody said; those are not guessed.
UnderstoodNames understand_names(const std::vector<std::string>& there, const ColumnNames& given);

// What we call a column of that name; "" when nobody calls one so.
std::string our_name(const std::string& name);

}  // namespace autopilot::loop
