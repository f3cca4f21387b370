#pragma once
// What is new in the logs, as sums: plays whose rewards have had their time, each counted once.
//
// A line is over when its time and the attribution window have passed. Plays and rewards are taken
// in the order of the file up to the first line that is not over; the rest is only looked at, for
// rewards that belong to plays that are over, and is read again the next time. So what was taken is
// told by an offset, and nothing waits anywhere but in the log.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/events/followed_logs.h"
#include "core/loop/algorithm.h"
#include "core/loop/event_line.h"
#include "core/loop/shares.h"
#include "core/stats/bandit.h"

namespace autopilot::loop {

struct CountKey {
  std::int64_t generation = 0;
  Segment segment;
  std::string arm;
  std::int64_t bucket = 0;  // when, in seconds since 1970; 0 where nothing is forgotten

  friend auto operator<=>(const CountKey&, const CountKey&) = default;
};

struct BadLine {
  std::string place;  // "logs/events.jsonl, byte 1204"
  std::string why;
};

struct EventBatch {
  std::map<CountKey, stats::ArmRewards> counts;
  std::vector<events::LogCursor> cursors;  // all that are to be known the next time
  std::int64_t lines = 0;                  // taken
  std::int64_t events = 0;                 // plays counted
  std::int64_t waiting = 0;                // plays that are not over
  std::int64_t joined = 0;                 // rewards on lines of their own that found their play
  std::int64_t bad = 0, foreign = 0, repeated = 0;  // lines; arms that are not ours; ids seen twice
  std::int64_t lone = 0;          // rewards without a play, where not one of many found its own
  std::int64_t crowded = 0;       // plays of segments beyond kMostSegments
  std::vector<BadLine> examples;  // of the bad ones
  std::vector<std::string> foreign_arms;  // some of them
  std::vector<std::string> cut;           // files that were begun anew
  std::vector<std::string> copies;        // files that hold no more than others
  std::vector<BadLine> damaged;           // files that cannot be read on
  bool has_logs = false;                  // some file is there
};

inline constexpr std::size_t kBadExamples = 3;
// More than so many segments are one more, `other`: what visitors send cannot fill the state.
inline constexpr std::size_t kMostSegments = 200;

// How long a piece of time is in which rewards count alike; 0: nothing is forgotten.
std::int64_t bucket_seconds(const Memory& memory);

struct Reading {
  std::vector<events::LogCursor> known;
  Instant now;
  std::function<std::int64_t(Instant)> generation_at;  // which weights were in force
  std::int64_t newest = INT64_MAX;                     // generation that a log can know
  std::set<Segment> segments;                          // that have been met
};

// Throws Error(invalid) when more lines are bad than the algorithm allows; nothing is to be kept of
// the batch then.
EventBatch read_events(Files& files, const std::string& root, const Algorithm& algorithm,
                       const Reading& reading);

}  // namespace autopilot::loop
