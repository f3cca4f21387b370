#pragma once
// Series to samples: disjoint, aware of resets, each event counted once. The state between two
// reads is a Value, kept in the rollout's record, so that a read by the next process goes on where
// the last one ended. Pure.
//
// Rules, with the counter's value v after its last value u:
//   v >= u            v - u events
//   v <  u            the process started again at 0: v events (what it counted between its last
//                     reading and its end is lost to every reader)
//   first reading     of a label set that was absent while others were read: it began at 0, v
//                     events. At the very first read nothing is known of before: 0 events.
// A read that fails or finds nothing leaves the state as it is: the next one catches up. So a
// sample without data may be followed by samples with the data of the same time.

#include "core/deploy/metrics.h"

namespace autopilot::deploy {

struct Taken {
  std::vector<Sample> samples;  // in order; those with data are disjoint, over all reads
  Value cursor;                 // for the next read of the same metric and arm
  std::vector<std::string> warnings;
};

// REQUIRES a cursor that this returned, or null for the first read.
Taken take_samples(const Query& query, const Reply& reply, const Value& cursor);

// Asks from where the cursor ended, and takes the samples.
Taken read_samples(Metrics& metrics, Query query, const Value& cursor);

}  // namespace autopilot::deploy
