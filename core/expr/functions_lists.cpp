// The lists extension: slice, flatten, distinct, sort, sortBy, range, reverse, first, last.

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val list_of(Scratch& scratch, const std::vector<Val>& values) {
  Val* items = scratch.arena().array<Val>(values.size());
  std::copy(values.begin(), values.end(), items);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(values.size())));
}

Val slice(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  const std::int64_t begin = a[1].integer, end = a[2].integer;
  if (begin < 0 || end < 0)
    return fail(scratch, "slice(", a[1], ", ", a[2], ") has a negative index");
  if (begin > end) return fail(scratch, "slice(", a[1], ", ", a[2], ") starts after its end");
  if (end > std::int64_t{list.size}) {
    return fail(scratch, "slice() ends at ", a[2], ", but the list's size is ",
                Val::of_int(list.size));
  }
  return Val::of_list(
      make_list(scratch.arena(), list.items + begin, static_cast<std::uint32_t>(end - begin)));
}

bool flatten_into(Scratch& scratch, const ListRep& list, std::int64_t depth,
                  std::vector<Val>& out) {
  if (!scratch.charge(list.size + 1)) return false;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    const Val& item = list.items[i];
    if (item.tag == Tag::list && depth > 0) {
      if (!flatten_into(scratch, *item.list, depth - 1, out)) return false;
    } else {
      out.push_back(item);
    }
  }
  return true;
}

Val flatten_levels(Scratch& scratch, const ListRep& list, std::int64_t depth) {
  std::vector<Val> out;
  return flatten_into(scratch, list, depth, out) ? list_of(scratch, out) : fail_cost(scratch);
}

Val flatten(Scratch& scratch, Arguments a) { return flatten_levels(scratch, *a[0].list, 1); }
Val flatten_deep(Scratch& scratch, Arguments a) {
  if (a[1].integer < 0) return fail(scratch, "flatten() to a negative depth: ", a[1]);
  return flatten_levels(scratch, *a[0].list, a[1].integer);
}

Val distinct(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  std::vector<Val> out;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    const Val& item = list.items[i];
    if (!scratch.charge(out.size() * (weight(item) + 1) / 16 + 1)) return fail_cost(scratch);
    if (std::none_of(out.begin(), out.end(), [&](const Val& seen) { return equal(seen, item); }))
      out.push_back(item);
  }
  return list_of(scratch, out);
}

Val range(Scratch& scratch, Arguments a) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(a[0].integer, 0));
  if (count > scratch.cost_limit || !scratch.charge(count)) return fail_cost(scratch);
  Val* items = scratch.arena().array<Val>(count);
  for (std::uint64_t i = 0; i < count; ++i) items[i] = Val::of_int(static_cast<std::int64_t>(i));
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(count)));
}

Val reverse_list(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  if (!scratch.charge(list.size)) return fail_cost(scratch);
  Val* items = scratch.arena().array<Val>(list.size);
  std::reverse_copy(list.items, list.items + list.size, items);
  return Val::of_list(make_list(scratch.arena(), items, list.size));
}

bool is_sortable(Tag tag) {
  switch (tag) {
    case Tag::boolean:
    case Tag::integer:
    case Tag::uinteger:
    case Tag::real:
    case Tag::string:
    case Tag::bytes:
    case Tag::timestamp:
    case Tag::duration:
      return true;
    default:
      return false;
  }
}

// A total order, so that sorting is defined with NaN: it comes first.
bool sorts_before(const Val& a, const Val& b) {
  const Order order = compare(a, b);
  if (order != Order::unordered) return order == Order::less;
  return a.real != a.real && b.real == b.real;
}

// `list` in the order of `keys`, which has the same size; stable.
Val sort_by_keys(Scratch& scratch, const ListRep& list, const ListRep& keys) {
  if (list.size == 0) return Val::of_list(&list);
  if (!is_sortable(keys.items[0].tag)) {
    return fail(scratch, "values of type ", Val::of_string(type_name(keys.items[0])),
                " have no order to sort by");
  }
  for (std::uint32_t i = 1; i < keys.size; ++i) {
    if (keys.items[i].tag != keys.items[0].tag)
      return fail(scratch, "values to sort by must be of one type");
  }
  if (!scratch.charge(std::uint64_t{list.size} * 4 + weight(Val::of_list(&keys)) * 16)) {
    return fail_cost(scratch);
  }
  std::vector<std::uint32_t> order(list.size);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t i, std::uint32_t j) {
    return sorts_before(keys.items[i], keys.items[j]);
  });
  Val* items = scratch.arena().array<Val>(list.size);
  for (std::uint32_t i = 0; i < list.size; ++i) items[i] = list.items[order[i]];
  return Val::of_list(make_list(scratch.arena(), items, list.size));
}

Val sort(Scratch& scratch, Arguments a) { return sort_by_keys(scratch, *a[0].list, *a[0].list); }
Val sort_with(Scratch& scratch, Arguments a) {
  if (a[0].list->size != a[1].list->size)
    return fail(scratch, "sortBy() needs one key for each element");
  return sort_by_keys(scratch, *a[0].list, *a[1].list);
}

Val first(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  return list.size == 0 ? no_value() : make_optional(scratch.arena(), list.items[0]);
}

Val last(Scratch& scratch, Arguments a) {
  const ListRep& list = *a[0].list;
  return list.size == 0 ? no_value() : make_optional(scratch.arena(), list.items[list.size - 1]);
}

constexpr Tag L = Tag::list, I = Tag::integer;
constexpr Style M = Style::member;

constexpr Builtin kLists[] = {
    {"slice", M, 3, {L, I, I}, slice},
    {"flatten", M, 1, {L}, flatten},
    {"flatten", M, 2, {L, I}, flatten_deep},
    {"distinct", M, 1, {L}, distinct},
    {"lists.range", Style::global, 1, {I}, range},
    {"reverse", M, 1, {L}, reverse_list},
    {"sort", M, 1, {L}, sort},
    {"@sortByAssociatedKeys", M, 2, {L, L}, sort_with},
    {"first", M, 1, {L}, first},
    {"last", M, 1, {L}, last},
};

}  // namespace

std::span<const Builtin> list_functions() { return kLists; }

}  // namespace autopilot::expr
