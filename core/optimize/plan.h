#pragma once
// A Budget document as a problem: every limit kept with where it comes from, so that what binds,
// what conflicts and what would help can be said in the document's words. Pure.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/value.h"
#include "core/optimize/problem.h"

namespace autopilot::optimize {

enum class Limit {
  channel_min,
  channel_max,
  shift_down,  // max_shift
  shift_up,
  frozen,
  active_min,
  total_min,
  total_max,
  group_min,
  group_max,
  group_share,
  group_roi,
  group_active,
  pace_min,  // of a group that pacing made
  pace_max,
  roi,
  turnover,
  return_min,
};

struct Constraint {
  Limit limit = Limit::channel_min;
  std::size_t index = 0;  // of the channel or group
  double value = 0;
  bool is_cost = false;  // a floor of the return for a unit, written as cpa_max: one over it
};

struct Plan {
  std::string id, algorithm = "budget", unit;  // unit: of money, "EUR"
  double resolution = 0;                       // amounts are whole multiples of it; 0: any amount
  Problem open;                                // without any limit; groups have their members
  std::vector<Constraint> constraints;
  std::vector<std::size_t> tier;      // by channel, from 1; empty: all the same
  std::vector<std::size_t> unfitted;  // channels that have no curve yet
  std::vector<double> observed_max;   // by channel: greatest spend that was seen; 0: unknown
};

// The problem with all of its limits, or those for which `keep` is true.
Problem problem_of(const Plan& plan);
Problem problem_with(const Plan& plan, const std::vector<bool>& keep);

// Limits that an allocation does not keep to, in words, with what it has: "group upper: min 70
// (50)".
std::vector<std::string> broken_limits(const Plan& plan, const std::vector<double>& spend);
// "search: min 2,000", "total 90,000".
// A value of a constraint as its document writes it.
double as_written(const Constraint& constraint, double value);
std::string words_of(const Plan& plan, const Constraint& constraint);
// 1,234.5: with thousands apart, as many places as the size of the number makes useful.
std::string amount(double value);
std::string signed_amount(double value);
std::string percent(double share);  // "12.5%"

std::optional<Family> parse_family(std::string_view name);
std::vector<std::string> family_names();
// A curve of a document: {type: log, a: 100, b: 20}. REQUIRES that its fields fit the schema;
// `fault` says what is missing or odd.
Curve curve_from(const Value& curve, std::string& fault);

// One row of a table of channels.
struct ChannelRow {
  std::string id;
  std::string group;
  std::optional<double> min, max, active_min, fixed_cost, max_shift;
  double current = 0;
  bool frozen = false;
  std::optional<Curve> curve;
  std::size_t tier = 0;
};
ChannelRow row_from(const Value& channel, std::string& fault);
// "" or which of its limits contradict each other.
std::string fault_of(const ChannelRow& row);

// The channels of a file, one by one, so that they are never all there twice.
struct ChannelRows {
  std::size_t at_most = 0;
  std::function<void(const std::function<void(const ChannelRow&)>& visit)> each;
};

// The plan that the spec of a sound document says. `rows` are the channels of the file that it
// names, when it names one. Throws Error(invalid) on what only both together show.
Plan plan_from(const std::string& id, const Value& spec, const ChannelRows* rows);
// The file that the channels are in; "" when they are in the document.
std::string channels_file(const Value& spec);

}  // namespace autopilot::optimize
