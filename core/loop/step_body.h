#pragma once
// What a step keeps, as JSON: one entry for each arm of each segment, which each stage adds to.
//
//   {"keys": ["geo"], "arms": [{"segment": {"geo": "FR"}, "arm", "before", "trials", "mean", …,
//    "wanted", "result", "decision", "why", "decided", "after"}], "actions": ["{…}"],
//    "held": […], "waiting": […], "dropped": […], …}
//
// Without segments there are neither keys nor segment.

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/loop/optimiser.h"
#include "core/loop/shares.h"

namespace autopilot::loop {

// A change that waits for approval.
struct Pending {
  Segment segment;
  std::string arm;
  std::string decision;  // its id
  std::string action;    // as it was put to the policies, with its context
  std::int64_t generation = 0;
  int before = 0;     // basis points that the arm had then
  double asked = 0;   // weight that waits
  std::string since;  // RFC 3339
  std::string why;    // how it stands, or why it waits no longer
};

// A field of an entry; "" and 0 where it is not there, or something else.
std::string text_in(const Value& entry, std::string_view field);
double number_in(const Value& entry, std::string_view field);

std::vector<std::string> keys_of(const Map& body);

// Whether some arm's change came out so.
bool has_result(const Map& body, std::string_view result);

// A field of the entries in basis points; those that lack it have none.
SegmentShares shares_of(const Map& body, std::string_view field);
void set_shares(Map& body, std::string_view field, const SegmentShares& shares);

void put_optimised(Map& body, const std::vector<OptimisedSegment>& optimised);

// Of an action, from its text.
struct Target {
  Segment segment;
  std::string arm;
};
Target target_of(std::string_view action, const std::vector<std::string>& keys);

// What the policies answered: a decision line for each of these actions.
void put_decisions(Map& body, const std::vector<std::string>& actions,
                   const std::vector<std::string>& lines);
// An arm that is not decided on in this step: it stays where it is, or gets that weight.
void put_held(Map& body, const Pending& pending, std::string_view result,
              std::optional<double> weight = std::nullopt);
// From what was decided to shares that add up. REQUIRES that all decisions are there.
void put_after(Map& body);

// "held": pending when the step began. "waiting": at its end. "dropped": those that wait no longer.
std::vector<Pending> pending_in(const Map& body, std::string_view field);
void put_pending(Map& body, std::string_view field, const std::vector<Pending>& pending);
// The entries that came out pending; `actions` by arm.
std::vector<Pending> newly_pending(const Map& body, const std::vector<std::string>& actions,
                                   std::int64_t generation, Instant now);
// The weight of the final action of a decision line, whatever its result.
double weight_of_line(std::string_view line);

}  // namespace autopilot::loop
