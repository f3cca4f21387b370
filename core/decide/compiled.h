#pragma once
// Policies made ready for a million decisions: expressions compiled to programs over shared slots,
// policies in order of priority and indexed by action type and algorithm. Immutable once built;
// shared by all threads.

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/cron.h"
#include "core/base/timezone.h"
#include "core/expr/program.h"
#include "core/policy/loader.h"
#include "core/policy/model.h"

namespace autopilot::decide {

// The slots that the engine itself reads or writes.
struct FixedSlots {
  int id, type, algorithm, target, risk, key, created;
  int weight, old_weight, budget, old_budget, destination, channel;
  int now, risk_variable, run, actor_id, actor_role;
  int context_time, context_actor, context_role;
};

// An expression and the names of what it reads, for reasons.
struct Condition {
  expr::Program program;
  bool constant_true = false;  // `true` as written: not worth evaluating
  std::uint32_t number = 0;    // less than the condition_count() of the set, which has it once
};

struct CompiledRule {
  std::vector<std::string> types;  // empty: all
  std::unique_ptr<Condition> when;
  bool concerns(std::string_view type) const;
};

struct CompiledAssignment {
  std::string field;
  int slot = -1;
  std::unique_ptr<Condition> value;
};

struct CompiledMutation : CompiledRule {
  const policy::Mutation* model = nullptr;
  int field = -1;  // slot
  int from = -1;   // slot
  std::vector<CompiledAssignment> set;
};

// A piece of a guard's message: text as it is, or the value of a slot (shown as written) or of an
// expression.
struct MessagePart {
  std::string text;  // of a place-holder: what stands between the braces
  std::unique_ptr<Condition> value;
  int slot = -1;
};

struct RequiredField {
  std::string name;
  int data_slot = -1;
  int action_slot = -1;
};

struct CompiledGuard : CompiledRule {
  const policy::Guard* model = nullptr;
  std::unique_ptr<Condition> condition;
  std::vector<RequiredField> require;
  std::vector<MessagePart> message;
};

struct CompiledLimit : CompiledRule {
  const policy::Limit* model = nullptr;
  std::unique_ptr<Condition> sum;
  std::unique_ptr<Condition> key;
  std::int64_t max_micros = 0;
};

struct CompiledSelector {
  int slot = -1;
  std::vector<std::string> values;
};

struct CompiledPolicy {
  policy::Policy model;
  std::vector<CompiledSelector> selector;
  std::unique_ptr<Condition> rollout_key;
  std::optional<Cron> cron;
  std::optional<TimeZone> zone;
  std::vector<std::unique_ptr<Condition>> gates;
  std::vector<CompiledMutation> mutations;
  std::vector<CompiledGuard> guards;
  std::vector<CompiledLimit> limits;

  // False when no rule could ever concern the pair and nothing in the policy could fail: then
  // skipping it changes nothing.
  bool matters_for(std::string_view type, std::string_view algorithm) const;
  // Whether a rule is for actions of this type.
  bool has_rule_for(std::string_view type) const;
};

// Compiled policies in order; sets that differ in some of them share the others.
class PolicyList {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = CompiledPolicy;
    using difference_type = std::ptrdiff_t;
    using pointer = const CompiledPolicy*;
    using reference = const CompiledPolicy&;

    Iterator() = default;
    explicit Iterator(const std::shared_ptr<const CompiledPolicy>* at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::shared_ptr<const CompiledPolicy>* at_ = nullptr;
  };
  const CompiledPolicy& operator[](std::size_t i) const { return *all_[i]; }
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  Iterator begin() const { return Iterator(all_.data()); }
  Iterator end() const { return Iterator(all_.data() + all_.size()); }

 private:
  friend class CompiledSet;
  std::vector<std::shared_ptr<const CompiledPolicy>> all_;
};

class PolicyCompiler;

class CompiledSet {
 public:
  // Throws Error(storage) when a policy that passed validation once does not compile.
  CompiledSet(std::string revision, policy::Project project, std::vector<policy::Policy> policies);
  // `base` with other versions of some of its policies: only these are compiled. The slots of
  // `base` keep their numbers.
  CompiledSet(const CompiledSet& base, std::vector<policy::Policy> changed);

  const std::string& revision() const { return revision_; }
  const policy::Project& project() const { return project_; }
  const expr::SlotTable& slots() const { return slots_; }
  const FixedSlots& fixed() const { return fixed_; }
  // Sorted by priority (higher first), then id; disabled ones are left out.
  const PolicyList& policies() const { return policies_; }
  // The ids of those, sorted.
  const std::vector<std::string>& disabled() const { return disabled_; }
  bool enforces() const { return enforces_; }
  bool knows_type(std::string_view type) const;
  const Condition* risk_of(std::string_view type) const;  // null: the built-in model

  // The policies that matter for an action, as indices in order. Costs a walk over all: the engine
  // caches it.
  std::vector<std::uint32_t> candidates(std::string_view type, std::string_view algorithm) const;
  // True when a change of some action.data.<field> shows in slots other than the field's own.
  bool has_broad_slots() const { return has_broad_slots_; }
  std::uint32_t condition_count() const { return condition_count_; }
  int whole_action() const { return whole_action_; }  // slot of `action` as one value, or -1
  int whole_data() const { return whole_data_; }      // likewise action.data
  int whole_actor() const { return whole_actor_; }

 private:
  friend class PolicyCompiler;
  void add(PolicyCompiler& compiler, std::vector<policy::Policy> policies);
  void settle();
  void find_broad_slots();

  std::string revision_;
  policy::Project project_;
  expr::SlotTable slots_;
  FixedSlots fixed_{};
  PolicyList policies_;
  std::vector<std::string> disabled_;
  std::vector<std::string> types_;
  std::unordered_map<std::string, std::shared_ptr<const Condition>> risks_;
  std::uint32_t condition_count_ = 0;
  bool has_broad_slots_ = false;
  int whole_action_ = -1;
  int whole_data_ = -1;
  int whole_actor_ = -1;
  bool enforces_ = false;
};

}  // namespace autopilot::decide
