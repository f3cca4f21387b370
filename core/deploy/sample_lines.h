#pragma once
// Samples as text: one JSON object a line.
//
//   {"metric": "errors", "arm": "canary", "time": "2026-11-20T10:00:10Z", "bad": 1, "total": 52}
//   {"metric": "latency", "arm": "stable", "time": "2026-11-20T10:00:10Z", "value": 0.31}
//   {"metric": "errors", "arm": "canary", "time": "2026-11-20T10:00:20Z", "no_data": "timeout"}
//
// `from` is when the sample begins; without it, with the sample before of the same metric and arm.
// Without any times the samples of a metric and arm follow each other every ten seconds. A value of
// null, "NaN" or infinity is no data.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/deploy/metrics.h"

namespace autopilot::deploy {

// What is no sample is a fault of `file`, with its place, and is left out.
std::vector<Sample> read_samples(std::string_view text, std::uint32_t file,
                                 Diagnostics& diagnostics);

}  // namespace autopilot::deploy
