#pragma once
// An open-loop generator of HTTP load. Requests are due at fixed times, whatever the server does,
// and a latency runs from the moment the request was due, not from when it could be sent: a stall
// is seen by all who would have come meanwhile (no coordinated omission; Tene, "How NOT to Measure
// Latency", 2015). Memory does not grow with the number of requests.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/world.h"
#include "core/deploy/histogram.h"
#include "core/deploy/statistic.h"
#include "core/render/report.h"

namespace autopilot::deploy {

// One term of 'p95<200ms,errors<1%,throughput>=400/s'.
struct Objective {
  enum class Of { latency, errors, throughput };
  std::string text;
  Of of = Of::latency;
  Statistic statistic;  // of latency
  bool above = false;   // must the figure be above the bound?
  bool or_equal = false;
  double bound = 0;  // seconds, share, or a second
};
// Throws Error(usage) naming the term that cannot be read.
std::vector<Objective> parse_objectives(std::string_view text);

struct LoadPlan {
  std::string url;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  double rate = 0;  // requests a second
  Duration duration;
  int connections = 256;  // at most; opened as they are needed
  Duration timeout = Duration::seconds(10);
  bool allow_remote = false;
  std::vector<Objective> objectives;
};

struct LoadResult {
  Histogram latency;  // from when a request was due to its end; of those without answer, how long
                      // was waited for it
  Histogram service;  // from when it was sent to its answer
  Duration took;      // without the wait for the last answers
  std::int64_t due = 0, sent = 0, answered = 0;
  std::int64_t in_time = 0;  // answered before the load ended
  std::int64_t failed = 0;   // not answered, or with a status of 400 or more
  std::uint64_t bytes = 0;
  std::array<std::int64_t, 1000> statuses{};
  std::int64_t refused = 0, closed = 0, malformed = 0, local = 0, timed_out = 0;
  std::int64_t unsent = 0;   // due, and no connection was free until the end
  std::int64_t late = 0;     // sent more than 1 ms after they were due
  Duration latest;           // how late at most
  int most_connections = 0;  // in use at once
  bool interrupted = false;

  double error_share() const;
  double throughput() const;  // answers a second while it lasted
};

// `on_second` is called about once a second, with what there is. Throws Error(usage) when the plan
// cannot be, Error(outside) when its address is not known.
LoadResult run_load(const LoadPlan& plan, World& world,
                    const std::function<void(const LoadResult&)>& on_second = {});

// The figure that an objective is about, and whether it is met. Nothing is met without an answer.
struct Judgement {
  double figure = 0;
  bool met = false;
};
Judgement judge(const Objective& objective, const LoadResult& result);
std::string figure_text(const Objective& objective, double figure);
bool all_met(const LoadPlan& plan, const LoadResult& result);

render::Report describe_load(const LoadPlan& plan, const LoadResult& result);

}  // namespace autopilot::deploy
