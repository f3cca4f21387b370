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

// Since when a generation's weights were in force.
struct Start {
  Instant time;
  std::int64_t generation = 0;
};

struct StoredCount {
  CountKey key;
  stats::ArmRewards rewards;
};

class LoopStore {
 public:
  // `name`: an algorithm's, or shadow_of() one.
  LoopStore(Database& database, std::string name) : database_(database), name_(std::move(name)) {}

  std::vector<events::LogCursor> cursors();
  // In place of all that are kept.
  void put(const std::vector<events::LogCursor>& cursors);

  // By the keys that an algorithm has now: what was counted by more of them is added up.
  std::vector<StoredCount> counts(const std::vector<std::string>& keys);
  void add(const std::map<CountKey, stats::ArmRewards>& counts,
           const std::vector<std::string>& keys);

  // Adds up what nobody tells apart any more: generations before `generation`, and pieces of time
  // that ended before `bucket` and count for nothing.
  void fold(std::int64_t generation, std::int64_t bucket);

  // What nobody asks for any more of steps before `newest`: all but the shares of those that are
  // older than kWhole, and those, too, from kShares on; what is older than kKnown goes. What was
  // decided and moved stays in the decisions and in the audit.
  void prune(std::int64_t newest);
  static constexpr std::int64_t kWhole = 50, kShares = 200, kKnown = 10'000;

  std::optional<Step> last();
  std::optional<Step> step(std::int64_t generation);
  std::int64_t newest_generation();               // 0: there is none
  std::vector<Start> starts(std::int64_t limit);  // of steps that have acted, the newest first
  std::vector<Step> steps(std::int64_t limit);    // the newest first
  void put(const Step& step);

 private:
  Database& database_;
  std::string name_;
};

std::string shadow_of(const std::string& algorithm);

}  // namespace autopilot::loop
