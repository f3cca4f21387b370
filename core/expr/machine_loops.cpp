// The steps of comprehensions, and of the absorption of errors.

#include <new>

#include "core/expr/machine.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

const Step* settle(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& value = registers[step->a];
  if (value.tag != Tag::error) [[likely]]
    return step->on[0];
  return machine.go_failed(step, registers, value);
}

// The state of a loop: what it runs over, and the number of the next element.
const Step* iterate(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val range = machine.read(step, step->a, 1);
  if (range.tag != Tag::list && range.tag != Tag::map) {
    if (range.is_error()) return machine.go_failed(step, registers, range);
    return machine.go_failed(step, registers,
                             fail(machine.scratch(), "cannot go through a value of type ",
                                  Val::of_string(type_name(range))),
                             1);
  }
  registers[step->target] = range;
  registers[step->target + 1] = Val::of_int(0);
  return step->on[0];
}

const Step* next_pair(const Step* step, Val* registers, const Val& range, std::int64_t at) {
  if (range.tag == Tag::map) {
    registers[step->target] = range.map->entries[at].key;
    registers[step->extra] = range.map->entries[at].value;
  } else {
    registers[step->target] = Val::of_int(at);
    registers[step->extra] = range.list->items[at];
  }
  return step->on[true];
}

const Step* next(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& range = registers[step->a];
  std::int64_t& position = registers[step->a + 1].integer;
  const std::int64_t at = position;
  const std::uint32_t size = range.tag == Tag::list ? range.list->size : range.map->size;
  if (at >= std::int64_t{size}) return step->on[false];
  if (!machine.scratch().charge(1)) [[unlikely]] {
    return machine.go_failed(step, registers, fail_cost(machine.scratch()));
  }
  position = at + 1;
  if (step->extra != kNoRegister) return next_pair(step, registers, range, at);
  registers[step->target] =
      range.tag == Tag::list ? range.list->items[at] : range.map->entries[at].key;
  return step->on[true];
}

std::uint32_t size_of_range(const Val& range) {
  return range.tag == Tag::list ? range.list->size : range.map->size;
}

const Step* list_builder(const Step* step, const Val*, Val* registers, Machine& machine) {
  Arena& arena = machine.scratch().arena();
  Val* items = arena.array<Val>(size_of_range(registers[step->a]));
  registers[step->target] = Val::of_list(make_list(arena, items, 0));
  return step + 1;
}

// Lists under construction are ours alone: they were made by list_builder with room for one item
// per element visited.
const Step* push(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val value = machine.read(step, step->a, 1);
  if (value.is_error()) return machine.go_failed(step, registers, value);
  auto* list = const_cast<ListRep*>(registers[step->target].list);
  const_cast<Val*>(list->items)[list->size++] = value;
  return step->on[0];
}

// A builder lives in the arena; its register points to it by way of the value's text.
MapBuilder* builder_in(const Val& value) {
  return reinterpret_cast<MapBuilder*>(const_cast<char*>(value.data));
}

const Step* map_builder(const Step* step, const Val*, Val* registers, Machine& machine) {
  Arena& arena = machine.scratch().arena();
  auto* builder =
      new (arena.allocate(sizeof(MapBuilder))) MapBuilder(size_of_range(registers[step->a]), arena);
  Val value;
  value.data = reinterpret_cast<const char*>(builder);
  registers[step->target] = value;
  return step + 1;
}

Val add_entry(Machine& machine, MapBuilder* builder, const Val& key, const Val& value) {
  Scratch& scratch = machine.scratch();
  if (key.is_error() || value.is_error()) return key.is_error() ? key : value;
  if (!is_key(key)) return fail(scratch, "unsupported key type: ", Val::of_string(type_name(key)));
  return builder->add(scratch.arena(), key, value) ? Val() : fail(scratch, "repeated key: ", key);
}

const Step* put(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val failed = add_entry(machine, builder_in(registers[step->target]),
                               machine.read(step, step->a, 1), machine.read(step, step->b, 2));
  return failed.is_error() ? machine.go_failed(step, registers, failed) : step->on[0];
}

const Step* put_all(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val entries = machine.read(step, step->a, 1);
  if (entries.is_error()) return machine.go_failed(step, registers, entries);
  if (entries.tag != Tag::map) {
    return machine.go_failed(
        step, registers,
        fail(machine.scratch(), "expected map, got ", Val::of_string(type_name(entries))), 1);
  }
  MapBuilder* builder = builder_in(registers[step->target]);
  if (!machine.scratch().charge(entries.map->size)) {
    return machine.go_failed(step, registers, fail_cost(machine.scratch()));
  }
  for (std::uint32_t i = 0; i < entries.map->size; ++i) {
    const MapEntry& entry = entries.map->entries[i];
    const Val failed = add_entry(machine, builder, entry.key, entry.value);
    if (failed.is_error()) return machine.go_failed(step, registers, failed);
  }
  return step->on[0];
}

const Step* finish_map(const Step* step, const Val*, Val* registers, Machine& machine) {
  registers[step->target] =
      Val::of_map(builder_in(registers[step->a])->finish(machine.scratch().arena()));
  return step + 1;
}

const Step* open(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val value = machine.read(step, step->a, 1);
  if (value.tag != Tag::optional) {
    if (value.is_error()) return machine.go_failed(step, registers, value);
    return machine.go_failed(
        step, registers,
        fail(machine.scratch(), "expected optional_type, got ", Val::of_string(type_name(value))),
        1);
  }
  registers[step->target] = value.optional->value;
  return step->on[value.optional->present];
}

const Step* increment(const Step* step, const Val*, Val* registers, Machine&) {
  ++registers[step->target].integer;
  return step + 1;
}

const Step* clear(const Step* step, const Val*, Val* registers, Machine&) {
  registers[step->target].tag = Tag::absent;
  return step + 1;
}

}  // namespace

Run loop_runner(Op op) {
  switch (op) {
    case Op::settle:
      return settle;
    case Op::iterate:
      return iterate;
    case Op::next:
      return next;
    case Op::list_builder:
      return list_builder;
    case Op::push:
      return push;
    case Op::map_builder:
      return map_builder;
    case Op::put:
      return put;
    case Op::put_all:
      return put_all;
    case Op::finish_map:
      return finish_map;
    case Op::open:
      return open;
    case Op::increment:
      return increment;
    case Op::clear:
      return clear;
    default:
      return nullptr;
  }
}

}  // namespace autopilot::expr
