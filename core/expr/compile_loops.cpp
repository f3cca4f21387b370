// Comprehensions.

#include "core/expr/compile.h"
#include "core/expr/map.h"

namespace autopilot::expr {

// A register that holds no error when this place is reached.
Register Compiler::start_pending(NodeId id) {
  const Register pending = take_pending();
  if (loops_ > 0) emit(Op::clear, id).target = pending;
  return pending;
}

void Compiler::emit_settle(NodeId id, Register pending, Label clean, Label failed, Register error) {
  Instruction& settle = emit(Op::settle, id);
  settle.a = Operand::reg(pending);
  settle.on[0] = clean;
  settle.on[kFailed] = failed;
  settle.error = error;
}

Compiler::Loop Compiler::open_loop(NodeId id, Operand range, Label failed, Register error) {
  const bool pairs = !node(id).name2.empty();
  Loop loop{take(2), take(), kNoRegister, label(), label(), failed, error};
  if (pairs) loop.second = take();
  Instruction& iterate = emit(Op::iterate, child(id, 0));
  iterate.target = loop.state;
  iterate.a = range;
  iterate.on[0] = loop.next;
  iterate.on[kFailed] = failed;
  iterate.error = error;
  return loop;
}

// From here to leave_loop() is the body, with its variables bound. It ends by going to loop.next.
void Compiler::enter_loop(NodeId id, const Loop& loop) {
  const Label body = label();
  place(loop.next);
  Instruction& next = emit(Op::next, id);
  next.target = loop.first;
  next.extra = loop.second;
  next.a = Operand::reg(loop.state);
  next.on[true] = body;
  next.on[false] = loop.end;
  next.on[kFailed] = loop.failed;
  next.error = loop.error;
  place(body);
  locals_.push_back({node(id).name, Operand::reg(loop.first)});
  if (loop.second != kNoRegister) locals_.push_back({node(id).name2, Operand::reg(loop.second)});
  ++loops_;
}

void Compiler::leave_loop(const Loop& loop) {
  --loops_;
  locals_.resize(locals_.size() - (loop.second != kNoRegister ? 2 : 1));
  place(loop.end);
}

void Compiler::quantifier(NodeId id, const Ways& ways) {
  const bool all = node(id).macro == Macro::all;
  const Register pending = start_pending(id);
  const Operand range = operand(child(id, 0));
  const Loop loop = open_loop(id, range, ways.failed, ways.error);
  enter_loop(id, loop);
  condition(child(id, 1), all ? Ways{loop.next, ways.no, loop.next, pending}
                              : Ways{ways.yes, loop.next, loop.next, pending});
  leave_loop(loop);
  emit_settle(id, pending, all ? ways.yes : ways.no, ways.failed, ways.error);
}

void Compiler::exactly_one(NodeId id, const Ways& ways) {
  const Register count = take();
  const Operand range = operand(child(id, 0));
  const std::uint32_t zero = constant(Val::of_int(0));
  Instruction& start = emit(Op::set, id);
  start.target = count;
  start.constant = zero;
  const Loop loop = open_loop(id, range, ways.failed, ways.error);
  enter_loop(id, loop);
  const Label found = label();
  condition(child(id, 1), {found, loop.next, ways.failed, ways.error});
  place(found);
  emit(Op::increment, id).target = count;
  emit_jump(loop.next, id);
  leave_loop(loop);
  emit_test(Op::same_constant, id, ways, Operand::reg(count), id, {}, kNoNode, Val::of_int(1));
}

void Compiler::comprehension_into(NodeId id, Register target) {
  switch (node(id).macro) {
    case Macro::map:
    case Macro::filter:
    case Macro::transform_list:
      return build_list(id, operand(child(id, 0)), target);
    case Macro::transform_map:
    case Macro::transform_entry:
      return build_map(id, target);
    case Macro::sort_by:
      return sort_by(id, target);
    case Macro::opt_map:
    case Macro::opt_flat_map:
      return opt_map(id, target);
    case Macro::all:
    case Macro::exists:
    case Macro::exists_one:
      return condition_into(id, target);
  }
}

// The condition that some macros have before their transform.
void Compiler::filter(NodeId id, const Loop& loop) {
  if (node(id).macro != Macro::filter && node(id).children.size() < 3) return;
  const Label taken = label();
  condition(child(id, 1), {taken, loop.next, loop.failed, loop.error});
  place(taken);
}

void Compiler::emit_builder(Op op, NodeId id, Register target, const Loop& loop) {
  Instruction& builder = emit(op, id);
  builder.target = target;
  builder.a = Operand::reg(loop.state);
}

void Compiler::emit_addition(Op op, NodeId id, Register target, const Loop& loop, Operand a,
                             Operand b) {
  Instruction& addition = emit(op, id);
  addition.target = target;
  addition.a = a;
  addition.b = b;
  addition.on[0] = loop.next;
  addition.on[kFailed] = loop.failed;
  addition.error = loop.error;
}

void Compiler::build_list(NodeId id, Operand range, Register target) {
  const Label done = label();
  const Label ready = label();
  Loop loop = open_loop(id, range, done, target);
  parts_.code.back().on[0] = ready;
  place(ready);
  const Register list = take();
  emit_builder(Op::list_builder, id, list, loop);
  enter_loop(id, loop);
  filter(id, loop);
  const bool keeps = node(id).macro == Macro::filter;
  const Operand item = keeps ? Operand::reg(loop.first) : operand(node(id).children.back());
  emit_addition(Op::push, node(id).children.back(), list, loop, item);
  leave_loop(loop);
  emit_value(Op::move, id, target, Operand::reg(list), id);
  place(done);
}

void Compiler::build_map(NodeId id, Register target) {
  const Operand range = operand(child(id, 0));
  const Label done = label();
  const Label ready = label();
  const Loop loop = open_loop(id, range, done, target);
  parts_.code.back().on[0] = ready;
  place(ready);
  const Register map = take();
  emit_builder(Op::map_builder, id, map, loop);
  enter_loop(id, loop);
  filter(id, loop);
  const NodeId body = node(id).children.back();
  const Operand value = operand(body);
  if (node(id).macro == Macro::transform_map) {
    emit_addition(Op::put, body, map, loop, Operand::reg(loop.first), value);
  } else {
    emit_addition(Op::put_all, body, map, loop, value);
  }
  leave_loop(loop);
  emit_value(Op::finish_map, id, target, Operand::reg(map), id);
  place(done);
}

void Compiler::sort_by(NodeId id, Register target) {
  const Operand range = operand(child(id, 0));
  const Register keys = take();
  build_list(id, range, keys);
  emit_value(Op::call2, id, target, range, child(id, 0), Operand::reg(keys), child(id, 1));
  parts_.code.back().extra = callee("@sortByAssociatedKeys", Style::member, 2);
}

void Compiler::opt_map(NodeId id, Register target) {
  const Operand from = operand(child(id, 0));
  const Register value = take();
  const Label present = label(), none = label(), done = label();
  emit_test(Op::open, id, {present, none, done, target}, from, child(id, 0));
  parts_.code.back().target = value;
  place(none);
  const std::uint32_t nothing = constant(no_value());
  Instruction& set = emit(Op::set, id);
  set.target = target;
  set.constant = nothing;
  emit_jump(done, id);
  place(present);
  locals_.push_back({node(id).name, Operand::reg(value)});
  value_into(child(id, 1), target);
  locals_.pop_back();
  if (node(id).macro == Macro::opt_map) emit_value(Op::wrap, id, target, Operand::reg(target), id);
  place(done);
}

}  // namespace autopilot::expr
