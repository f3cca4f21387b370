#pragma once
// The decisions that a what-if is about: their records, read once, and what each came to as it was.

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/decide/ledger.h"
#include "core/decide/record.h"

namespace autopilot::decide {

// A rule by the policy's id and its name; both empty for none, the first for the engine's own.
using RuleName = std::pair<std::string, std::string>;

struct ChosenDecision {
  std::string line;  // padded; the record's views point into it
  Record record;
  Result before = Result::allowed;
  RuleName rule;  // the first that gave that result; of an allowed one none
};

class Chosen {
 public:
  // Throws Error(storage) when the line is no record.
  void add(std::string_view line);

  const std::deque<ChosenDecision>& all() const { return all_; }
  std::size_t size() const { return all_.size(); }

 private:
  RecordReader reader_;
  MemberReader members_;
  std::deque<ChosenDecision> all_;
};

// What says why a result is what it is: "block" for blocked; "" for allowed.
std::string_view effect_behind(Result result);

// Takes the actions of a file as `decide` would and renders them as records, without a state.
class ActionFile {
 public:
  ActionFile(const CompiledSet& set, Circumstances defaults) : engine_(set), defaults_(defaults) {}

  // The record of a line's decision; false with `fault` when the line is no action. A context's
  // time is the decision's. Empty for an idempotency key that was there before: such a line gets
  // no decision of its own. REQUIRES kPadding readable bytes after the line.
  bool decide(std::string_view line, std::string& record, InputFault& fault);

 private:
  bool circumstances(Circumstances& at, InputFault& fault) const;
  bool repeats();

  Engine engine_;
  Circumstances defaults_;
  MemoryLedger ledger_;
  Input input_;
  Outcome outcome_;
  std::set<std::pair<std::string, std::string>> keys_;  // algorithm, key
  std::int64_t count_ = 0;
};

// Adds the actions of a file, one a line, that `text` holds. Lines that are no actions become
// faults in `source`.
void choose_actions(std::string_view text, std::uint32_t source, const CompiledSet& set,
                    const Circumstances& defaults, Chosen& chosen, Diagnostics& faults);

}  // namespace autopilot::decide
