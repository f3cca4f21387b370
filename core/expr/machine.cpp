#include "core/expr/machine.h"

#include <algorithm>
#include <bit>

#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {

ConstantSet::ConstantSet(const ListRep& items)
    : table_(std::bit_ceil(std::size_t{items.size} * 2 + 2)),
      mask_(static_cast<std::uint32_t>(table_.size() - 1)) {
  for (std::uint32_t i = 0; i < items.size; ++i) {
    std::uint32_t at = static_cast<std::uint32_t>(hash_of(items.items[i])) & mask_;
    while (table_[at].tag != Tag::absent) at = (at + 1) & mask_;
    table_[at] = items.items[i];
  }
}

bool ConstantSet::holds(const Val& value) const {
  if (!is_scalar(value)) return false;
  std::uint32_t at = static_cast<std::uint32_t>(hash_of(value)) & mask_;
  for (; table_[at].tag != Tag::absent; at = (at + 1) & mask_) {
    if (equal(table_[at], value)) return true;
  }
  return false;
}

void ProgramParts::assemble() {
  for (const std::uint32_t list : set_lists) sets.emplace_back(*constants[list].list);
  for (const std::uint32_t text : regex_texts) regexes.emplace_back(constants[text].text());
  for (const SlotName& slot : slot_names) {
    missing.push_back(
        {slot.variable ? "no such variable: " : "no such key: ", Val::of_string(slot.name)});
  }
  steps.resize(code.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    const Instruction& from = code[i];
    Step& to = steps[i];
    const Val* constant = from.constant == kNoConstant ? nullptr : &constants[from.constant];
    to.run = runner_of(from, constant);
    for (int way = 0; way < 3; ++way) to.on[way] = &steps[static_cast<std::size_t>(from.on[way])];
    to.constant = constant != nullptr ? *constant : Val();
    to.a = from.a.bits;
    to.b = from.b.bits;
    to.target = from.target;
    to.extra = from.extra;
    to.error = from.error;
  }
}

const FaultRep* ProgramParts::missing_slot(std::uint32_t slot) const {
  const auto found = std::find(slots.begin(), slots.end(), static_cast<int>(slot));
  return &missing[static_cast<std::size_t>(found - slots.begin())];
}

Val Machine::run(const Val* slots, Val* registers) {
  const Step* step = program_.steps.data();
  do {
    step = step->run(step, slots, registers, *this);
  } while (step != nullptr);
  return result_;
}

const Step* Machine::go_failed(const Step* step, Val* registers, Val value, int site) {
  if (value.tag == Tag::absent) value = missing(step, step->a, 1);
  if (value.tag != Tag::error) {
    value = fail(scratch_, "expected bool, got ", Val::of_string(type_name(value)));
  }
  // Of the errors that && and || absorb, the first is shown.
  Val& place = registers[step->error];
  if (step->error >= program_.pending || place.tag != Tag::error) place = placed(step, value, site);
  return step->on[kFailed];
}

Val Machine::missing(const Step* step, std::uint32_t operand, int site) const {
  const Operand from{operand};
  if (!from.is(Where::slot)) return fail(scratch_, "a register was read before it was set");
  Val error = Val::of_fault(program_.missing_slot(from.number()));
  error.size = site_of(step, site);
  return error;
}

// An error's place is a number: three for each instruction, from 1 on.
std::uint32_t Machine::site_of(const Step* step, int site) const {
  return static_cast<std::uint32_t>(step - program_.steps.data()) * 3 +
         static_cast<std::uint32_t>(site) + 1;
}

}  // namespace autopilot::expr
