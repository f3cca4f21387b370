#pragma once
// Takes recorded decisions again. As they were: from the record alone, byte for byte. Against other
// policies: what would differ, grouped by the rule that makes the difference.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/value.h"
#include "core/decide/archive.h"
#include "core/decide/ledger.h"
#include "core/decide/record.h"
#include "core/decide/recorder.h"

namespace autopilot::decide {

// Takes single records again. Not thread-safe: one per thread.
class Replayer {
 public:
  explicit Replayer(PolicySource& policies) : policies_(policies) {}

  // The line that deciding the record anew gives, under the revision that took it. Valid until the
  // next call. REQUIRES kPadding readable bytes after `line`.
  const std::string& replay(std::string_view line, Trace* trace = nullptr);

  const Record& record() const { return record_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  Engine& engine_for(std::string_view revision);

  PolicySource& policies_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
  std::string line_;
  struct Kept {
    std::shared_ptr<const CompiledSet> set;
    std::unique_ptr<Engine> engine;
  };
  std::unordered_map<std::string, Kept> engines_;
};

struct ReplayDifference {
  std::string id;
  std::string recorded;
  std::string replayed;
};

struct ReplaySummary {
  std::int64_t checked = 0;
  std::int64_t differing = 0;
  std::vector<ReplayDifference> examples;  // at most kReplayExamples
};
inline constexpr std::size_t kReplayExamples = 10;

void check_record(Replayer& replayer, std::string_view line, ReplaySummary& summary);
void merge(ReplaySummary& into, ReplaySummary from);

// What other policies would have decided. Records must come in their order: the ledger is built up
// from the decisions as they would have been taken.
class Comparison {
 public:
  explicit Comparison(std::shared_ptr<const CompiledSet> set);

  void add(std::string_view line);  // REQUIRES kPadding readable bytes after it

  struct Key {
    std::string policy, rule;
    Result before = Result::allowed, after = Result::allowed;
    auto operator<=>(const Key&) const = default;
  };
  struct Group {
    std::int64_t count = 0;
    std::string example;  // id of the first decision
    std::string message;  // of the reason that makes the difference
    std::string action_before, action_after;
  };

  std::int64_t checked() const { return checked_; }
  std::int64_t differing() const { return differing_; }
  const std::map<Key, Group>& groups() const { return groups_; }

 private:
  void note(std::string_view line);

  std::shared_ptr<const CompiledSet> set_;
  Engine engine_;
  MemoryLedger ledger_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
  std::int64_t checked_ = 0;
  std::int64_t differing_ = 0;
  std::map<Key, Group> groups_;
};

}  // namespace autopilot::decide
