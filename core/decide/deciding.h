#pragma once
// One decision in the making: the steps of DESIGN §5 as methods, in their order. Lives for one call
// of Engine::decide. Split over deciding.cpp (order, gates, result), mutations.cpp, guards.cpp and
// limits.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "core/decide/engine.h"
#include "core/decide/values.h"

namespace autopilot::decide {

class Deciding {
 public:
  Deciding(Engine& engine, Input& input, const Circumstances& circumstances, LedgerView& ledger,
           Outcome& outcome, Trace* trace);
  void run();

 private:
  // What the policies of one pass (all enforced ones, or one monitor policy) came to.
  struct Pass {
    bool monitor = false;
    bool blocked = false;
    bool pending = false;
    bool changed = false;       // the final action differs from what the pass began with
    bool stale = false;         // slots beside those of changed fields don't show the changes yet
    bool refreshed = false;     // the action was decoded again in this pass
    std::size_t log_begin = 0;  // its part of the change log
    std::string_view base_action;  // Input::action and data when the pass began
    std::string_view base_data;
  };

  // deciding.cpp
  void name_inputs();
  void name_whole_action();
  expr::Val map_of(const std::vector<expr::MapEntry>& entries);
  void begin_pass(bool monitor);
  void run_enforced();
  void run_monitor(std::uint32_t policy);
  void check_type();
  bool applies(std::uint32_t policy);
  std::string why_not(std::uint32_t policy);
  bool selected(const CompiledPolicy& policy) const;
  Truth rolled_in(const CompiledPolicy& policy);
  Truth gates_hold(const CompiledPolicy& policy);
  void run_rules(const std::vector<std::uint32_t>& policies);
  void enter(std::uint32_t policy);
  void settle();
  void tell_growth();
  void try_override();
  bool may_override(std::string& refusal) const;

  // mutations.cpp
  void mutate(const std::vector<std::uint32_t>& policies);
  void apply_mutation(std::uint32_t policy, const CompiledMutation& mutation);
  void apply_bound(std::uint32_t policy, const CompiledMutation& mutation);
  void apply_set(std::uint32_t policy, const CompiledMutation& mutation);
  bool bound_of(std::uint32_t policy, const CompiledMutation& mutation, double& low, double& high);
  bool put(std::uint32_t policy, const CompiledMutation& mutation, std::string_view field, int slot,
           expr::Val value);
  void tell_change(Reason& reason, int slot, const expr::Val& value) const;
  void bind(const Engine::Bound& bound);
  expr::Val kept(const expr::Val& value);
  void excuse_own(std::size_t bounds_begin);
  void check_bounds();
  bool holds(const Engine::Bound& bound) const;
  std::uint32_t breaker_of(const Engine::Bound& bound) const;
  void report_conflict(const Engine::Bound& bound);
  void finish_changes();
  std::vector<const Engine::Change*> net_changes() const;
  std::string changed_action(const std::vector<const Engine::Change*>& changes) const;
  void refresh();
  void decode_again(std::string_view padded_action);
  void undo(std::size_t log_begin);

  // guards.cpp
  void compute_risk();
  void risk_failed(const Condition& model, const expr::Val& value);
  double built_in_risk() const;
  bool number(int slot, double& out) const;
  void guard(const CompiledPolicy& policy);
  void check_guard(const CompiledPolicy& policy, const CompiledGuard& guard);
  void require(const CompiledPolicy& policy, const CompiledGuard& guard);
  bool is_given(const RequiredField& field) const;
  bool was_approved(const CompiledPolicy& policy, const CompiledGuard& guard) const;
  void guard_fired(const CompiledPolicy& policy, const CompiledGuard& guard);
  std::string message_of(const CompiledGuard& guard);

  // limits.cpp
  void limit(const CompiledPolicy& policy, const CompiledLimit& limit);
  bool amount_of(const CompiledPolicy& policy, const CompiledLimit& limit, Use& use);

  // Shared
  Truth test(const Condition& condition);
  Truth truth_of(const Condition& condition);
  bool wanted(const CompiledPolicy& policy, const CompiledRule& rule, std::string_view kind,
              std::string_view name);
  void failed(const CompiledPolicy& policy, std::string_view kind, std::string_view rule,
              const Condition& condition);
  void failed(const CompiledPolicy& policy, std::string_view kind, std::string_view rule,
              std::string message, std::string values);
  void note_fault(const expr::Program& program, const expr::Val& error);
  Reason& add_reason(std::string_view policy, std::string_view rule, std::string_view kind,
                     Effect effect);
  std::string values_of(const Condition& condition) const;
  void step(std::string_view kind, std::string_view name, StepStatus status, std::string text,
            std::string detail = {}, std::string values = "{}");
  expr::Val& slot(int index) { return input_.slots[static_cast<std::size_t>(index)]; }
  const expr::Val& slot(int index) const { return input_.slots[static_cast<std::size_t>(index)]; }
  std::string_view& raw(int index) { return input_.raw[static_cast<std::size_t>(index)]; }

  Engine& engine_;
  const CompiledSet& set_;
  Input& input_;
  const Circumstances& at_;
  LedgerView& ledger_;
  Outcome& outcome_;
  Trace* trace_;
  const bool texts_;  // somebody will read them
  const Foreseen foreseen_;
  Pass pass_;
  expr::EvalFault last_fault_;
};

}  // namespace autopilot::decide
