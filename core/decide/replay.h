#pragma once
// Takes recorded decisions again as they were: from the record alone, byte for byte. (Under other
// policies: rerun.h.)

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/decide/archive.h"
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
  // Whether that is the very line. Null when it is, and the other line, likewise, when it is not.
  const std::string* difference(std::string_view line);

  const Record& record() const { return record_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  Engine& engine_for(std::string_view revision);
  LineFacts take(std::string_view line, Trace* trace);
  const std::string& write(const LineFacts& facts);

  PolicySource& policies_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
  LineMatcher matcher_;
  std::string line_;
  struct Kept {
    std::shared_ptr<const CompiledSet> set;
    std::unique_ptr<Engine> engine;
  };
  std::unordered_map<std::string, Kept> engines_;
  std::string last_revision_;
  Engine* last_engine_ = nullptr;  // of that revision
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

}  // namespace autopilot::decide
