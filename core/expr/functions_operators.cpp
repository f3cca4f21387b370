// Arithmetic with overflow checks, indexing, selection and membership.

#include <cmath>
#include <limits>

#include "core/base/time.h"
#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/time_functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr auto kMinInt = std::numeric_limits<std::int64_t>::min();

Val overload_fault(Scratch& scratch, std::string_view name, const Val& a, const Val& b) {
  const Val arguments[2] = {a, b};
  return fail_overload(scratch, name, arguments, 2, false);
}

Val concatenate(Scratch& scratch, const Val& a, const Val& b) {
  const std::uint64_t size = std::uint64_t{a.size} + b.size;
  if (size > std::numeric_limits<std::uint32_t>::max() || !scratch.charge_bytes(size))
    return fail_cost(scratch);
  char* text = scratch.arena().array<char>(size);
  std::memcpy(text, a.data, a.size);
  if (b.size > 0) std::memcpy(text + a.size, b.data, b.size);
  Val result = Val::of_string({text, size});
  result.tag = a.tag;
  return result;
}

Val concatenate_lists(Scratch& scratch, const ListRep& a, const ListRep& b) {
  const std::uint64_t size = std::uint64_t{a.size} + b.size;
  if (size > std::numeric_limits<std::uint32_t>::max() || !scratch.charge(size / 4 + 1))
    return fail_cost(scratch);
  Val* items = scratch.arena().array<Val>(size);
  std::copy_n(a.items, a.size, items);
  std::copy_n(b.items, b.size, items + a.size);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(size)));
}

Val add_same(Scratch& scratch, const Val& a, const Val& b) {
  std::int64_t sum = 0;
  std::uint64_t unsigned_sum = 0;
  switch (a.tag) {
    case Tag::integer:
      return __builtin_add_overflow(a.integer, b.integer, &sum) ? fail_overflow(scratch, "int")
                                                                : Val::of_int(sum);
    case Tag::uinteger:
      return __builtin_add_overflow(a.uinteger, b.uinteger, &unsigned_sum)
                 ? fail_overflow(scratch, "uint")
                 : Val::of_uint(unsigned_sum);
    case Tag::real:
      return Val::of_double(a.real + b.real);
    case Tag::string:
    case Tag::bytes:
      return a.size == 0 ? b : concatenate(scratch, a, b);
    case Tag::list:
      return concatenate_lists(scratch, *a.list, *b.list);
    case Tag::duration:
      return __builtin_add_overflow(a.integer, b.integer, &sum) ? fail_overflow(scratch, "duration")
                                                                : Val::of_duration(sum);
    default:
      return overload_fault(scratch, "_+_", a, b);
  }
}

Val subtract_same(Scratch& scratch, const Val& a, const Val& b) {
  std::int64_t difference = 0;
  std::uint64_t unsigned_difference = 0;
  switch (a.tag) {
    case Tag::integer:
      return __builtin_sub_overflow(a.integer, b.integer, &difference)
                 ? fail_overflow(scratch, "int")
                 : Val::of_int(difference);
    case Tag::uinteger:
      return __builtin_sub_overflow(a.uinteger, b.uinteger, &unsigned_difference)
                 ? fail_overflow(scratch, "uint")
                 : Val::of_uint(unsigned_difference);
    case Tag::real:
      return Val::of_double(a.real - b.real);
    case Tag::duration:
      return __builtin_sub_overflow(a.integer, b.integer, &difference)
                 ? fail_overflow(scratch, "duration")
                 : Val::of_duration(difference);
    case Tag::timestamp:
      return time_between(scratch, a, b);
    default:
      return overload_fault(scratch, "_-_", a, b);
  }
}

// The position that a list index means: integers of any type, and doubles that are whole.
bool to_position(const Val& index, std::int64_t& position) {
  switch (index.tag) {
    case Tag::integer:
      position = index.integer;
      return true;
    case Tag::uinteger:
      position =
          index.uinteger > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
              ? -1
              : static_cast<std::int64_t>(index.uinteger);
      return true;
    case Tag::real:
      if (!(std::fabs(index.real) < 9e15) || std::trunc(index.real) != index.real) return false;
      position = static_cast<std::int64_t>(index.real);
      return true;
    default:
      return false;
  }
}

Val index_list(Scratch& scratch, const Val& list, const Val& at, bool optional) {
  std::int64_t position = 0;
  if (!to_position(at, position)) return overload_fault(scratch, "_[_]", list, at);
  if (position >= 0 && position < std::int64_t{list.list->size}) return list.list->items[position];
  return optional ? Val() : fail(scratch, "index out of bounds: ", at);
}

Val index_map(Scratch& scratch, const Val& map, const Val& key, bool optional) {
  if (!scratch.charge(weight(key))) return fail_cost(scratch);
  if (const Val* found = find(*map.map, key)) return *found;
  if (optional && is_key(key)) return Val();
  if (!is_key(key) && key.tag != Tag::real) return overload_fault(scratch, "_[_]", map, key);
  return optional ? Val() : fail(scratch, "no such key: ", key);
}

// An element, an error, or absent when `optional` and there is none.
Val index_plain(Scratch& scratch, const Val& a, const Val& b, bool optional) {
  if (a.tag == Tag::map) return index_map(scratch, a, b, optional);
  if (a.tag == Tag::list) return index_list(scratch, a, b, optional);
  return overload_fault(scratch, "_[_]", a, b);
}

Val select_plain(Scratch& scratch, const Val& a, const Val& name, bool optional) {
  if (a.tag != Tag::map) {
    return fail(scratch, "type '", Val::of_string(type_name(a)), "' has no field '", name, "'");
  }
  if (const Val* found = find(*a.map, name.text())) return *found;
  return optional ? Val() : fail(scratch, "no such key: ", name);
}

using Plain = Val (*)(Scratch&, const Val&, const Val&, bool);

Val through_optional(Scratch& scratch, const Val& a, const Val& b, Plain plain) {
  const bool wrapped = a.tag == Tag::optional;
  if (wrapped && !a.optional->present) return a;
  const Val found = plain(scratch, wrapped ? a.optional->value : a, b, true);
  if (found.tag == Tag::absent) return no_value();
  return found.is_error() ? found : make_optional(scratch.arena(), found);
}

}  // namespace

Val add(Scratch& scratch, const Val& a, const Val& b) {
  if (a.tag == b.tag) return add_same(scratch, a, b);
  if (a.tag == Tag::timestamp && b.tag == Tag::duration) return time_after(scratch, a, b.integer);
  if (a.tag == Tag::duration && b.tag == Tag::timestamp) return time_after(scratch, b, a.integer);
  return overload_fault(scratch, "_+_", a, b);
}

Val subtract(Scratch& scratch, const Val& a, const Val& b) {
  if (a.tag == b.tag) return subtract_same(scratch, a, b);
  if (a.tag == Tag::timestamp && b.tag == Tag::duration) return time_before(scratch, a, b.integer);
  return overload_fault(scratch, "_-_", a, b);
}

Val multiply(Scratch& scratch, const Val& a, const Val& b) {
  if (a.tag != b.tag) return overload_fault(scratch, "_*_", a, b);
  std::int64_t product = 0;
  std::uint64_t unsigned_product = 0;
  switch (a.tag) {
    case Tag::real:
      return Val::of_double(a.real * b.real);
    case Tag::integer:
      return __builtin_mul_overflow(a.integer, b.integer, &product) ? fail_overflow(scratch, "int")
                                                                    : Val::of_int(product);
    case Tag::uinteger:
      return __builtin_mul_overflow(a.uinteger, b.uinteger, &unsigned_product)
                 ? fail_overflow(scratch, "uint")
                 : Val::of_uint(unsigned_product);
    default:
      return overload_fault(scratch, "_*_", a, b);
  }
}

Val divide(Scratch& scratch, const Val& a, const Val& b) {
  if (a.tag != b.tag) return overload_fault(scratch, "_/_", a, b);
  switch (a.tag) {
    case Tag::real:
      return Val::of_double(a.real / b.real);
    case Tag::integer:
      if (b.integer == 0) return fail(scratch, "division by zero");
      if (a.integer == kMinInt && b.integer == -1) return fail_overflow(scratch, "int");
      return Val::of_int(a.integer / b.integer);
    case Tag::uinteger:
      return b.uinteger == 0 ? fail(scratch, "division by zero")
                             : Val::of_uint(a.uinteger / b.uinteger);
    default:
      return overload_fault(scratch, "_/_", a, b);
  }
}

Val modulo(Scratch& scratch, const Val& a, const Val& b) {
  if (a.tag != b.tag) return overload_fault(scratch, "_%_", a, b);
  switch (a.tag) {
    case Tag::integer:
      if (b.integer == 0) return fail(scratch, "modulus by zero");
      if (a.integer == kMinInt && b.integer == -1) return fail_overflow(scratch, "int");
      return Val::of_int(a.integer % b.integer);
    case Tag::uinteger:
      return b.uinteger == 0 ? fail(scratch, "modulus by zero")
                             : Val::of_uint(a.uinteger % b.uinteger);
    default:
      return overload_fault(scratch, "_%_", a, b);
  }
}

Val negate(Scratch& scratch, const Val& a) {
  switch (a.tag) {
    case Tag::real:
      return Val::of_double(-a.real);
    case Tag::integer:
      return a.integer == kMinInt ? fail_overflow(scratch, "int") : Val::of_int(-a.integer);
    default:
      return fail_overload(scratch, "-_", &a, 1, false);
  }
}

Val contained_in(Scratch& scratch, const Val& item, const Val& container) {
  if (!scratch.charge(weight(item))) return fail_cost(scratch);
  if (container.tag == Tag::map) return Val::of_bool(find(*container.map, item) != nullptr);
  if (container.tag != Tag::list) return overload_fault(scratch, "@in", item, container);
  const ListRep& list = *container.list;
  if (!scratch.charge(list.size / 16 + (is_scalar(item) ? 0 : weight(container)))) {
    return fail_cost(scratch);
  }
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (equal(item, list.items[i])) return Val::of_bool(true);
  }
  return Val::of_bool(false);
}

Val index(Scratch& scratch, const Val& a, const Val& b, bool optional) {
  if (optional || a.tag == Tag::optional) return through_optional(scratch, a, b, index_plain);
  return index_plain(scratch, a, b, false);
}

Val select(Scratch& scratch, const Val& a, const Val& name, bool optional) {
  if (optional || a.tag == Tag::optional) return through_optional(scratch, a, name, select_plain);
  return select_plain(scratch, a, name, false);
}

Val has_field(Scratch& scratch, const Val& a, const Val& name) {
  if (a.tag == Tag::optional) {
    return a.optional->present ? has_field(scratch, a.optional->value, name) : Val::of_bool(false);
  }
  const Val found = select_plain(scratch, a, name, true);
  return found.is_error() ? found : Val::of_bool(found.tag != Tag::absent);
}

}  // namespace autopilot::expr
