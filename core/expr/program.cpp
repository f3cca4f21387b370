#include "core/expr/program.h"

#include "core/expr/machine.h"

namespace autopilot::expr {

int SlotTable::slot(const Path& path) {
  const auto [place, is_new] = index_.emplace(path, size());
  if (is_new) paths_.push_back(path);
  return place->second;
}

int SlotTable::find(const Path& path) const {
  const auto found = index_.find(path);
  return found == index_.end() ? -1 : found->second;
}

Program::Program() : parts_(std::make_unique<ProgramParts>()) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

Val Program::evaluate(const Val* slots, Scratch& scratch) const {
  Val* registers = scratch.registers(parts_->registers);
  for (std::uint32_t i = 0; i < parts_->pending; ++i) registers[i].tag = Tag::absent;
  return Machine(*parts_, slots, registers, scratch).run(slots, registers);
}

EvalFault Program::fault(const Val& error, const Scratch&) const {
  EvalFault fault;
  if (error.tag != Tag::error) return fault;
  fault.message = message_of(*error.fault);
  const std::size_t place = error.size - std::size_t{1};
  if (error.size == 0 || place / 3 >= parts_->code.size()) return fault;
  const Site& site = parts_->code[place / 3].sites[place % 3];
  fault.begin = site.begin;
  fault.end = site.end;
  return fault;
}

const std::vector<int>& Program::slots() const { return parts_->slots; }
const std::string& Program::source() const { return parts_->source; }

}  // namespace autopilot::expr
