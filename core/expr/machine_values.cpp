// The steps that compute values.

#include "core/expr/machine.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

const Step* give(const Step* step, const Val*, Val*, Machine& machine) {
  const Val& value = machine.at(step->a);
  if (value.tag == Tag::absent) {
    machine.finish_missing(step);
  } else {
    machine.finish(value);
  }
  return nullptr;
}

// One function for both results: where a condition ends is then no branch that could be
// mispredicted.
const Step* give_constant(const Step* step, const Val*, Val*, Machine& machine) {
  machine.finish(step->constant);
  return nullptr;
}

const Step* jump(const Step* step, const Val*, Val*, Machine&) { return step->on[0]; }

const Step* move(const Step* step, const Val*, Val* registers, Machine& machine) {
  registers[step->target] = machine.read(step, step->a, 1);
  return step + 1;
}

const Step* set(const Step* step, const Val*, Val* registers, Machine&) {
  registers[step->target] = step->constant;
  return step + 1;
}

const Step* fail_always(const Step* step, const Val*, Val* registers, Machine& machine) {
  registers[step->target] = machine.placed(step, fail(machine.scratch(), "", step->constant));
  return step + 1;
}

using Unary = Val (*)(Scratch&, const Val&);
using Binary = Val (*)(Scratch&, const Val&, const Val&);

template <Unary function>
const Step* unary(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val a = machine.read(step, step->a, 1);
  registers[step->target] = a.is_error() ? a : machine.placed(step, function(machine.scratch(), a));
  return step + 1;
}

template <Binary function>
const Step* binary(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val a = machine.read(step, step->a, 1);
  const Val b = machine.read(step, step->b, 2);
  Val& target = registers[step->target];
  if (a.is_error() || b.is_error()) {
    target = a.is_error() ? a : b;
  } else {
    target = machine.placed(step, function(machine.scratch(), a, b));
  }
  return step + 1;
}

// Doubles, the usual case, take the short way.
template <Binary function, class Short>
const Step* arithmetic(const Step* step, const Val* slots, Val* registers, Machine& machine) {
  const Val& a = machine.at(step->a);
  const Val& b = machine.at(step->b);
  if (a.tag == Tag::real && b.tag == Tag::real) {
    registers[step->target] = Val::of_double(Short()(a.real, b.real));
    return step + 1;
  }
  return binary<function>(step, slots, registers, machine);
}

template <bool optional>
Val index_value(Scratch& scratch, const Val& a, const Val& b) {
  return index(scratch, a, b, optional);
}

template <bool optional>
const Step* select_field(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& object = machine.at(step->a);
  if (!optional && object.tag == Tag::map) {
    if (const Val* found = find(*object.map, step->constant.text())) {
      registers[step->target] = *found;
      return step + 1;
    }
  }
  const Val a = machine.read(step, step->a, 1);
  registers[step->target] =
      a.is_error() ? a
                   : machine.placed(step, select(machine.scratch(), a, step->constant, optional));
  return step + 1;
}

const Step* slot_optional(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& value = machine.at(step->a);
  registers[step->target] = value.tag == Tag::absent || value.is_error()
                                ? (value.is_error() ? value : no_value())
                                : make_optional(machine.scratch().arena(), value);
  return step + 1;
}

const Step* slot_or(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& value = machine.at(step->a);
  registers[step->target] = value.tag == Tag::absent ? machine.read(step, step->b, 2) : value;
  return step + 1;
}

Val wrap_value(Scratch& scratch, const Val& value) { return make_optional(scratch.arena(), value); }

// --- calls

Val call_function(const Step* step, Machine& machine, Arguments arguments) {
  for (const Val& argument : arguments) {
    if (argument.is_error()) return argument;
  }
  const Callee& callee = machine.program().callees[step->extra];
  return machine.placed(step, call(machine.scratch(), callee.overloads, arguments));
}

const Step* call1(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val a = machine.read(step, step->a, 1);
  registers[step->target] = call_function(step, machine, {&a, 1});
  return step + 1;
}

const Step* call2(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val arguments[2] = {machine.read(step, step->a, 1), machine.read(step, step->b, 2)};
  registers[step->target] = call_function(step, machine, arguments);
  return step + 1;
}

const Step* call_many(const Step* step, const Val*, Val* registers, Machine& machine) {
  registers[step->target] = call_function(step, machine, {registers + step->a, step->b});
  return step + 1;
}

// --- literals

bool is_marked(const Step* step, std::uint32_t i) {
  return step->constant.size != 0 && step->constant.data[i] == '1';
}

// An optional entry: its value, or absent when it is none. An error when it is no optional.
Val opened(Machine& machine, const Val& value) {
  if (value.tag != Tag::optional) {
    return fail(machine.scratch(), "expected optional_type, got ",
                Val::of_string(type_name(value)));
  }
  return value.optional->present ? value.optional->value : Val();
}

const Step* make_list_literal(const Step* step, const Val*, Val* registers, Machine& machine) {
  Arena& arena = machine.scratch().arena();
  Val* items = arena.array<Val>(step->b);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < step->b; ++i) {
    const Val& given = registers[step->a + i];
    const Val value = is_marked(step, i) && !given.is_error() ? opened(machine, given) : given;
    if (value.is_error()) {
      registers[step->target] = machine.placed(step, value);
      return step + 1;
    }
    if (value.tag != Tag::absent) items[size++] = value;
  }
  registers[step->target] = Val::of_list(make_list(arena, items, size));
  return step + 1;
}

Val map_literal(const Step* step, const Val* given, Machine& machine) {
  Scratch& scratch = machine.scratch();
  MapEntry* entries = scratch.arena().array<MapEntry>(step->b / 2);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < step->b / 2; ++i) {
    const Val& key = given[2 * i];
    if (key.is_error()) return key;
    if (!is_key(key))
      return fail(scratch, "unsupported key type: ", Val::of_string(type_name(key)));
    Val value = given[2 * i + 1];
    if (is_marked(step, i) && !value.is_error()) value = opened(machine, value);
    if (value.is_error()) return value;
    if (value.tag != Tag::absent) entries[size++] = {key, value};
  }
  const MapRep* map = make_map(scratch.arena(), entries, size);
  return map != nullptr ? Val::of_map(map) : fail(scratch, "the map has a repeated key");
}

const Step* make_map_literal(const Step* step, const Val*, Val* registers, Machine& machine) {
  registers[step->target] = machine.placed(step, map_literal(step, registers + step->a, machine));
  return step + 1;
}

Run arithmetic_runner(Op op) {
  switch (op) {
    case Op::add:
      return arithmetic<add, std::plus<double>>;
    case Op::subtract:
      return arithmetic<subtract, std::minus<double>>;
    case Op::multiply:
      return arithmetic<multiply, std::multiplies<double>>;
    case Op::divide:
      return arithmetic<divide, std::divides<double>>;
    case Op::modulo:
      return binary<modulo>;
    case Op::negate:
      return unary<negate>;
    case Op::size:
      return unary<size_of>;
    default:
      return nullptr;
  }
}

Run access_runner(Op op) {
  switch (op) {
    case Op::select:
      return select_field<false>;
    case Op::select_optional:
      return select_field<true>;
    case Op::slot_optional:
      return slot_optional;
    case Op::slot_or:
      return slot_or;
    case Op::index:
      return binary<index_value<false>>;
    case Op::index_optional:
      return binary<index_value<true>>;
    case Op::call1:
      return call1;
    case Op::call2:
      return call2;
    case Op::call:
      return call_many;
    case Op::wrap:
      return unary<wrap_value>;
    default:
      return nullptr;
  }
}

}  // namespace

Run value_runner(Op op) {
  if (const Run run = arithmetic_runner(op)) return run;
  if (const Run run = access_runner(op)) return run;
  switch (op) {
    case Op::jump:
      return jump;
    case Op::move:
      return move;
    case Op::set:
      return set;
    case Op::list:
      return make_list_literal;
    case Op::map:
      return make_map_literal;
    case Op::fail:
      return fail_always;
    case Op::give:
      return give;
    case Op::give_false:
    case Op::give_true:
      return give_constant;
    default:
      return nullptr;
  }
}

}  // namespace autopilot::expr
