#include "core/decide/foreseeable.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace autopilot::decide {
namespace {

// Calls `visit` with every condition of the policy that is tested, and whether that happens before
// anything is mutated. Policies that monitor see what the others made of the action.
template <class Visit>
void each_tested(const CompiledPolicy& policy, Visit visit) {
  const bool first = policy.model.mode == policy::Mode::enforce;
  for (const auto& gate : policy.gates) visit(*gate, first);
  const auto visit_when = [&](const CompiledRule& rule) {
    if (rule.when != nullptr) visit(*rule.when, false);
  };
  for (const CompiledMutation& m : policy.mutations) visit_when(m);
  for (const CompiledGuard& g : policy.guards) {
    visit_when(g);
    if (g.condition != nullptr) visit(*g.condition, false);
  }
  for (const CompiledLimit& l : policy.limits) visit_when(l);
}

std::set<int> names_in(const FixedSlots& f) { return {f.id, f.type, f.algorithm, f.target}; }

// What the engine makes of a slot between the beginning of a decision and its end.
class SlotUse {
 public:
  SlotUse(const CompiledSet& set, const std::vector<int>& changed) {
    std::set<std::string_view> fields;  // of action.data that some mutation writes
    const auto writes = [&](int slot) {
      if (slot >= 0) fields.insert(set.slots().paths()[static_cast<std::size_t>(slot)][2]);
    };
    for (const CompiledPolicy& policy : set.policies()) {
      for (const CompiledMutation& m : policy.mutations) {
        writes(m.field);
        for (const CompiledAssignment& a : m.set) writes(a.slot);
      }
    }
    for (const expr::Path& path : set.slots().paths()) {
      given_.push_back(is_given(path));
      mutated_.push_back(!fields.empty() && shows_a_field(path, fields));
    }
    for (const int slot : changed) given_[static_cast<std::size_t>(slot)] = false;
  }

  // Whether the condition reads nothing but what was given, as it was given.
  bool keeps(const Condition& condition, bool before_mutations) const {
    const std::vector<int>& slots = condition.program.slots();
    return std::all_of(slots.begin(), slots.end(), [&](int slot) {
      const auto s = static_cast<std::size_t>(slot);
      return given_[s] && (before_mutations || !mutated_[s]);
    });
  }

 private:
  // Part of the action or of the context, not computed by the engine (now, risk, actor, all of an
  // action with its names).
  static bool is_given(const expr::Path& path) {
    const std::string& root = path[0];
    if (root == "metrics" || root == "segment" || root == "features") return true;
    return (root == "action" || root == "context") && path.size() > 1;
  }
  // A field, something in it, or all fields.
  static bool shows_a_field(const expr::Path& path, const std::set<std::string_view>& fields) {
    if (path[0] != "action" || (path.size() > 1 && path[1] != "data")) return false;
    return path.size() < 3 || fields.contains(path[2]);
  }

  std::vector<bool> given_, mutated_;  // by slot
};

// Collects slots.
class Reads {
 public:
  void slot(int slot) {
    if (slot >= 0) all_.insert(slot);
  }
  void condition(const Condition* condition) {
    if (condition != nullptr)
      all_.insert(condition->program.slots().begin(), condition->program.slots().end());
  }
  // All that rules read beside the conditions that are tested.
  void rules(const CompiledPolicy& policy) {
    for (const CompiledSelector& s : policy.selector) slot(s.slot);
    condition(policy.rollout_key.get());
    for (const CompiledMutation& m : policy.mutations) {
      slot(m.field);
      slot(m.from);
      for (const CompiledAssignment& a : m.set) {
        slot(a.slot);
        condition(a.value.get());
      }
    }
    for (const CompiledGuard& g : policy.guards) {
      for (const RequiredField& f : g.require) {
        slot(f.data_slot);
        slot(f.action_slot);
      }
    }
    for (const CompiledLimit& l : policy.limits) {
      condition(l.sum.get());
      condition(l.key.get());
    }
  }
  std::vector<int> all() const { return {all_.begin(), all_.end()}; }

 private:
  std::set<int> all_;
};

void add_fixed(const CompiledSet& set, Reads& reads) {
  const FixedSlots& f = set.fixed();
  for (const int slot : {f.id, f.type, f.algorithm, f.target, f.risk, f.key, f.created, f.weight,
                         f.old_weight, f.budget, f.old_budget, f.destination, f.channel})
    reads.slot(slot);
  for (const policy::ActionType& type : set.project().action_types)
    reads.condition(set.risk_of(type.name));
}

}  // namespace

Foreseeable::Foreseeable(const CompiledSet& set, const std::vector<int>& changed)
    : has_(set.condition_count()) {
  const SlotUse use(set, changed);
  const std::set<int> names = names_in(set.fixed());
  std::set<int> read_names;
  Reads others;
  add_fixed(set, others);
  for (const CompiledPolicy& policy : set.policies()) {
    others.rules(policy);
    each_tested(policy, [&](const Condition& condition, bool before_mutations) {
      if (!use.keeps(condition, before_mutations)) return others.condition(&condition);
      has_[condition.number] = 1;
      for (const int slot : condition.program.slots()) {
        if (names.contains(slot)) read_names.insert(slot);
      }
    });
  }
  names_.assign(read_names.begin(), read_names.end());
  other_slots_ = others.all();
}

}  // namespace autopilot::decide
