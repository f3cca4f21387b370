#include "core/expr/machine.h"

#include <algorithm>
#include <bit>

#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {

namespace {

// Size and both ends tell most constants apart, whatever their length.
std::uint32_t set_hash(std::string_view text) {
  std::uint64_t head = 0, tail = 0;
  if (text.size() >= 8) {
    std::memcpy(&head, text.data(), 8);
    std::memcpy(&tail, text.data() + text.size() - 8, 8);
  } else if (text.size() >= 4) {
    std::memcpy(&head, text.data(), 4);
    std::memcpy(&tail, text.data() + text.size() - 4, 4);
  } else {
    for (const char c : text) head = head << 8 | static_cast<unsigned char>(c);
  }
  const std::uint64_t mixed = (head ^ tail << 23 ^ tail >> 41 ^ text.size()) * 0x9e3779b97f4a7c15;
  return static_cast<std::uint32_t>(mixed >> 32);
}

std::uint32_t set_hash(const Val& value) {
  return value.tag == Tag::string ? set_hash(value.text())
                                  : static_cast<std::uint32_t>(hash_of(value));
}

}  // namespace

ConstantSet::ConstantSet(const ListRep& items)
    : table_(std::bit_ceil(std::size_t{items.size} * 3 + 2)),
      mask_(static_cast<std::uint32_t>(table_.size() - 1)) {
  for (std::uint32_t i = 0; i < items.size; ++i) {
    const std::uint32_t hash = set_hash(items.items[i]);
    std::uint32_t at = hash & mask_;
    while (table_[at].value.tag != Tag::absent) at = (at + 1) & mask_;
    table_[at] = {items.items[i], hash};
  }
}

bool ConstantSet::holds(const Val& value) const {
  if (value.tag == Tag::string) return holds(value.text());
  if (!is_scalar(value)) return false;
  const std::uint32_t hash = set_hash(value);
  for (std::uint32_t at = hash & mask_; table_[at].value.tag != Tag::absent;
       at = (at + 1) & mask_) {
    if (table_[at].hash == hash && equal(table_[at].value, value)) return true;
  }
  return false;
}

bool ConstantSet::holds(std::string_view text) const {
  const std::uint32_t hash = set_hash(text);
  for (std::uint32_t at = hash & mask_; table_[at].value.tag != Tag::absent;
       at = (at + 1) & mask_) {
    const Entry& entry = table_[at];
    if (entry.hash == hash && entry.value.tag == Tag::string && same_text(entry.value.text(), text))
      return true;
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
  const auto gives_at = [&](std::int32_t at) {
    const Op op = code[static_cast<std::size_t>(at)].op;
    return op == Op::give_false || op == Op::give_true;
  };
  for (std::size_t i = 0; i < code.size(); ++i) {
    const Instruction& from = code[i];
    Step& to = steps[i];
    const Val* constant = from.constant == kNoConstant ? nullptr : &constants[from.constant];
    to.run = runner_of(from, constant, gives_at(from.on[false]) && gives_at(from.on[true]));
    for (int way = 0; way < 3; ++way) to.on[way] = &steps[static_cast<std::size_t>(from.on[way])];
    to.constant = constant != nullptr ? *constant : Val::of_bool(from.op == Op::give_true);
    if (from.op == Op::in_set) to.constant.set = &sets[from.extra];
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
