// Optional values.

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val of(Scratch& scratch, Arguments a) { return make_optional(scratch.arena(), a[0]); }
Val of_non_zero(Scratch& scratch, Arguments a) {
  return is_zero(a[0]) ? no_value() : make_optional(scratch.arena(), a[0]);
}
Val none(Scratch&, Arguments) { return no_value(); }
Val has_value(Scratch&, Arguments a) { return Val::of_bool(a[0].optional->present); }
Val value(Scratch& scratch, Arguments a) {
  return a[0].optional->present ? a[0].optional->value
                                : fail(scratch, "optional.none() has no value");
}
Val value_or(Scratch&, Arguments a) { return a[0].optional->present ? a[0] : a[1]; }
Val value_or_plain(Scratch&, Arguments a) {
  return a[0].optional->present ? a[0].optional->value : a[1];
}

Val unwrap(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  if (!scratch.charge(list.size)) return fail_cost(scratch);
  Val* items = scratch.arena().array<Val>(list.size);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (list.items[i].tag != Tag::optional) return Val();
    if (list.items[i].optional->present) items[size++] = list.items[i].optional->value;
  }
  return Val::of_list(make_list(scratch.arena(), items, size));
}

constexpr Tag O = Tag::optional;
constexpr Style G = Style::global, M = Style::member;

constexpr Builtin kOptional[] = {
    {"optional.of", G, 1, {kAny}, of},
    {"optional.ofNonZeroValue", G, 1, {kAny}, of_non_zero},
    {"optional.none", G, 0, {}, none},
    {"hasValue", M, 1, {O}, has_value},
    {"value", M, 1, {O}, value},
    {"or", M, 2, {O, O}, value_or},
    {"orValue", M, 2, {O, kAny}, value_or_plain},
    {"optional.unwrap", G, 1, {Tag::list}, unwrap},
    {"unwrapOpt", M, 1, {Tag::list}, unwrap},
};

}  // namespace

std::span<const Builtin> optional_functions() { return kOptional; }

}  // namespace autopilot::expr
