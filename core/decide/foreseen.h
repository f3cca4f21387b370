#pragma once
// What is known of one decision before it is taken. All that it says is in foresight.h, which those
// need who ask.

#include <cstdint>

#include "core/decide/compiled.h"
#include "core/decide/trace.h"

namespace autopilot::decide {

class Foresight;

struct Foreseen {
  const Foresight* all = nullptr;  // null: nothing is known
  std::uint32_t row = 0;           // of the foresight, which has it

  bool is_quiet(std::uint32_t policy) const;
  bool knows(const Condition& condition) const;
  Truth truth(const Condition& condition) const;
  bool fits(const expr::Scratch& decided) const;
  std::uint64_t cost() const;
};

}  // namespace autopilot::decide
