#pragma once
// What arms have earned, as people hand it over: CSV with a header, JSON Lines, or a JSON or YAML
// list. A row is either the sums of many rewards (trials, sum) or one reward.
//
//   arm,trials,sum,weight        {"arm": "a", "reward": 1, "time": "2026-11-20T10:00:00Z"}
//   a,1000,31,0.25
//
// Columns may be called otherwise: what `names` says, and what is clear without it (arm_names.h).
// Rows that are wrong are faults with their place.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/time.h"

namespace autopilot::loop {

struct ArmRow {
  std::string arm;
  std::vector<std::string> segment;  // values of the keys that were asked for, in their order
  std::optional<Instant> time;
  double count = 0, sum = 0;
  std::optional<double> square_sum;
  std::optional<double> weight;       // share of the traffic that the arm has now
  std::optional<double> floor, cap;   // of the arm
  std::optional<double> alpha, beta;  // of its own prior
};

struct ArmFormat {
  std::map<std::string, std::string> names;  // ours to the file's: {"arm", "item_id"}
  std::vector<std::string> segment;          // the file's columns that make up the segment
};

// Column names that rows may have.
const std::vector<std::string>& arm_columns();

// `name` is what messages call the text: its ending tells the format, and without one its first
// characters.
// `understood`, if not null: ours to the file's, of columns that nobody named.
std::vector<ArmRow> read_arm_rows(std::string_view text, const std::string& name,
                                  const ArmFormat& format, Diagnostics& diagnostics,
                                  std::map<std::string, std::string>* understood = nullptr);

}  // namespace autopilot::loop
