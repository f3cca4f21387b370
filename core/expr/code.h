#pragma once
// The bytecode: a linear list of instructions on registers, inputs (slots) and constants. It is
// what serialise() writes and explain() prints; machine.h turns it into directly executable steps.

#include <cstdint>
#include <string_view>

namespace autopilot::expr {

enum class Op : std::uint8_t {
  // Tests go to on[false], on[true], or, with the error in register `error`, to on[kFailed].
  test,           // a is true
  less,           // a < b
  less_equal,     // a <= b
  greater,        // a > b
  greater_equal,  // a >= b
  same,           // a == b
  differ,         // a != b
  less_constant,  // a < constant, …: a is a slot or a register, the constant a double, int or
                  // string
  less_equal_constant,
  greater_constant,
  greater_equal_constant,
  same_constant,
  differ_constant,
  less_scaled,  // slot a < slot b * constant, …: the constant is a double
  less_equal_scaled,
  greater_scaled,
  greater_equal_scaled,
  in,           // a in b
  in_set,       // a in set number `extra`
  starts_with,  // a.startsWith(constant)
  ends_with,    // a.endsWith(constant)
  contains,     // a.contains(constant)
  matches,      // a matches regular expression number `extra`
  has_slot,     // slot a is present
  has_field,    // has(a.constant)
  settle,       // register a holds an error: on[kFailed] with it, else on[0]
  iterate,      // starts a loop over a with its state in registers target and target + 1; on[0],
                // on[kFailed]
  next,  // a: loop state. Sets register target (and extra, when not kNoRegister): on[true]; at the
         // end on[false]
  push,  // adds a to the list in register target; on[0], on[kFailed]
  put,   // adds key a, value b to the map builder in register target; on[0], on[kFailed]
  put_all,  // adds the entries of map a likewise
  open,     // a is an optional: register target = its value, on[true]; none: on[false]
  // The rest goes to the next instruction.
  jump,   // to on[0]
  clear,  // forgets the error in register target
  move,   // target = a
  set,    // target = constant
  add,    // target = a + b …
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  size,             // target = size(a)
  select,           // target = a.constant
  select_optional,  // target = a.?constant
  slot_optional,    // target = optional.of(slot a), or none
  slot_or,          // target = slot a, or b when it is absent
  index,            // target = a[b]
  index_optional,   // target = a[?b]
  call1,            // target = function number `extra`(a)
  call2,            // …(a, b)
  call,             // …(b registers from register a on)
  list,  // target = list of b registers from register a on; the constant marks the optional ones
  map,   // target = map of b keys and values in registers from a on; likewise
  list_builder,  // target = an empty list with room for what the loop with state a visits
  map_builder,   // target = an empty map builder likewise
  finish_map,    // target = the map in builder a
  increment,     // register target += 1
  wrap,          // target = optional.of(a)
  fail,          // target = an error with the constant as its text
  // Ends.
  give,  // the result is a
  give_false,
  give_true,
  count_of_ops,
};

inline constexpr int kFailed = 2;
inline constexpr std::uint16_t kNoRegister = 0xffff;
inline constexpr std::uint32_t kNoConstant = 0xffffffff;

// Where an operand is. Written in the two upper bits.
enum class Where : std::uint32_t { reg = 0, slot = 1, constant = 2 };

struct Operand {
  std::uint32_t bits = 0;

  static Operand of(Where where, std::uint32_t number) {
    return {static_cast<std::uint32_t>(where) << 30 | number};
  }
  static Operand reg(std::uint32_t number) { return of(Where::reg, number); }
  Where where() const { return static_cast<Where>(bits >> 30); }
  std::uint32_t number() const { return bits & 0x3fffffff; }
  bool is(Where wanted) const { return where() == wanted; }
};

// Where in the source an instruction and its operands are.
struct Site {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Instruction {
  Op op = Op::jump;
  std::uint16_t target = 0;
  std::uint16_t extra = 0;
  std::uint16_t error = 0;
  Operand a, b;  // or plain numbers, as `op` says
  std::uint32_t constant = kNoConstant;
  std::int32_t on[3] = {0, 0, 0};  // numbers of instructions
  Site sites[3];                   // of the whole, of a, of b
};

// What the fields of an instruction mean, for explain() and the checks when bytes are loaded.
enum class Field : std::uint8_t {
  none,
  operand,   // slot, register or constant
  slot,      // an operand that is a slot
  variable,  // an operand that is a slot or a register
  reg,       // a register's number
  first,     // the first of `count` registers
  count,
  maybe_reg,  // a register's number or kNoRegister
  state,      // the first of two registers
  set,
  regex,
  function,
};

struct OpForm {
  std::string_view name;
  Field target, extra, a, b;
  bool constant;
  bool is_false, is_true, is_failed;  // which of on[] are used
  bool ends;                          // does not go on with the next instruction
};

const OpForm& form_of(Op op);

}  // namespace autopilot::expr
