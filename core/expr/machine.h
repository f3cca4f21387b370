#pragma once
// Runs bytecode. Each instruction is turned into a step: a small function and its operands in one
// cache line; a step returns the next one, or null at the end. Nothing is allocated on the way but
// results.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/expr/code.h"
#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/program.h"
#include "core/expr/regex.h"
#include "core/expr/val.h"

namespace autopilot::expr {

class Machine;
struct Step;

using Run = const Step* (*)(const Step*, const Val* slots, Val* registers, Machine&);

struct alignas(64) Step {
  Run run;
  const Step* on[3];
  Val constant;
  std::uint32_t a, b;
  std::uint16_t target, extra, error;
};
static_assert(sizeof(Step) == 64);

// A set of constants for `x in [...]`. Open addressing, at most a third full.
class ConstantSet {
 public:
  explicit ConstantSet(const ListRep& items);  // REQUIRES scalars
  bool holds(const Val& value) const;
  bool holds(std::string_view text) const;

 private:
  struct Entry {
    Val value;  // absent: free
    std::uint32_t hash = 0;
  };
  std::vector<Entry> table_;
  std::uint32_t mask_;
};

// A function that a program calls, by name: its overloads are found again when the program is
// loaded.
struct Callee {
  std::string name;
  Style style;
  std::size_t count;
  std::vector<const Builtin*> overloads;
};

// What people call a slot.
struct SlotName {
  std::string path;       // "metrics.cvr_1h"
  std::string name;       // its last part
  bool variable = false;  // else a key
};

// All that a program is. Filled by Compiler or deserialise(), then assemble()d; never changed
// afterwards.
struct ProgramParts {
  std::string source;
  std::vector<Instruction> code;
  std::vector<Val> constants;
  std::vector<std::uint32_t> set_lists;    // constants that hold the lists of `sets`
  std::vector<std::uint32_t> regex_texts;  // constants that hold the patterns of `regexes`
  std::vector<Callee> callees;
  std::vector<int> slots;            // in order of first use
  std::vector<SlotName> slot_names;  // of each
  std::uint32_t registers = 0;
  std::uint32_t pending = 0;  // registers [0, pending) start without an error

  Arena arena{256};  // owns what constants point to
  std::vector<Step> steps;
  std::vector<ConstantSet> sets;
  std::vector<Regex> regexes;
  std::vector<FaultRep> missing;  // of each slot

  void assemble();
  const FaultRep* missing_slot(std::uint32_t slot) const;
};

// One evaluation.
class Machine {
 public:
  Machine(const ProgramParts& program, const Val* slots, Val* registers, Scratch& scratch)
      : program_(program), scratch_(scratch), places_{registers, slots, program.constants.data()} {}

  // Runs to the end. The result is valid until the registers are used again.
  const Val& run(const Val* slots, Val* registers) {
    const Step* step = program_.steps.data();
    do {
      step = step->run(step, slots, registers, *this);
    } while (step != nullptr);
    return *result_;
  }

  Scratch& scratch() { return scratch_; }
  const ProgramParts& program() const { return program_; }

  const Val& at(std::uint32_t operand) const {
    return places_[operand >> 30][operand & 0x3fffffff];
  }
  // The operand's value; an input that is missing becomes an error. `site`: 0 whole, 1 a, 2 b.
  Val read(const Step* step, std::uint32_t operand, int site) {
    const Val& value = at(operand);
    return value.tag == Tag::absent ? missing(step, operand, site) : value;
  }
  // Says where an error comes from, unless it knows already.
  Val placed(const Step* step, Val value, int site = 0) const {
    if (value.tag == Tag::error && value.size == 0) value.size = site_of(step, site);
    return value;
  }
  // The way a test goes on: by a boolean, or with an error.
  const Step* go(const Step* step, Val* registers, const Val& value) {
    return value.tag == Tag::boolean ? step->on[value.boolean] : go_failed(step, registers, value);
  }
  const Step* go_failed(const Step* step, Val* registers, Val value, int site = 0);
  // `value` must outlive the evaluation: results are handed on by address, which spares a copy just
  // written.
  void finish(const Val& value) { result_ = &value; }
  void finish_missing(const Step* step) {
    missing_ = missing(step, step->a, 1);
    result_ = &missing_;
  }

 private:
  Val missing(const Step* step, std::uint32_t operand, int site) const;
  std::uint32_t site_of(const Step* step, int site) const;

  const Val* result_ = nullptr;
  Val missing_;
  const ProgramParts& program_;
  Scratch& scratch_;
  const Val* places_[3];
};

// The code of an instruction. The operand's place and the constant's type choose the variant, and
// whether both ways of a test give the result at once.
Run runner_of(const Instruction& instruction, const Val* constant, bool ends);
Run compare_runner(const Instruction& instruction, const Val* constant, bool ends);
Run loop_runner(Op op);
Run value_runner(Op op);

}  // namespace autopilot::expr
