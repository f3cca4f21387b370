#include "core/expr/single_steps.h"

#include <algorithm>

namespace autopilot::expr {

SingleSteps::SingleSteps(const Program& program)
    : copy_(Program::deserialise(program.serialise())), parts_(*copy_.parts_) {
  ProgramParts& parts = *copy_.parts_;
  for (std::size_t i = 0; i < parts.steps.size(); ++i) {
    Step& step = parts.steps[i];
    for (int way = 0; way < 3; ++way) step.on[way] = &ways_[way];
    const Instruction& from = parts.code[i];
    const Val* constant = from.constant == kNoConstant ? nullptr : &parts.constants[from.constant];
    step.run = runner_of(from, constant, false);  // none that ends the evaluation by itself
  }
  int last = -1;
  for (const int slot : parts.slots) last = std::max(last, slot);
  slots_.resize(static_cast<std::size_t>(last + 1));
  registers_.resize(parts.registers);
}

void SingleSteps::place(Operand operand, const Val& value) {
  if (operand.is(Where::slot)) slots_[operand.number()] = value;
  if (operand.is(Where::reg)) registers_[operand.number()] = value;
}

int SingleSteps::run(std::size_t instruction, Scratch& scratch) {
  const Step* step = &parts_.steps[instruction];
  Machine machine(parts_, slots_.data(), registers_.data(), scratch);
  const Step* next = step->run(step, slots_.data(), registers_.data(), machine);
  return next >= ways_ && next < ways_ + 3 ? static_cast<int>(next - ways_) : kNext;
}

}  // namespace autopilot::expr
