// A program as text, for people: one instruction a line.

#include <fmt/format.h>

#include "core/expr/machine.h"
#include "core/expr/utf8.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kWidestConstant = 60;

bool has_operands(const OpForm& form) {
  return form.target != Field::none || form.a != Field::none || form.constant || form.is_false;
}

class Explainer {
 public:
  explicit Explainer(const ProgramParts& parts) : parts_(parts) {}

  std::string text() const {
    std::string out;
    for (std::size_t i = 0; i < parts_.code.size(); ++i) {
      out += fmt::format("{:>4}  {}\n", i, line(parts_.code[i]));
    }
    return out;
  }

 private:
  std::string line(const Instruction& instruction) const {
    const OpForm& form = form_of(instruction.op);
    std::string out =
        has_operands(form) ? fmt::format("{:<16}", form.name) : std::string(form.name);
    if (form.target != Field::none) out += fmt::format(" r{} =", instruction.target);
    append_extra(out, form.extra, instruction.extra);
    append_field(out, form.a, instruction.a);
    append_field(out, form.b, instruction.b);
    if (form.constant) out += " " + constant(instruction.constant);
    append_ways(out, form, instruction);
    return out;
  }

  void append_extra(std::string& out, Field field, std::uint16_t extra) const {
    if (field == Field::function) out += " " + parts_.callees[extra].name;
    if (field == Field::set) out += " " + constant(parts_.set_lists[extra]);
    if (field == Field::regex) out += " " + constant(parts_.regex_texts[extra]);
    if (field == Field::maybe_reg && extra != kNoRegister) out += fmt::format(" r{} =", extra);
  }

  void append_field(std::string& out, Field field, Operand operand) const {
    if (field == Field::none) return;
    if (field == Field::count) {
      out += fmt::format(" ({} registers)", operand.bits);
    } else if (operand.is(Where::slot)) {
      out += " " + slot(operand.number());
    } else if (operand.is(Where::constant)) {
      out += " " + constant(operand.number());
    } else {
      out += fmt::format(" r{}", operand.number());
    }
  }

  static void append_ways(std::string& out, const OpForm& form, const Instruction& instruction) {
    if (form.is_true && form.is_false) {
      out += fmt::format("  ? {} : {}", instruction.on[true], instruction.on[false]);
    } else if (form.is_false) {
      out += fmt::format("  -> {}", instruction.on[false]);
    }
    if (form.is_failed)
      out += fmt::format(" ! {} (r{})", instruction.on[kFailed], instruction.error);
  }

  std::string slot(std::uint32_t number) const {
    for (std::size_t i = 0; i < parts_.slots.size(); ++i) {
      if (parts_.slots[i] == static_cast<int>(number)) return parts_.slot_names[i].path;
    }
    return fmt::format("slot {}", number);
  }

  std::string constant(std::uint32_t number) const {
    std::string out;
    const Val& value = parts_.constants[number];
    if (value.tag == Tag::string) {
      append_quoted(out, value.text());
    } else {
      append_text(out, value);
    }
    if (out.size() <= kWidestConstant) return out;
    std::size_t end = kWidestConstant;
    while (is_continuation(out[end])) --end;
    out.resize(end);
    return out += "…";
  }

  const ProgramParts& parts_;
};

}  // namespace

std::string Program::explain() const { return Explainer(*parts_).text(); }

}  // namespace autopilot::expr
