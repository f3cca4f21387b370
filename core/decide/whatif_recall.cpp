#include "core/decide/whatif_recall.h"

#include <algorithm>
#include <map>

namespace autopilot::decide {
namespace {

using expr::Tag;
using expr::Val;

constexpr std::size_t kMostKnown = 12;        // ways that one decision goes
constexpr std::size_t kMostConditions = 32;   // two bits each in a word
constexpr std::uint64_t kSmallCost = 10'000;  // far from the limit of an evaluation
constexpr std::uint64_t kNo = 0, kYes = 1, kError = 2;

bool contains(const std::vector<int>& slots, int slot) {
  return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

void add_reads(const Condition& condition, const std::vector<int>& but, std::vector<int>& slots) {
  for (const int slot : condition.program.slots()) {
    if (!contains(but, slot) && !contains(slots, slot)) slots.push_back(slot);
  }
}

// A value that needs no memory but its own.
bool is_plain(const Val& v) {
  return v.tag == Tag::absent || v.tag == Tag::null || v.tag == Tag::boolean || v.tag == Tag::real;
}

std::vector<std::string> texts_of(const Point& point) {
  std::vector<std::string> out;
  for (const PolicyChange& change : point.policies) out.push_back(change.assignment.text);
  return out;
}

}  // namespace

// ---- the ledger

void TrialLedger::reset() {
  for (Account& account : accounts_) account.clear();
}

std::size_t TrialLedger::account(const Use& use, std::string_view run) {
  const auto [at, is_new] = numbers_.try_emplace(account_name(use, run), accounts_.size());
  if (is_new) accounts_.emplace_back();
  return at->second;
}

std::int64_t TrialLedger::used(std::size_t account, const std::optional<Duration>& per,
                               Instant now) const {
  const std::int64_t at = now.micros();
  return accounts_[account].sum(per ? at - per->nanos / 1000 : INT64_MIN, per ? at : INT64_MAX);
}

void TrialLedger::consume(std::size_t account, const std::optional<Duration>& per, Instant now,
                          std::int64_t amount) {
  if (amount != 0) accounts_[account].add(per ? now.micros() : 0, amount);
}

std::int64_t TrialLedger::used(const Use& use, std::string_view run, Instant now) {
  return used(account(use, run), use.per, now);
}

void TrialLedger::consume(const Outcome& outcome, const Circumstances& at) {
  if (!outcome.consumes()) return;
  for (const Use& use : outcome.uses) consume(account(use, at.run), use.per, at.now, use.amount);
}

// ---- which decisions may be recalled, by which conditions

Recall::Recall(const Chosen& chosen, const std::vector<policy::Document>& documents,
               RuleNumber number)
    : chosen_(chosen), documents_(documents), number_(std::move(number)) {}

void Recall::begin(const Point& point, std::shared_ptr<const CompiledSet> set,
                   const InputChanges& changes, const Prepared& inputs) {
  ledger_.reset();
  if (groups_.empty()) find_groups(inputs);
  const std::vector<int> swept = changes.slots();
  const bool same_set = set == set_;
  if (set_ == nullptr || swept != swept_ || differs_in_kind(*set)) {
    swept_ = swept;
    set_ = set;
    start_over(point);
  } else {
    set_ = set;
    if (same_set && &inputs == inputs_) {
      changes_ = &changes;
      return;
    }
    note_varied(point);
  }
  changes_ = &changes;
  inputs_ = &inputs;
  slots_.resize(static_cast<std::size_t>(set_->slots().size()));
  find_limits(*set_);
  enabled_ = !changes.reads_anew() && !changes.changes_circumstances() && can_recall(*set_);
  if (!enabled_) return;
  for (std::uint32_t group = 0; group < groups_.size(); ++group) sort_out(group);
}

void Recall::find_groups(const Prepared& inputs) {
  std::map<std::pair<std::string, std::string>, std::uint32_t> numbers;
  decisions_.resize(chosen_.size());
  for (std::size_t i = 0; i < decisions_.size(); ++i) {
    const std::pair key(std::string(inputs[i].type), std::string(inputs[i].algorithm));
    const auto [at, is_new] = numbers.try_emplace(key, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) groups_.push_back({key.first, key.second, false, {}, {}, {}, {}});
    decisions_[i].group = at->second;
  }
}

bool Recall::differs_in_kind(const CompiledSet& set) const {
  return set.enforces() != set_->enforces() || set.slots().paths() != set_->slots().paths();
}

// Parts of the input that reach further than conditions, and values that live for one decision.
bool Recall::can_recall(const CompiledSet& set) const {
  const FixedSlots& f = set.fixed();
  for (const int slot : {f.risk, f.weight, f.old_weight, f.budget, f.old_budget}) {
    if (is_swept(slot)) return false;
  }
  return !set.has_broad_slots() && set.whole_action() < 0 && set.whole_actor() < 0;
}

void Recall::start_over(const Point& point) {
  reference_ = texts_of(point);
  varied_.clear();
  for (Group& group : groups_) group = {group.type, group.algorithm, false, {}, {}, {}, {}};
  for (Decision& d : decisions_) d.known.clear();
}

void Recall::forget(std::uint32_t group) {
  for (Decision& d : decisions_) {
    if (d.group == group) d.known.clear();
  }
}

// What has not differed so far was part of no condition's truth that was kept.
void Recall::note_varied(const Point& point) {
  const std::vector<std::string> texts = texts_of(point);
  bool grown = false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i < reference_.size() && texts[i] == reference_[i]) continue;
    grown |= varied_.insert(place_of(point.policies[i])).second;
  }
  if (!grown) return;
  for (Decision& d : decisions_) d.known.clear();
}

Recall::Place Recall::place_of(const PolicyChange& change) const {
  Place place{documents_[change.target->document].id, Part::other, 0};
  const std::vector<PathStep>& steps = change.target->steps;  // spec, section, [index], field
  if (steps.size() != 4 || change.assignment.removes()) return place;
  const std::string &section = steps[1].key, &field = steps[3].key;
  const bool condition = field == "deny" || field == "approve" || field == "warn";
  if (section == "gates" && field == "when") place.part = Part::gate;
  if (section == "guards" && condition) place.part = Part::guard;
  if (section == "guards" && field == "when") place.part = Part::guard_when;
  if (section == "limits" && field == "when") place.part = Part::limit_when;
  if (section == "limits" && field == "max") place.part = Part::limit_max;
  place.index = steps[2].index;
  return place;
}

void Recall::sort_out(std::uint32_t number) {
  Group& group = groups_[number];
  group.gates.clear();
  group.rules.clear();
  group.opaque = reads(set_->risk_of(group.type));
  for (const CompiledPolicy& policy : set_->policies()) {
    if (policy.matters_for(group.type, group.algorithm)) sort_out(group, policy);
  }
  group.opaque |= group.gates.size() > kMostConditions || group.rules.size() > kMostConditions;
  const std::size_t before = group.gate_slots.size() + group.rule_slots.size();
  for (const Condition* c : group.gates) add_reads(*c, swept_, group.gate_slots);
  for (const Condition* c : group.rules) add_reads(*c, swept_, group.rule_slots);
  if (group.gate_slots.size() + group.rule_slots.size() > before) forget(number);
}

bool Recall::varies_as_a_whole(const std::string& policy) const {
  return std::any_of(varied_.begin(), varied_.end(), [&](const Place& place) {
    return place.part == Part::other && place.policy == policy;
  });
}

void Recall::sort_out(Group& group, const CompiledPolicy& policy) const {
  group.opaque |= varies_as_a_whole(policy.model.id);
  for (const CompiledSelector& s : policy.selector) group.opaque |= is_swept(s.slot);
  group.opaque |= reads(policy.rollout_key.get());
  for (std::size_t i = 0; i < policy.gates.size(); ++i)
    add(group.gates, policy.gates[i].get(), {policy.model.id, Part::gate, i});
  for (const CompiledMutation& m : policy.mutations) {
    if (!m.concerns(group.type)) continue;
    group.opaque |= reads(m.when.get()) || is_swept(m.field) || is_swept(m.from);
    for (const CompiledAssignment& a : m.set)
      group.opaque |= is_swept(a.slot) || reads(a.value.get());
  }
  sort_out_rules(group, policy);
}

void Recall::sort_out_rules(Group& group, const CompiledPolicy& policy) const {
  for (std::size_t i = 0; i < policy.guards.size(); ++i) {
    const CompiledGuard& guard = policy.guards[i];
    if (!guard.concerns(group.type)) continue;
    add(group.rules, guard.when.get(), {policy.model.id, Part::guard_when, i});
    add(group.rules, guard.condition.get(), {policy.model.id, Part::guard, i});
    for (const RequiredField& f : guard.require)
      group.opaque |= is_swept(f.data_slot) || is_swept(f.action_slot);
  }
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const CompiledLimit& limit = policy.limits[i];
    if (!limit.concerns(group.type)) continue;
    add(group.rules, limit.when.get(), {policy.model.id, Part::limit_when, i});
    group.opaque |= reads(limit.sum.get()) || reads(limit.key.get());
  }
}

void Recall::add(std::vector<const Condition*>& to, const Condition* condition,
                 const Place& place) const {
  if (condition != nullptr && (reads(condition) || varied_.contains(place)))
    to.push_back(condition);
}

bool Recall::reads(const Condition* condition) const {
  if (condition == nullptr) return false;
  const std::vector<int>& slots = condition->program.slots();
  return std::any_of(slots.begin(), slots.end(), [&](int slot) { return is_swept(slot); });
}

bool Recall::is_swept(int slot) const { return contains(swept_, slot); }

void Recall::find_limits(const CompiledSet& set) {
  mutated_.clear();
  for (const CompiledPolicy& policy : set.policies()) {
    for (const CompiledMutation& m : policy.mutations) {
      mutated_.insert(m.field);
      for (const CompiledAssignment& a : m.set) mutated_.insert(a.slot);
    }
    for (const CompiledLimit& limit : policy.limits) {
      const std::uint32_t rule = number_(policy.model.id, limit.model->name);
      if (rule >= most_.size()) most_.resize(rule + 1, -1);
      most_[rule] = limit.max_micros;
    }
  }
}

// ---- one decision

std::uint64_t Recall::truth(const std::vector<const Condition*>& conditions) {
  std::uint64_t bits = 0;
  for (const Condition* c : conditions) {
    const Val v = c->program.evaluate(slots_.data(), scratch_);
    bits = bits << 2 | (v.tag != Tag::boolean ? kError : v.boolean ? kYes : kNo);
  }
  return bits;
}

void Recall::fill(const std::vector<int>& slots, const std::vector<Val>& values, std::size_t i) {
  for (std::size_t k = 0; k < slots.size(); ++k)
    slots_[static_cast<std::size_t>(slots[k])] = values[k];
  changes_->apply_slots((*inputs_)[i], slots_);
}

bool Recall::recall(std::size_t i, const Circumstances& at, Cell& cell) {
  Decision& decision = decisions_[i];
  const Group& group = groups_[decision.group];
  if (!enabled_ || group.opaque || decision.known.empty()) return false;
  scratch_.reset();
  std::uint64_t gates = 0, rules = 0;
  if (!group.gates.empty()) {
    fill(group.gate_slots, decision.at_gates, i);
    gates = truth(group.gates);
  }
  bool looked = group.rules.empty();
  for (const Known& known : decision.known) {
    if (known.gates != gates) continue;
    if (!looked) {
      // The same gates let the same mutations through, so that the final action is the same.
      fill(group.rule_slots, known.at_rules, i);
      rules = truth(group.rules);
      looked = true;
    }
    if (known.rules != rules) continue;
    if (scratch_.cost > kSmallCost) return false;
    cell = charge(known, at);
    return true;
  }
  return false;
}

// Limits are checked each by itself, after all other rules.
Cell Recall::charge(const Known& known, const Circumstances& at) {
  Cell cell = known.cell;
  for (const KnownUse& use : known.uses) {
    if (cell.result() == Result::blocked) return cell;
    if (use.amount > most_[use.rule] - ledger_.used(use.account, use.per, at.now))
      cell = {Result::blocked, use.rule};
  }
  if (cell.result() == Result::allowed || cell.result() == Result::modified) {
    for (const KnownUse& use : known.uses)
      ledger_.consume(use.account, use.per, at.now, use.amount);
  }
  return cell;
}

// False when a value would not outlive the decision.
bool Recall::keep(const std::vector<int>& slots, const Input& after, std::size_t i, bool proposed,
                  std::vector<Val>& out) const {
  for (const int slot : slots) {
    const auto s = static_cast<std::size_t>(slot);
    const bool mutated = mutated_.contains(slot);
    if (mutated && !proposed && !is_plain(after.slots[s])) return false;
    out.push_back(mutated && proposed ? (*inputs_)[i].slots[s] : after.slots[s]);
  }
  return true;
}

bool Recall::limit_failed(const Outcome& outcome) {
  return std::any_of(outcome.reasons.begin(), outcome.reasons.end(), [&](const Reason& r) {
    const std::uint32_t rule = r.kind == "error" ? number_(r.policy, r.rule) : 0;
    return rule != 0 && rule < most_.size() && most_[rule] >= 0;
  });
}

void Recall::remember(std::size_t i, const Circumstances& at, const Input& after,
                      const Outcome& outcome, std::uint64_t cost) {
  Decision& decision = decisions_[i];
  const Group& group = groups_[decision.group];
  if (!enabled_ || group.opaque || cost > kSmallCost || at.override_by != nullptr ||
      at.resumes != nullptr)
    return;
  if (limit_failed(outcome)) return;  // then limits are not all that comes after other rules
  Known known;
  std::vector<Val> at_gates;
  if (!keep(group.gate_slots, after, i, true, at_gates) ||
      !keep(group.rule_slots, after, i, false, known.at_rules))
    return;
  scratch_.reset();
  fill(group.gate_slots, at_gates, i);
  known.gates = truth(group.gates);
  fill(group.rule_slots, known.at_rules, i);
  known.rules = truth(group.rules);
  known.cell = cell_without_limits(outcome, number_);
  for (const Use& use : outcome.uses) {
    known.uses.push_back(
        {ledger_.account(use, at.run), number_(use.policy, use.limit), use.amount, use.per});
  }
  decision.at_gates = std::move(at_gates);
  if (decision.known.size() >= kMostKnown) decision.known.erase(decision.known.begin());
  decision.known.push_back(std::move(known));
}

Cell cell_without_limits(const Outcome& outcome, const RuleNumber& number) {
  Cell cell{outcome.changed ? Result::modified : Result::allowed, 0};
  for (const Reason& r : outcome.reasons) {
    const Result result = r.effect == Effect::block     ? Result::blocked
                          : r.effect == Effect::approve ? Result::pending
                          : r.effect == Effect::modify  ? Result::modified
                                                        : Result::allowed;
    if (r.monitor || r.kind == "limit" || result == Result::allowed) continue;
    const bool first = cell.rule() == 0 && result == cell.result();
    if (result > cell.result() || first) {
      if (result == Result::modified && !outcome.changed) continue;  // it was changed back
      cell = {result, number(r.policy, r.rule)};
    }
  }
  return cell;
}

}  // namespace autopilot::decide
