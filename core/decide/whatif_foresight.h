#pragma once
// What conditions come to for all chosen decisions: found out once, true at every point of a sweep
// that leaves alone what they read.

#include <memory>
#include <vector>

#include "core/decide/foresight.h"
#include "core/decide/whatif_inputs.h"

namespace autopilot::decide {

// Immutable; shared by all threads.
class ForetoldInputs {
 public:
  // `inputs` has `count` decisions and is for `set`.
  ForetoldInputs(const CompiledSet& set, const Prepared& inputs, std::size_t count);
  // Batches of kBatchRows decisions each.
  const std::vector<Foretold>& batches() const { return batches_; }

 private:
  std::vector<Foretold> batches_;
};

// The same at one point. One per thread.
class PointForesight {
 public:
  // May be null: nothing is known then. Must outlive this.
  explicit PointForesight(const ForetoldInputs* told) : told_(told) {}

  // Begins a point. `set` is that of the foretold inputs or made of it; `changed`: slots that hold
  // something else here.
  void begin(const std::shared_ptr<const CompiledSet>& set, std::vector<int> changed);
  // Begins a point at which all is different.
  void begin_blind() { set_ = nullptr; }
  Foreseen of(std::size_t decision) const;

 private:
  const ForetoldInputs* told_;
  std::shared_ptr<const CompiledSet> set_;  // null: nothing is known at this point
  std::vector<int> changed_;
  std::vector<Foresight> batches_;
};

}  // namespace autopilot::decide
