#pragma once
// Takes all chosen decisions again at one point: what each would have come to. One per thread.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/decide/whatif_foresight.h"
#include "core/decide/whatif_recall.h"

namespace autopilot::decide {

// Rules by number, in the order in which they were met. Safe from many threads.
class RuleNames {
 public:
  RuleNames() { number({}); }
  std::uint32_t number(const RuleName& name);
  std::vector<RuleName> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<RuleName, std::uint32_t> numbers_;
};

std::shared_ptr<const CompiledSet> compile_rules(const Rules& rules);

// What all trials have in common.
struct TrialsSetting {
  const Rules* rules = nullptr;
  const Chosen* chosen = nullptr;
  std::shared_ptr<const CompiledSet>
      set;  // the rules as they are, those that only monitor left out
  std::shared_ptr<const Prepared> inputs;  // for `set`
  RuleNames* names = nullptr;
  std::shared_ptr<const ForetoldInputs> foretold;  // of `set` and `inputs`; may be null
};
TrialsSetting make_setting(const Rules& rules, const Chosen& chosen, RuleNames& names);

class Trials {
 public:
  // Told of each decision: its number, what came of it and the action as it was proposed then.
  using Observer = std::function<void(std::size_t, const Cell&, const Outcome&, const Input&)>;

  explicit Trials(const TrialsSetting& setting);

  // One cell for each decision. False with `faults` when a policy would not be valid.
  bool run(const Point& point, std::vector<Cell>& cells, Diagnostics& faults,
           const Observer* observer = nullptr);

 private:
  bool find_set(const Point& point, Diagnostics& faults);
  const Prepared& inputs_for(const CompiledSet& set);
  void look_ahead(const InputChanges& changes, bool texts);
  std::uint64_t decide(std::size_t i, const ChosenDecision& decision, const Input& prepared,
                       InputChanges& changes, Circumstances& at);
  std::uint32_t number(std::string_view policy, std::string_view rule);
  Cell cell_of(const Outcome& outcome);

  const TrialsSetting& setting_;
  std::shared_ptr<const Prepared> own_inputs_;  // when a policy reads something else
  std::shared_ptr<const CompiledSet> set_;
  std::vector<std::string> set_texts_;  // of the policy changes that made it
  std::unique_ptr<Engine> engine_;      // for set_
  Recall recall_;
  PointForesight foresight_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::string key_;
  Input input_;
  Outcome outcome_;
};

}  // namespace autopilot::decide
