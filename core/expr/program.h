#pragma once
// A compiled expression and its evaluation. Compile once when policies load; evaluate millions of
// times. Inputs are slots: one per path (metrics.cvr_1h) that some program reads, shared by all
// programs of one SlotTable.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "core/expr/check.h"
#include "core/expr/scratch.h"
#include "core/expr/val.h"

namespace autopilot::expr {

// A place in the input: variable, then constant field names. {"metrics", "cvr_1h"}; {"metrics"} is
// the whole map.
using Path = std::vector<std::string>;

class SlotTable {
 public:
  // The slot of a path, made when new.
  int slot(const Path& path);
  int find(const Path& path) const;  // -1 when no program reads it
  const std::vector<Path>& paths() const { return paths_; }
  int size() const { return static_cast<int>(paths_.size()); }

 private:
  std::vector<Path> paths_;
  std::map<Path, int> index_;
};

// Why an evaluation gave Tag::error: text, and the byte range of the expression that failed.
struct EvalFault {
  std::string message;  // "no such key: cvr_1h", "division by zero"
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct ProgramParts;  // machine.h

// Immutable, shareable between threads.
class Program {
 public:
  Program();
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  // Never throws. The result is a value or Tag::error; `slots` has SlotTable::size() entries.
  Val evaluate(const Val* slots, Scratch& scratch) const;

  EvalFault fault(const Val& error, const Scratch& scratch) const;
  const std::vector<int>& slots() const;  // the slots it reads, in order of first use
  const std::string& source() const;
  std::string explain() const;  // the bytecode, one instruction a line
  std::string serialise()
      const;  // the same program on the same slots: deserialise(serialise()) behaves alike
  static Program deserialise(
      std::string_view bytes);  // throws Error(storage) on bytes that are not a program
  const ProgramParts& parts() const { return *parts_; }  // for what executes it in other ways

 private:
  friend class Compiler;
  friend class SingleSteps;
  std::unique_ptr<ProgramParts> parts_;
};

// REQUIRES checked.ok(). Constant sub-expressions are folded; bad constant regexes, durations and
// timestamps were reported by the checker.
Program compile(const CheckedExpr& checked, SlotTable& slots);

// Edges: dynamic values in and out. `json_numbers` makes every number a double, as metrics and
// action.data have it.
// Strings of the result are views of `value`, which must live as long.
Val to_val(const Value& value, Scratch& scratch, bool json_numbers);
Value to_value(const Val& value);       // timestamps, durations, bytes, types become strings
std::string to_text(const Val& value);  // as a message shows it

}  // namespace autopilot::expr
