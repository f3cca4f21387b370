#pragma once
// One instruction of a program by itself, on operands given from outside: what the machine does in
// an evaluation, so that other ways to execute a program need no second meaning for anything.

#include <cstdint>
#include <vector>

#include "core/expr/code.h"
#include "core/expr/machine.h"
#include "core/expr/program.h"

namespace autopilot::expr {

// Loops and ends cannot be run alone. Not thread-safe.
class SingleSteps {
 public:
  static constexpr int kNext = 3;  // went on with the next instruction

  explicit SingleSteps(const Program& program);
  SingleSteps(const SingleSteps&) = delete;
  SingleSteps& operator=(const SingleSteps&) = delete;

  void place(Operand operand, const Val& value);  // of a slot or register
  // The way that the instruction takes: the number of one of its on[], or kNext.
  int run(std::size_t instruction, Scratch& scratch);
  const Val& held(std::uint32_t reg) const { return registers_[reg]; }

 private:
  Program copy_;  // whose steps lead to ways_
  const ProgramParts& parts_;
  std::vector<Val> slots_;
  std::vector<Val> registers_;
  Step ways_[3];
};

}  // namespace autopilot::expr
