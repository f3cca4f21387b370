#include "core/expr/compile.h"

#include <algorithm>

#include "core/base/error.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kMaxRegisters = 60'000;

}  // namespace

Program compile(const CheckedExpr& checked, SlotTable& slots) {
  Folding folding(checked);
  return Compiler(checked, slots, folding, true).compile(checked.ast.root);
}

Compiler::Compiler(const CheckedExpr& checked, SlotTable& slots, Folding& folding, bool folds)
    : checked_(checked),
      slots_(slots),
      folding_(folding),
      folds_(folds),
      parts_(*program_.parts_),
      next_register_(folding.absorbers()) {
  parts_.registers = static_cast<std::uint32_t>(next_register_);
}

Program Compiler::compile(NodeId root) {
  if (folds_) parts_.source = checked_.ast.source;
  if (is_condition(root) && fold(root) == nullptr) {
    const Ways ways{label(), label(), label(), take()};
    condition(root, ways);
    place(ways.yes);
    emit(Op::give_true, root);
    place(ways.no);
    emit(Op::give_false, root);
    place(ways.failed);
    emit(Op::give, root).a = Operand::reg(ways.error);
  } else {
    const Operand result = operand(root);
    Instruction& last = emit(Op::give, root);
    last.a = result;
    last.sites[1] = site(root);
  }
  link();
  parts_.assemble();
  return std::move(program_);
}

Register Compiler::take(std::size_t count) {
  const std::size_t first = next_register_;
  next_register_ += count;
  if (next_register_ > kMaxRegisters) {
    throw Error(ErrorKind::invalid, "the expression needs too many values at once",
                "make it smaller");
  }
  parts_.registers = std::max(parts_.registers, static_cast<std::uint32_t>(next_register_));
  return static_cast<Register>(first);
}

// Never given back: it must hold no error when the program starts.
Register Compiler::take_pending() { return static_cast<Register>(parts_.pending++); }

Label Compiler::label() {
  labels_.push_back(-1);
  return static_cast<Label>(labels_.size() - 1);
}

void Compiler::place(Label label) {
  labels_[static_cast<std::size_t>(label)] = static_cast<std::int32_t>(parts_.code.size());
}

Site Compiler::site(NodeId id) const {
  return id == kNoNode ? Site{} : Site{node(id).begin, node(id).end};
}

Instruction& Compiler::emit(Op op, NodeId at) {
  Instruction& instruction = parts_.code.emplace_back();
  instruction.op = op;
  for (Site& s : instruction.sites) s = site(at);
  // Until link(), on[] holds labels; those that an operation does not use lead nowhere.
  std::fill_n(instruction.on, 3, -1);
  return instruction;
}

void Compiler::emit_jump(Label to, NodeId at) { emit(Op::jump, at).on[0] = to; }

void Compiler::emit_test(Op op, NodeId at, const Ways& ways, Operand a, NodeId a_node, Operand b,
                         NodeId b_node, const std::optional<Val>& value) {
  const std::uint32_t number = value ? constant(*value) : kNoConstant;
  Instruction& test = emit(op, at);
  test.a = a;
  test.b = b;
  test.sites[1] = site(a_node);
  test.sites[2] = site(b_node);
  test.constant = number;
  test.on[false] = ways.no;
  test.on[true] = ways.yes;
  test.on[kFailed] = ways.failed;
  test.error = ways.error;
}

void Compiler::emit_value(Op op, NodeId at, Register target, Operand a, NodeId a_node, Operand b,
                          NodeId b_node) {
  Instruction& instruction = emit(op, at);
  instruction.target = target;
  instruction.a = a;
  instruction.b = b;
  instruction.sites[1] = site(a_node);
  instruction.sites[2] = site(b_node);
}

// Labels become numbers of instructions; jumps to jumps are cut short.
void Compiler::link() {
  const auto resolve = [&](Label to) {
    if (to < 0) return 0;
    std::int32_t at = labels_[static_cast<std::size_t>(to)];
    for (int hops = 0; hops < 64 && parts_.code[static_cast<std::size_t>(at)].op == Op::jump;
         ++hops) {
      at = labels_[static_cast<std::size_t>(parts_.code[static_cast<std::size_t>(at)].on[0])];
    }
    return at;
  };
  std::vector<Instruction> linked = parts_.code;
  for (Instruction& instruction : linked) {
    for (std::int32_t& way : instruction.on) way = resolve(way);
  }
  parts_.code = std::move(linked);
}

}  // namespace autopilot::expr
