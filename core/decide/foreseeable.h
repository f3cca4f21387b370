#pragma once
// Which conditions of a set can be told from the columns of decisions before these are taken: those
// that read nothing the engine may have written by the time it tests them. The one place that
// decides it.

#include <cstdint>
#include <vector>

#include "core/decide/compiled.h"

namespace autopilot::decide {

class Foreseeable {
 public:
  // `changed`: slots that hold something else than the columns say when a decision begins.
  explicit Foreseeable(const CompiledSet& set, const std::vector<int>& changed = {});

  bool has(const Condition& condition) const { return has(condition.number); }
  bool has(std::uint32_t number) const { return has_[number] != 0; }

  // The slots among these conditions' in which the engine writes a name: what the columns hold
  // there counts only where it is that name.
  const std::vector<int>& names() const { return names_; }
  // The slots that decisions read when these conditions are told, each once.
  const std::vector<int>& other_slots() const { return other_slots_; }

 private:
  std::vector<std::uint8_t> has_;  // by Condition::number
  std::vector<int> names_, other_slots_;
};

}  // namespace autopilot::decide
