#pragma once
// What the state keeps of an algorithm: how far its logs were read, what its arms earned, its
// steps. Reads at any time; everything that writes REQUIRES a write transaction.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/sqlite.h"
#include "core/loop/event_batch.h"

namespace autopilot::loop {

// In this order. A step is read until the end of its transaction, and done once it is audited.
enum class Stage { read, proposed, decided, acted, done };
std::string_view to_string(Stage stage);

struct Step {
  std::int64_t generation = 0;  // from 1
  Stage stage = Stage::read;
  Instant time;  // when it began
  Map body;
};

struct StoredCount {
  CountKey key;
  stats::ArmRewards rewards;
};

class LoopStore {
 public:
  // `name`: an algorithm's, or shadow_of() one.
  LoopStore(Database& database, std::string name) : database_(database), name_(std::move(name)) {}

  std::vector<LogCursor> cursors();
  void put(const std::vector<LogCursor>& cursors);

  std::vector<StoredCount> counts();
  void add(const std::map<CountKey, stats::ArmRewards>& counts);

  std::optional<Step> last();
  std::vector<Step> steps(std::int64_t limit);  // the newest first
  void put(const Step& step);

 private:
  Database& database_;
  std::string name_;
};

std::string shadow_of(const std::string& algorithm);

}  // namespace autopilot::loop
