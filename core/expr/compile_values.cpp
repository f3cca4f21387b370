#include <fmt/format.h>

#include <array>

#include "core/expr/compile.h"

namespace autopilot::expr {
namespace {

struct OperatorOp {
  std::string_view name;
  Op op;
};
constexpr std::array<OperatorOp, 5> kOperators{{{"_+_", Op::add},
                                                {"_-_", Op::subtract},
                                                {"_*_", Op::multiply},
                                                {"_/_", Op::divide},
                                                {"_%_", Op::modulo}}};

std::string mark_text(const std::vector<bool>& marks) {
  std::string text;
  for (const bool mark : marks) text += mark ? '1' : '0';
  return text;
}

}  // namespace

Operand Compiler::operand(NodeId id) {
  if (const Val* value = fold(id)) return constant_operand(*value);
  if (node(id).kind == NodeKind::ident) {
    if (const Local* found = local(node(id))) return found->place;
  }
  if (const auto slot = slot_of(id)) return *slot;
  const Register target = take();
  value_into(id, target);
  return Operand::reg(target);
}

void Compiler::value_into(NodeId id, Register target) {
  const Frame frame(*this);
  const Node& n = node(id);
  const bool simple = n.kind == NodeKind::ident || fold(id) != nullptr || slot_of(id);
  if (simple) return emit_value(Op::move, id, target, operand(id), id);
  if (is_condition(id)) return condition_into(id, target);
  switch (n.kind) {
    case NodeKind::select:
      return select_into(id, target);
    case NodeKind::index:
      return index_into(id, target);
    case NodeKind::call:
      return call_into(id, target);
    case NodeKind::list:
    case NodeKind::map:
      return literal_into(id, target);
    case NodeKind::comprehension:
      return comprehension_into(id, target);
    case NodeKind::bind:
    case NodeKind::block:
      return value_into(open_scope(id), target);
    case NodeKind::literal:
    case NodeKind::ident:
      return;
  }
}

void Compiler::condition_into(NodeId id, Register target) {
  const Ways ways{label(), label(), label(), target};
  condition(id, ways);
  const auto give = [&](Label at, bool value) {
    place(at);
    const std::uint32_t number = constant(Val::of_bool(value));
    Instruction& instruction = emit(Op::set, id);
    instruction.target = target;
    instruction.constant = number;
  };
  give(ways.yes, true);
  emit_jump(ways.failed, id);
  give(ways.no, false);
  place(ways.failed);
}

// --- selection

void Compiler::select_into(NodeId id, Register target) {
  const Node& n = node(id);
  const NodeId object = n.children[0];
  if (const auto slot = optional_slot(id))
    return emit_value(Op::slot_optional, id, target, *slot, id);
  const Operand from = operand(object);
  const std::uint32_t name = constant(Val::of_string(n.name));
  emit_value(n.optional ? Op::select_optional : Op::select, id, target, from, object);
  parts_.code.back().constant = name;
}

void Compiler::index_into(NodeId id, Register target) {
  const NodeId object = child(id, 0), key = child(id, 1);
  const Operand a = operand(object);
  if (const Val* name = fold(key);
      name != nullptr && name->tag == Tag::string && !node(id).optional) {
    const std::uint32_t number = constant(*name);
    emit_value(Op::select, id, target, a, object);
    parts_.code.back().constant = number;
    return;
  }
  const Operand b = operand(key);
  emit_value(node(id).optional ? Op::index_optional : Op::index, id, target, a, object, b, key);
}

// --- calls

void Compiler::call_into(NodeId id, Register target) {
  const Node& n = node(id);
  if (n.name == "_?_:_") return choice_into(id, target);
  if (operator_into(id, target)) return;
  if (n.name == "orValue" && or_value_into(id, target)) return;
  if (n.name == "dyn" && n.children.size() == 1 && !n.member)
    return value_into(n.children[0], target);
  if (n.name == "size" && n.children.size() == 1) {
    return emit_value(Op::size, id, target, operand(n.children[0]), n.children[0]);
  }
  general_call(id, target);
}

bool Compiler::operator_into(NodeId id, Register target) {
  const Node& n = node(id);
  if (n.name == "-_" && n.children.size() == 1) {
    emit_value(Op::negate, id, target, operand(n.children[0]), n.children[0]);
    return true;
  }
  for (const OperatorOp& known : kOperators) {
    if (n.name != known.name || n.children.size() != 2) continue;
    const Operand a = operand(n.children[0]);
    const Operand b = operand(n.children[1]);
    emit_value(known.op, id, target, a, n.children[0], b, n.children[1]);
    return true;
  }
  return false;
}

// metrics.?x.orValue(d): no optional is made.
bool Compiler::or_value_into(NodeId id, Register target) {
  const Node& n = node(id);
  if (!n.member || n.children.size() != 2) return false;
  const auto slot = optional_slot(n.children[0]);
  if (!slot) return false;
  const Operand other = operand(n.children[1]);
  emit_value(Op::slot_or, id, target, *slot, n.children[0], other, n.children[1]);
  return true;
}

void Compiler::general_call(NodeId id, Register target) {
  const Node& n = node(id);
  const Style style = n.member ? Style::member : Style::global;
  const std::size_t count = n.children.size();
  const std::uint16_t function = callee(n.name, style, count);
  if (parts_.callees[function].overloads.empty()) {
    const bool known = !find_functions(n.name, Style::global, count).empty() ||
                       !find_functions(n.name, Style::member, count).empty();
    const std::uint32_t text =
        constant(Val::of_string((known ? "no such overload: " : "unknown function: ") + n.name));
    Instruction& instruction = emit(Op::fail, id);
    instruction.target = target;
    instruction.constant = text;
    return;
  }
  if (count == 1) {
    emit_value(Op::call1, id, target, operand(n.children[0]), n.children[0]);
  } else if (count == 2) {
    const Operand a = operand(n.children[0]);
    const Operand b = operand(n.children[1]);
    emit_value(Op::call2, id, target, a, n.children[0], b, n.children[1]);
  } else {
    const Register first = take(count);
    for (std::size_t i = 0; i < count; ++i)
      value_into(n.children[i], static_cast<Register>(first + i));
    emit_value(Op::call, id, target, {first}, id, {static_cast<std::uint32_t>(count)});
  }
  parts_.code.back().extra = function;
}

// --- the rest

void Compiler::literal_into(NodeId id, Register target) {
  const Node& n = node(id);
  const std::size_t count = n.children.size();
  const Register first = take(count);
  for (std::size_t i = 0; i < count; ++i)
    value_into(n.children[i], static_cast<Register>(first + i));
  const std::uint32_t marks = constant(Val::of_string(mark_text(n.marks)));
  emit_value(n.kind == NodeKind::list ? Op::list : Op::map, id, target, {first}, id,
             {static_cast<std::uint32_t>(count)});
  parts_.code.back().constant = marks;
}

void Compiler::choice_into(NodeId id, Register target) {
  const Ways ways{label(), label(), label(), target};
  condition(child(id, 0), ways);
  place(ways.yes);
  value_into(child(id, 1), target);
  emit_jump(ways.failed, id);
  place(ways.no);
  value_into(child(id, 2), target);
  place(ways.failed);
}

NodeId Compiler::open_scope(NodeId id) {
  const Node& n = node(id);
  if (n.kind == NodeKind::bind) {
    locals_.push_back({n.name, operand(n.children[0])});
  } else {
    for (std::size_t i = 0; i + 1 < n.children.size(); ++i) {
      const Operand place = operand(n.children[i]);
      locals_.push_back({fmt::format("@index{}", i), place});
    }
  }
  return n.children.back();
}

}  // namespace autopilot::expr
