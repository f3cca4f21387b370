// serialise() and deserialise(). A checksum finds damage; what remains is checked piece by piece,
// so that a program that loads stays within its registers, constants and code. It is no defence
// against somebody who forges programs.

#include <algorithm>

#include "core/base/error.h"
#include "core/expr/machine.h"
#include "core/expr/program_bytes.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::string_view kMagic = "APX1";

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void write_instruction(ByteWriter& out, const Instruction& instruction) {
  out.number(static_cast<std::uint8_t>(instruction.op));
  out.number(instruction.target);
  out.number(instruction.extra);
  out.number(instruction.error);
  out.number(instruction.a.bits);
  out.number(instruction.b.bits);
  out.number(instruction.constant);
  for (const std::int32_t way : instruction.on) out.number(way);
  for (const Site& site : instruction.sites) {
    out.number(site.begin);
    out.number(site.end);
  }
}

Instruction read_instruction(ByteReader& in) {
  Instruction instruction;
  const auto op = in.number<std::uint8_t>();
  if (op >= static_cast<std::uint8_t>(Op::count_of_ops))
    refuse_program("an instruction is unknown");
  instruction.op = static_cast<Op>(op);
  instruction.target = in.number<std::uint16_t>();
  instruction.extra = in.number<std::uint16_t>();
  instruction.error = in.number<std::uint16_t>();
  instruction.a.bits = in.number<std::uint32_t>();
  instruction.b.bits = in.number<std::uint32_t>();
  instruction.constant = in.number<std::uint32_t>();
  for (std::int32_t& way : instruction.on) way = in.number<std::int32_t>();
  for (Site& site : instruction.sites) {
    site.begin = in.number<std::uint32_t>();
    site.end = in.number<std::uint32_t>();
  }
  return instruction;
}
constexpr std::size_t kInstructionBytes = 55;

void write_parts(ByteWriter& out, const ProgramParts& parts) {
  out.text(parts.source);
  out.number(parts.registers);
  out.number(parts.pending);
  out.number(static_cast<std::uint32_t>(parts.constants.size()));
  for (const Val& constant : parts.constants) out.value(constant);
  out.number(static_cast<std::uint32_t>(parts.set_lists.size()));
  for (const std::uint32_t list : parts.set_lists) out.number(list);
  out.number(static_cast<std::uint32_t>(parts.regex_texts.size()));
  for (const std::uint32_t text : parts.regex_texts) out.number(text);
  out.number(static_cast<std::uint32_t>(parts.callees.size()));
  for (const Callee& callee : parts.callees) {
    out.text(callee.name);
    out.number(static_cast<std::uint8_t>(callee.style));
    out.number(static_cast<std::uint32_t>(callee.count));
  }
  out.number(static_cast<std::uint32_t>(parts.slots.size()));
  for (std::size_t i = 0; i < parts.slots.size(); ++i) {
    out.number(static_cast<std::int32_t>(parts.slots[i]));
    out.text(parts.slot_names[i].path);
    out.text(parts.slot_names[i].name);
    out.number(static_cast<std::uint8_t>(parts.slot_names[i].variable));
  }
  out.number(static_cast<std::uint32_t>(parts.code.size()));
  for (const Instruction& instruction : parts.code) write_instruction(out, instruction);
}

void read_callees(ByteReader& in, ProgramParts& parts) {
  for (std::uint32_t left = in.count(9); left > 0; --left) {
    Callee callee;
    callee.name = in.text();
    callee.style = in.number<std::uint8_t>() == 0 ? Style::global : Style::member;
    callee.count = in.number<std::uint32_t>();
    callee.overloads = find_functions(callee.name, callee.style, callee.count);
    parts.callees.push_back(std::move(callee));
  }
}

void read_slots(ByteReader& in, ProgramParts& parts) {
  for (std::uint32_t left = in.count(13); left > 0; --left) {
    parts.slots.push_back(in.number<std::int32_t>());
    SlotName name;
    name.path = in.text();
    name.name = in.text();
    name.variable = in.number<std::uint8_t>() != 0;
    parts.slot_names.push_back(std::move(name));
  }
}

void read_parts(ByteReader& in, ProgramParts& parts) {
  parts.source = in.text();
  parts.registers = in.number<std::uint32_t>();
  parts.pending = in.number<std::uint32_t>();
  for (std::uint32_t left = in.count(1); left > 0; --left)
    parts.constants.push_back(in.value(parts.arena));
  for (std::uint32_t left = in.count(4); left > 0; --left)
    parts.set_lists.push_back(in.number<std::uint32_t>());
  for (std::uint32_t left = in.count(4); left > 0; --left)
    parts.regex_texts.push_back(in.number<std::uint32_t>());
  read_callees(in, parts);
  read_slots(in, parts);
  for (std::uint32_t left = in.count(kInstructionBytes); left > 0; --left)
    parts.code.push_back(read_instruction(in));
  if (!in.at_end()) refuse_program("there is more than a program");
}

// --- checks

class ProgramCheck {
 public:
  explicit ProgramCheck(const ProgramParts& parts) : parts_(parts) {}

  void run() const {
    require(!parts_.code.empty() && parts_.registers <= 0xffff &&
            parts_.pending <= parts_.registers);
    for (const std::uint32_t list : parts_.set_lists) check_set(list);
    for (const std::uint32_t text : parts_.regex_texts) {
      require(text < parts_.constants.size() && parts_.constants[text].tag == Tag::string &&
              Regex(parts_.constants[text].text()).ok());
    }
    for (std::size_t i = 0; i < parts_.code.size(); ++i)
      check(parts_.code[i], i + 1 == parts_.code.size());
  }

 private:
  static void require(bool holds) {
    if (!holds) refuse_program("a part of it is out of range");
  }

  void check_set(std::uint32_t number) const {
    require(number < parts_.constants.size() && parts_.constants[number].tag == Tag::list);
    const ListRep& list = *parts_.constants[number].list;
    require(std::all_of(list.items, list.items + list.size, is_scalar));
  }

  void check(const Instruction& instruction, bool is_last) const {
    const OpForm& form = form_of(instruction.op);
    check_number(form.target, instruction.target);
    check_number(form.extra, instruction.extra);
    check_operand(form.a, instruction.a, instruction);
    check_operand(form.b, instruction.b, instruction);
    for (const std::int32_t way : instruction.on) {
      require(way >= 0 && static_cast<std::size_t>(way) < parts_.code.size());
    }
    if (form.is_failed) check_number(Field::reg, instruction.error);
    require(form.ends || !is_last);
    if (form.constant) check_constant(instruction);
    if (form.extra == Field::function) check_call(instruction);
  }

  void check_number(Field field, std::uint32_t number) const {
    if (field == Field::reg || (field == Field::maybe_reg && number != kNoRegister))
      require(number < parts_.registers);
    if (field == Field::state) require(number + 1 < parts_.registers);
    if (field == Field::set) require(number < parts_.set_lists.size());
    if (field == Field::regex) require(number < parts_.regex_texts.size());
    if (field == Field::function) require(number < parts_.callees.size());
  }

  void check_operand(Field field, Operand operand, const Instruction& instruction) const {
    switch (field) {
      case Field::reg:
      case Field::state:
        return check_number(field, operand.bits);
      case Field::first:
        return require(std::uint64_t{operand.bits} + instruction.b.bits <= parts_.registers);
      case Field::slot:
        return require(operand.is(Where::slot) && knows_slot(operand.number()));
      case Field::variable:
        require(!operand.is(Where::constant));
        [[fallthrough]];
      case Field::operand:
        return check_place(operand);
      default:
        return;
    }
  }

  void check_place(Operand operand) const {
    switch (operand.where()) {
      case Where::reg:
        return require(operand.number() < parts_.registers);
      case Where::slot:
        return require(knows_slot(operand.number()));
      case Where::constant:
        return require(operand.number() < parts_.constants.size());
    }
    require(false);
  }

  bool knows_slot(std::uint32_t number) const {
    return std::find(parts_.slots.begin(), parts_.slots.end(), static_cast<int>(number)) !=
           parts_.slots.end();
  }

  void check_constant(const Instruction& instruction) const {
    require(instruction.constant < parts_.constants.size());
    const Val& constant = parts_.constants[instruction.constant];
    const Op op = instruction.op;
    if (op >= Op::less_constant && op <= Op::differ_constant) {
      require(constant.tag == Tag::real || constant.tag == Tag::integer ||
              constant.tag == Tag::string);
    } else if (op >= Op::less_scaled && op <= Op::greater_equal_scaled) {
      require(constant.tag == Tag::real);
    } else if (op != Op::set) {
      require(constant.tag == Tag::string);
    }
    if (op == Op::list) require(constant.size == 0 || constant.size == instruction.b.bits);
    if (op == Op::map) {
      require(instruction.b.bits % 2 == 0);
      require(constant.size == 0 || constant.size == instruction.b.bits / 2);
    }
  }

  void check_call(const Instruction& instruction) const {
    const Callee& callee = parts_.callees[instruction.extra];
    const std::size_t count = instruction.op == Op::call1   ? 1
                              : instruction.op == Op::call2 ? 2
                                                            : instruction.b.bits;
    require(!callee.overloads.empty() && callee.count == count);
  }

  const ProgramParts& parts_;
};

}  // namespace

std::string Program::serialise() const {
  ByteWriter body;
  write_parts(body, *parts_);
  const std::string bytes = body.take();
  ByteWriter head;
  head.number(checksum(bytes));
  return std::string(kMagic) + head.take() + bytes;
}

Program Program::deserialise(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) refuse_program("they start differently");
  ByteReader in(bytes.substr(kMagic.size()));
  if (in.number<std::uint64_t>() != checksum(in.rest())) refuse_program("they are damaged");
  Program program;
  read_parts(in, *program.parts_);
  ProgramCheck(*program.parts_).run();
  program.parts_->assemble();
  return program;
}

}  // namespace autopilot::expr
