#include "core/decide/replay.h"

#include <algorithm>

namespace autopilot::decide {
Engine& Replayer::engine_for(std::string_view revision) {
  if (last_engine_ != nullptr && revision == last_revision_) return *last_engine_;
  Kept& kept = engines_[std::string(revision)];
  if (kept.engine == nullptr) {
    kept.set = policies_.at(revision);
    kept.engine = std::make_unique<Engine>(*kept.set);
  }
  last_revision_ = revision;
  last_engine_ = kept.engine.get();
  return *kept.engine;
}

// Decides the record anew; returns what its line says beside the outcome.
LineFacts Replayer::take(std::string_view line, Trace* trace) {
  reader_.read(line, record_, {last_engine_, &input_});
  Engine& engine = engine_for(record_.revision);
  reader_.read_again(engine, record_, input_);
  const Circumstances at = circumstances_of(record_);
  RecordedLedger ledger(record_);
  engine.decide(input_, at, ledger, outcome_, trace);
  return {record_.id, record_.proposed, record_.context, record_.revision, at};
}

const std::string& Replayer::write(const LineFacts& facts) {
  line_.clear();
  append_line(line_, facts, outcome_);
  return line_;
}

const std::string& Replayer::replay(std::string_view line, Trace* trace) {
  return write(take(line, trace));
}

const std::string* Replayer::difference(std::string_view line) {
  const LineFacts facts = take(line, nullptr);
  if (is_line(line, facts, outcome_, matcher_)) return nullptr;
  const std::string& again = write(facts);
  return again == line ? nullptr : &again;
}

void check_record(Replayer& replayer, std::string_view line, ReplaySummary& summary) {
  ++summary.checked;
  const std::string* again = replayer.difference(line);
  if (again == nullptr) return;
  ++summary.differing;
  if (summary.examples.size() >= kReplayExamples) return;
  summary.examples.push_back({std::string(replayer.record().id), std::string(line), *again});
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
