#pragma once
// CheckedExpr → bytecode. Conditions become jumps; only values that are needed get a register.
// Constant parts are computed here and now; those that fail are left to fail again when they run.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/ast.h"
#include "core/expr/check.h"
#include "core/expr/code.h"
#include "core/expr/machine.h"
#include "core/expr/program.h"

namespace autopilot::expr {

// Which parts of an expression are constant, and what they are.
class Folding {
 public:
  explicit Folding(const CheckedExpr& checked);

  // True when nothing in it depends on inputs or on variables bound outside it.
  bool is_closed(NodeId node) const { return closed_[node]; }
  bool has_failed(NodeId node) const { return failed_[node]; }
  std::size_t absorbers() const {
    return absorbers_;
  }  // how many && || and comprehensions there are
  void set_failed(NodeId node) { failed_[node] = true; }

 private:
  int outermost(NodeId node);
  int outermost_name(const Node& node) const;
  const Ast& ast_;
  std::vector<bool> closed_;
  std::vector<bool> failed_;
  std::vector<std::string_view> names_;
  std::size_t absorbers_ = 0;
};

using Register = std::uint16_t;
using Label = std::int32_t;

// Where a condition goes on. An error is left in register `error`.
struct Ways {
  Label yes;
  Label no;
  Label failed;
  Register error;
};

class Compiler {
 public:
  // With `folds` unset nothing is folded.
  Compiler(const CheckedExpr& checked, SlotTable& slots, Folding& folding, bool folds);
  Program compile(NodeId root);

 private:
  struct Local {
    std::string name;
    Operand place;
  };
  // Gives registers back at the end of a scope.
  class Frame;

  const Node& node(NodeId id) const { return checked_.ast[id]; }
  NodeId child(NodeId id, std::size_t i) const { return node(id).children[i]; }

  // compile.cpp: registers, labels, instructions
  Register take(std::size_t count = 1);
  Register take_pending();
  Label label();
  void place(Label label);
  Instruction& emit(Op op, NodeId at);
  void emit_jump(Label to, NodeId at);
  void emit_test(Op op, NodeId at, const Ways& ways, Operand a, NodeId a_node, Operand b = {},
                 NodeId b_node = kNoNode, const std::optional<Val>& constant = {});
  void emit_value(Op op, NodeId at, Register target, Operand a, NodeId a_node, Operand b = {},
                  NodeId b_node = kNoNode);
  void link();
  std::uint32_t constant(const Val& value);
  Operand constant_operand(const Val& value) {
    return Operand::of(Where::constant, constant(value));
  }
  Site site(NodeId id) const;

  // compile_values.cpp
  Operand operand(NodeId id);  // where the value is, computed when it must be
  void value_into(NodeId id, Register target);
  void condition_into(NodeId id, Register target);
  void call_into(NodeId id, Register target);
  void general_call(NodeId id, Register target);
  bool operator_into(NodeId id, Register target);
  bool or_value_into(NodeId id, Register target);
  void select_into(NodeId id, Register target);
  void index_into(NodeId id, Register target);
  void literal_into(NodeId id, Register target);
  void choice_into(NodeId id, Register target);
  NodeId open_scope(NodeId id);  // of bind and block: computes what they bind; gives the body

  // compile_tests.cpp
  bool is_condition(NodeId id) const;
  void condition(NodeId id, const Ways& ways);
  bool call_condition(NodeId id, const Ways& ways);
  void chain(NodeId id, const Ways& ways, bool is_and);
  void choice(NodeId id, const Ways& ways);
  void compare(NodeId id, const Ways& ways, int relation);
  bool compare_scaled(NodeId id, const Ways& ways, int relation, NodeId left, NodeId right);
  void member_of(NodeId id, const Ways& ways);
  bool text_test(NodeId id, const Ways& ways);
  void presence(NodeId id, const Ways& ways);

  // compile_loops.cpp
  struct Loop {
    Register state, first, second;  // second: kNoRegister for macros of one variable
    Label next, end;
    Label failed;  // where an error goes that the macro does not absorb
    Register error;
  };
  void comprehension_into(NodeId id, Register target);
  void quantifier(NodeId id, const Ways& ways);
  void exactly_one(NodeId id, const Ways& ways);
  void build_list(NodeId id, Operand range, Register target);
  void build_map(NodeId id, Register target);
  void sort_by(NodeId id, Register target);
  void opt_map(NodeId id, Register target);
  Loop open_loop(NodeId id, Operand range, Label failed, Register error);
  void enter_loop(NodeId id, const Loop& loop);
  void leave_loop(const Loop& loop);
  void filter(NodeId id, const Loop& loop);
  void emit_builder(Op op, NodeId id, Register target, const Loop& loop);
  void emit_addition(Op op, NodeId id, Register target, const Loop& loop, Operand a,
                     Operand b = {});
  void emit_settle(NodeId id, Register pending, Label clean, Label failed, Register error);
  Register start_pending(NodeId id);

  // compile_constants.cpp
  const Val* fold(NodeId id);  // the value of a constant part; null when it is none
  Val keep(const Val& value);  // copies into the program
  std::uint16_t set_of(std::uint32_t list);
  std::uint16_t regex_of(const Val& pattern);
  std::uint16_t callee(std::string_view name, Style style, std::size_t count);

  // compile_slots.cpp
  std::optional<Operand> slot_of(NodeId id);
  std::optional<Operand> optional_slot(NodeId id);  // of metrics.?x
  Operand use_slot(const Path& path);
  const Local* local(const Node& ident) const;

  const CheckedExpr& checked_;
  SlotTable& slots_;
  Folding& folding_;
  bool folds_;
  Program program_;
  ProgramParts& parts_;
  std::vector<Local> locals_;
  std::vector<std::int32_t> labels_;  // instruction of each
  std::map<std::string, std::uint32_t> constants_;
  std::map<NodeId, Val> folded_;
  std::size_t next_register_ = 0;
  int loops_ = 0;  // how many we are inside of
};

class Compiler::Frame {
 public:
  explicit Frame(Compiler& compiler)
      : compiler_(compiler), mark_(compiler.next_register_), locals_(compiler.locals_.size()) {}
  ~Frame() {
    compiler_.next_register_ = mark_;
    compiler_.locals_.resize(locals_);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  Compiler& compiler_;
  std::size_t mark_;
  std::size_t locals_;
};

}  // namespace autopilot::expr
