// The steps that compare and test.

#include <algorithm>

#include "core/expr/machine.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

enum class Relation { less, less_equal, greater, greater_equal, same, differ };

template <Relation relation, class T>
bool holds(const T& a, const T& b) {
  if constexpr (relation == Relation::less) return a < b;
  if constexpr (relation == Relation::less_equal) return a <= b;
  if constexpr (relation == Relation::greater) return a > b;
  if constexpr (relation == Relation::greater_equal) return a >= b;
  if constexpr (relation == Relation::same) return a == b;
  return a != b;
}

// The way on after a test. Where both ways end the evaluation, no branch depends on the outcome.
// Elsewhere a real one does: processors learn branches far better than the indirect calls that
// follow from them.
template <bool ends>
const Step* way(const Step* step, Machine& machine, bool yes) {
  if constexpr (ends) {
    machine.finish(step->on[yes]->constant);
    return nullptr;
  }
  if (yes) {
    asm volatile("");  // keeps the compiler from merging the ways into one without a branch
    return step->on[true];
  }
  return step->on[false];
}

// Comparing longer texts has a price.
constexpr std::uint32_t kShortText = 1024;

template <Relation relation>
bool text_holds(std::string_view a, std::string_view b) {
  if constexpr (relation == Relation::same) return same_text(a, b);
  if constexpr (relation == Relation::differ) return !same_text(a, b);
  return holds<relation>(a, b);
}

constexpr const char* kOrderNames[] = {"_<_", "_<=_", "_>_", "_>=_"};

template <Relation relation>
Val compare_any(Machine& machine, const Val& a, const Val& b) {
  if (a.is_error() || b.is_error()) return a.is_error() ? a : b;
  if constexpr (relation == Relation::same || relation == Relation::differ) {
    if (!is_scalar(a) || a.size > kShortText) {
      if (!machine.scratch().charge(std::min(weight(a), weight(b))))
        return fail_cost(machine.scratch());
    }
    return Val::of_bool(equal(a, b) == (relation == Relation::same));
  } else {
    const Order order = compare(a, b);
    if (order == Order::incomparable) {
      const Val arguments[2] = {a, b};
      return fail_overload(machine.scratch(), kOrderNames[static_cast<int>(relation)], arguments, 2,
                           false);
    }
    if (order == Order::unordered) return Val::of_bool(false);
    return Val::of_bool(holds<relation>(static_cast<int>(order), static_cast<int>(Order::equal)));
  }
}

template <Relation relation>
[[gnu::noinline]] const Step* compare_slowly(const Step* step, Val* registers, Machine& machine,
                                             std::uint32_t a, const Val& b) {
  return machine.go(step, registers, compare_any<relation>(machine, machine.read(step, a, 1), b));
}

template <Relation relation>
const Step* compare_values(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& a = machine.at(step->a);
  const Val& b = machine.at(step->b);
  if (a.tag == Tag::real && b.tag == Tag::real)
    return way<false>(step, machine, holds<relation>(a.real, b.real));
  if (a.tag == Tag::integer && b.tag == Tag::integer)
    return way<false>(step, machine, holds<relation>(a.integer, b.integer));
  if (a.tag == Tag::string && b.tag == Tag::string && a.size <= kShortText)
    return way<false>(step, machine, text_holds<relation>(a.text(), b.text()));
  return compare_slowly<relation>(step, registers, machine, step->a,
                                  machine.read(step, step->b, 2));
}

template <Where from>
const Val& variable(const Step* step, const Val* slots, const Val* registers) {
  if constexpr (from == Where::slot) return slots[step->a & 0x3fffffff];
  return registers[step->a];
}

template <Relation relation, Where from, Tag type, bool ends>
const Step* compare_constant(const Step* step, const Val* slots, Val* registers, Machine& machine) {
  const Val& a = variable<from>(step, slots, registers);
  if (a.tag == type && (type != Tag::string || a.size <= kShortText)) [[likely]] {
    if constexpr (type == Tag::real)
      return way<ends>(step, machine, holds<relation>(a.real, step->constant.real));
    if constexpr (type == Tag::integer)
      return way<ends>(step, machine, holds<relation>(a.integer, step->constant.integer));
    if constexpr (type == Tag::string)
      return way<ends>(step, machine, text_holds<relation>(a.text(), step->constant.text()));
  }
  return compare_slowly<relation>(step, registers, machine, step->a, step->constant);
}

template <Relation relation>
const Step* compare_scaled(const Step* step, const Val* slots, Val* registers, Machine& machine) {
  const Val& a = slots[step->a & 0x3fffffff];
  const Val& b = slots[step->b & 0x3fffffff];
  if (a.tag == Tag::real && b.tag == Tag::real) [[likely]] {
    return way<false>(step, machine, holds<relation>(a.real, b.real * step->constant.real));
  }
  const Val factor = machine.read(step, step->b, 2);
  const Val scaled =
      factor.is_error() ? factor : multiply(machine.scratch(), factor, step->constant);
  return compare_slowly<relation>(step, registers, machine, step->a,
                                  machine.placed(step, scaled, 2));
}

template <Relation relation, Where from, bool ends>
Run constant_runner(Tag type) {
  if (type == Tag::real) return compare_constant<relation, from, Tag::real, ends>;
  if (type == Tag::integer) return compare_constant<relation, from, Tag::integer, ends>;
  return compare_constant<relation, from, Tag::string, ends>;
}

template <Relation relation>
Run constant_runner(const Instruction& instruction, const Val* constant, bool ends) {
  const Tag type = constant->tag;
  if (instruction.a.is(Where::reg)) {
    return ends ? constant_runner<relation, Where::reg, true>(type)
                : constant_runner<relation, Where::reg, false>(type);
  }
  return ends ? constant_runner<relation, Where::slot, true>(type)
              : constant_runner<relation, Where::slot, false>(type);
}

// --- other tests

const Step* test(const Step* step, const Val*, Val* registers, Machine& machine) {
  return machine.go(step, registers, machine.at(step->a));
}

const Step* test_in(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val item = machine.read(step, step->a, 1);
  if (item.is_error()) return machine.go_failed(step, registers, item);
  const Val container = machine.read(step, step->b, 2);
  if (container.is_error()) return machine.go_failed(step, registers, container);
  return machine.go(step, registers, contained_in(machine.scratch(), item, container));
}

template <bool ends>
const Step* test_in_set(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& item = machine.at(step->a);
  if (item.tag == Tag::absent || item.tag == Tag::error) [[unlikely]] {
    return machine.go_failed(step, registers, item, 1);
  }
  return way<ends>(step, machine, step->constant.set->holds(item));
}

enum class Affix { start, end, inside };
constexpr const char* kAffixNames[] = {"startsWith", "endsWith", "contains"};

template <Affix affix>
bool has_affix(std::string_view text, std::string_view part) {
  if constexpr (affix == Affix::start) {
    return text.size() >= part.size() && same_bytes(text.data(), part.data(), part.size());
  }
  if constexpr (affix == Affix::end) return text.ends_with(part);
  return text.find(part) != std::string_view::npos;
}

template <Affix affix, bool ends>
const Step* test_affix(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val& text = machine.at(step->a);
  if (text.tag == Tag::string) [[likely]] {
    if (affix == Affix::inside && !machine.scratch().charge_bytes(text.size)) {
      return machine.go_failed(step, registers, fail_cost(machine.scratch()));
    }
    return way<ends>(step, machine, has_affix<affix>(text.text(), step->constant.text()));
  }
  if (text.tag == Tag::absent || text.tag == Tag::error)
    return machine.go_failed(step, registers, text, 1);
  const Val arguments[2] = {text, step->constant};
  return machine.go_failed(
      step, registers,
      fail_overload(machine.scratch(), kAffixNames[static_cast<int>(affix)], arguments, 2, true));
}

const Step* test_matches(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val text = machine.read(step, step->a, 1);
  if (text.is_error()) return machine.go_failed(step, registers, text);
  if (text.tag != Tag::string) {
    return machine.go_failed(step, registers,
                             fail_overload(machine.scratch(), "matches", &text, 1, true));
  }
  if (!machine.scratch().charge_bytes(text.size)) {
    return machine.go_failed(step, registers, fail_cost(machine.scratch()));
  }
  return step->on[machine.program().regexes[step->extra].matches(text.text())];
}

const Step* test_has_slot(const Step* step, const Val* slots, Val*, Machine&) {
  return step->on[slots[step->a & 0x3fffffff].tag != Tag::absent];
}

const Step* test_has_field(const Step* step, const Val*, Val* registers, Machine& machine) {
  const Val object = machine.read(step, step->a, 1);
  if (object.is_error()) return machine.go_failed(step, registers, object);
  return machine.go(step, registers, has_field(machine.scratch(), object, step->constant));
}

Run values_runner(Op op) {
  switch (op) {
    case Op::less:
      return compare_values<Relation::less>;
    case Op::less_equal:
      return compare_values<Relation::less_equal>;
    case Op::greater:
      return compare_values<Relation::greater>;
    case Op::greater_equal:
      return compare_values<Relation::greater_equal>;
    case Op::same:
      return compare_values<Relation::same>;
    case Op::differ:
      return compare_values<Relation::differ>;
    case Op::less_scaled:
      return compare_scaled<Relation::less>;
    case Op::less_equal_scaled:
      return compare_scaled<Relation::less_equal>;
    case Op::greater_scaled:
      return compare_scaled<Relation::greater>;
    case Op::greater_equal_scaled:
      return compare_scaled<Relation::greater_equal>;
    default:
      return nullptr;
  }
}

Run constant_runner(const Instruction& instruction, const Val* constant, bool ends) {
  switch (instruction.op) {
    case Op::less_constant:
      return constant_runner<Relation::less>(instruction, constant, ends);
    case Op::less_equal_constant:
      return constant_runner<Relation::less_equal>(instruction, constant, ends);
    case Op::greater_constant:
      return constant_runner<Relation::greater>(instruction, constant, ends);
    case Op::greater_equal_constant:
      return constant_runner<Relation::greater_equal>(instruction, constant, ends);
    case Op::same_constant:
      return constant_runner<Relation::same>(instruction, constant, ends);
    case Op::differ_constant:
      return constant_runner<Relation::differ>(instruction, constant, ends);
    default:
      return nullptr;
  }
}

Run other_runner(Op op, bool ends) {
  switch (op) {
    case Op::test:
      return test;
    case Op::in:
      return test_in;
    case Op::in_set:
      return ends ? test_in_set<true> : test_in_set<false>;
    case Op::starts_with:
      return ends ? test_affix<Affix::start, true> : test_affix<Affix::start, false>;
    case Op::ends_with:
      return ends ? test_affix<Affix::end, true> : test_affix<Affix::end, false>;
    case Op::contains:
      return ends ? test_affix<Affix::inside, true> : test_affix<Affix::inside, false>;
    case Op::matches:
      return test_matches;
    case Op::has_slot:
      return test_has_slot;
    case Op::has_field:
      return test_has_field;
    default:
      return nullptr;
  }
}

}  // namespace

Run compare_runner(const Instruction& instruction, const Val* constant, bool ends) {
  if (const Run run = values_runner(instruction.op)) return run;
  if (const Run run = constant_runner(instruction, constant, ends)) return run;
  return other_runner(instruction.op, ends);
}

Run runner_of(const Instruction& instruction, const Val* constant, bool ends) {
  if (const Run run = compare_runner(instruction, constant, ends)) return run;
  if (const Run run = loop_runner(instruction.op)) return run;
  return value_runner(instruction.op);
}

}  // namespace autopilot::expr
