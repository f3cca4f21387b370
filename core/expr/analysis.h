#pragma once
// A checked condition as three formulas: when it is true, when it is false, when it fails. They may
// overlap a little, but no input is in none of them, and each input of an outcome is in that
// outcome's formula.

#include <string>

#include "core/expr/check.h"
#include "core/expr/logic.h"
#include "core/expr/program.h"

namespace autopilot::expr {

struct Outcomes {
  FormulaId yes = Logic::kYes;
  FormulaId no = Logic::kYes;
  FormulaId fails = Logic::kYes;
};

struct Analysis : Outcomes {
  std::string not_understood;  // source of a part of which only the kind of its result is known;
                               // may be empty
};

// What inputs may be. The same path must always get the same answers, unless its version differs.
class Inputs {
 public:
  virtual ~Inputs() = default;
  // With kind::error when the input may be absent. `type` is what the checker knows.
  virtual Domain domain_of(const Path& path, const Type& type) const = 0;
  // Tells apart inputs of one name that may have changed meanwhile; "" for those that cannot.
  virtual std::string version_of(const Path& path) const = 0;
};

// REQUIRES checked.ok().
Analysis analyse(const CheckedExpr& checked, const Inputs& inputs, Logic& logic);

// The term of an expression that gives a value.
TermId analyse_value(const CheckedExpr& checked, const Inputs& inputs, Logic& logic);

// The inputs that an expression reads, each once, in order of writing.
std::vector<Path> inputs_of(const CheckedExpr& checked);

}  // namespace autopilot::expr
