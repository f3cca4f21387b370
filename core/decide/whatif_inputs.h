#pragma once
// The inputs of the chosen decisions as a point has them. Most parts of an input are slots of their
// own, so a change is one write into a copy of what was decoded once; a part that shows in other
// slots too (a name, a whole map) is changed in the JSON, which is read again.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decide/chosen.h"
#include "core/decide/whatif_plan.h"

namespace autopilot::decide {

// All chosen decisions decoded for one table of slots. Immutable; shared by all threads.
class Prepared {
 public:
  // Throws Error(storage) when a record cannot be read again.
  Prepared(const CompiledSet& set, const Chosen& chosen);
  const Input& operator[](std::size_t i) const { return inputs_[i]; }
  bool fits(const CompiledSet& set) const { return set.slots().paths() == paths_; }

 private:
  std::vector<expr::Path> paths_;
  expr::Scratch memory_;
  std::vector<Input> inputs_;
};

// One point's changes to the inputs, for the slots of one set.
class InputChanges {
 public:
  // `exact`: texts of actions must be right, too, not results alone. `changes` must outlive this.
  InputChanges(const CompiledSet& set, const std::vector<InputChange>& changes, bool exact);

  // Fills `input` and changes `at` for one decision. Texts that were made anew live until the next
  // call. Throws Error(invalid) when the action cannot be read any more.
  void apply(Engine& engine, const ChosenDecision& decision, const Input& prepared, Input& input,
             Circumstances& at);

  // Writes the changed slots alone. REQUIRES as many `slots` as the set has.
  void apply_slots(const Input& prepared, std::vector<expr::Val>& slots) const;

  // The slots that are written; empty when inputs are read anew or nothing reads what is otherwise.
  std::vector<int> slots() const;
  bool reads_anew() const { return !texts_.empty(); }
  bool changes_circumstances() const { return !circumstances_.empty(); }

 private:
  struct SlotChange {
    int slot;
    const Assignment* assignment;
    Value value;  // owns what `val` views
    expr::Val val;
    double amount = 0;
  };
  void sort_out(const CompiledSet& set, const InputChange& change, bool exact);
  void add_slot(int slot, const Assignment& assignment);
  static bool change_slot(const SlotChange& change, expr::Val& slot);
  void read_anew(Engine& engine, const ChosenDecision& decision, Input& input);
  void change_circumstances(Circumstances& at);

  const std::vector<InputChange>& all_;
  std::vector<std::unique_ptr<SlotChange>> slots_;
  std::vector<const InputChange*> texts_;
  std::vector<const InputChange*> circumstances_;
  expr::Scratch memory_;
  std::string action_, context_;  // padded
};

// Whether some slot of the set shows the target.
bool is_read(const CompiledSet& set, const InputTarget& target);

}  // namespace autopilot::decide
