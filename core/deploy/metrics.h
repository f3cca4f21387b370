#pragma once
// Where the numbers of a deployment come from. A provider answers one query with raw series; what
// keeps it from answering is told in words and is never a number, so that what cannot be measured
// can hold a rollout and never promote it. core/deploy/deltas.h makes disjoint samples of series.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/secrets.h"
#include "core/base/time.h"
#include "core/base/value.h"
#include "core/base/world.h"

namespace autopilot::deploy {

struct Point {
  Instant at;
  double value = 0;  // may be NaN: an outage of one scrape
};

// One per label set.
struct Series {
  std::string key;            // the same in every answer for the same label set
  std::vector<Point> points;  // in any order, with repetitions: as the provider gave them
};

// Whose numbers, and of when. A field fills the placeholder of its name: {{version}}, {{arm}},
// {{slot}}, {{host}}, {{port}}, {{pid}}.
struct Query {
  std::string metric;  // its name in the deployment
  std::string arm;     // canary, stable, …
  std::string version;
  std::string slot;
  std::string host = "127.0.0.1";  // as in a URL; the first one that the slot is on
  int port = 0;
  std::int64_t pid = 0;  // of the arm's process; 0: not known
  Instant from, to;      // (from, to]; counters are asked one step earlier as well
  Duration step = Duration::seconds(10);
  Value place;  // Reply::place of the answer before about the same numbers; null: there was none
};

// How the points of an answer are meant.
enum class Reading {
  counters,    // running totals that start again at 0 with their process
  increments,  // each point counts what happened since the one before
  values,      // each point is a measurement: a ratio, a latency, an amount of money
  health,      // each point is 1 (passed) or 0; what counts is how many failed in a row
};

struct Reply {
  Reading reading = Reading::values;
  // Of counters and increments. The bad ones are given, or what is left of the total without the
  // good ones.
  std::vector<Series> bad, good, total;
  std::vector<Series> values;  // of values and health
  std::string no_data;         // why there is nothing to judge by; empty: there is
  std::vector<std::string> warnings;
  // How far a source that grows was read: what is before it is never asked for again. Null where a
  // source knows no such thing.
  Value place;
};

// One measurement of one arm, over (from, to]; what every analysis takes.
struct Sample {
  std::string metric, arm;
  Instant from, to;
  std::int64_t bad = 0, total = 0;  // of kind count
  std::optional<double> value;      // of kind value
  std::string no_data;              // why there are no numbers; empty: there are
};

class Metrics {
 public:
  virtual ~Metrics() = default;
  // Never throws on what the source does.
  virtual Reply read(const Query& query) = 0;
  // Whether a query about the past is answered like one about now. Without, what is wanted later
  // must be read and kept now.
  virtual bool has_history() const = 0;
};

// `spec`: one entry of a deployment's `metrics`, checked (core/policy/metric_schema.cpp). Throws
// Error(invalid) on one that was not. `world` and `secrets`, which resolve what headers refer to,
// must outlive the result.
std::unique_ptr<Metrics> make_metrics(const Value& spec, World& world, Secrets* secrets = nullptr);

}  // namespace autopilot::deploy
