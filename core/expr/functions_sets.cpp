// The sets extension: lists seen as sets.

#include <algorithm>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

bool holds(const ListRep& list, const Val& item) {
  return std::any_of(list.items, list.items + list.size,
                     [&](const Val& other) { return equal(item, other); });
}

bool holds_all(const ListRep& list, const ListRep& items) {
  return std::all_of(items.items, items.items + items.size,
                     [&](const Val& item) { return holds(list, item); });
}

bool charge_product(Scratch& scratch, Arguments a) {
  const std::uint64_t sizes = std::uint64_t{a[0].list->size} * a[1].list->size;
  const std::uint64_t weights = weight(a[0]) * a[1].list->size + weight(a[1]) * a[0].list->size;
  return scratch.charge(sizes / 16 + weights / 16 + 1);
}

Val set_contains(Scratch& scratch, Arguments a) {
  return charge_product(scratch, a) ? Val::of_bool(holds_all(*a[0].list, *a[1].list))
                                    : fail_cost(scratch);
}

Val set_equivalent(Scratch& scratch, Arguments a) {
  if (!charge_product(scratch, a)) return fail_cost(scratch);
  return Val::of_bool(holds_all(*a[0].list, *a[1].list) && holds_all(*a[1].list, *a[0].list));
}

Val set_intersects(Scratch& scratch, Arguments a) {
  if (!charge_product(scratch, a)) return fail_cost(scratch);
  const ListRep& items = *a[1].list;
  return Val::of_bool(std::any_of(items.items, items.items + items.size,
                                  [&](const Val& item) { return holds(*a[0].list, item); }));
}

constexpr Tag L = Tag::list;
constexpr Style G = Style::global;

constexpr Builtin kSets[] = {
    {"sets.contains", G, 2, {L, L}, set_contains},
    {"sets.equivalent", G, 2, {L, L}, set_equivalent},
    {"sets.intersects", G, 2, {L, L}, set_intersects},
};

}  // namespace

std::span<const Builtin> set_functions() { return kSets; }

}  // namespace autopilot::expr
