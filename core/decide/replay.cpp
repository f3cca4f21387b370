#include "core/decide/replay.h"

#include <algorithm>

namespace autopilot::decide {
Engine& Replayer::engine_for(std::string_view revision) {
  Kept& kept = engines_[std::string(revision)];
  if (kept.engine == nullptr) {
    kept.set = policies_.at(revision);
    kept.engine = std::make_unique<Engine>(*kept.set);
  }
  return *kept.engine;
}

const std::string& Replayer::replay(std::string_view line, Trace* trace) {
  reader_.read(line, record_);
  Engine& engine = engine_for(record_.revision);
  read_again(engine, record_, input_);
  const Circumstances at = circumstances_of(record_);
  RecordedLedger ledger(record_);
  engine.decide(input_, at, ledger, outcome_, trace);
  line_.clear();
  append_line(line_, {record_.id, record_.proposed, record_.context, record_.revision, at},
              outcome_);
  return line_;
}

void check_record(Replayer& replayer, std::string_view line, ReplaySummary& summary) {
  ++summary.checked;
  const std::string& again = replayer.replay(line);
  if (again == line) return;
  ++summary.differing;
  if (summary.examples.size() >= kReplayExamples) return;
  summary.examples.push_back({std::string(replayer.record().id), std::string(line), again});
}

void merge(ReplaySummary& into, ReplaySummary from) {
  into.checked += from.checked;
  into.differing += from.differing;
  for (ReplayDifference& d : from.examples) into.examples.push_back(std::move(d));
  std::sort(into.examples.begin(), into.examples.end(),
            [](auto& a, auto& b) { return a.id < b.id; });
  if (into.examples.size() > kReplayExamples) into.examples.resize(kReplayExamples);
}

}  // namespace autopilot::decide
