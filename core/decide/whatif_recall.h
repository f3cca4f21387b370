#pragma once
// Most decisions come to the same at most points of a sweep, and why they do not is seen in the few
// conditions that read what is swept or are swept themselves. So what a decision came to is kept
// with the truth of these conditions; where they are as they were, the rest of the decision is,
// too, but for its limits, which are counted anew each time. Anything else that differs between
// points (a mutation, a name, the risk, a schedule) makes the decisions it concerns be taken in
// full.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/decide/ledger.h"
#include "core/decide/whatif_inputs.h"

namespace autopilot::decide {

// A result and the first rule that gave it (a number of RuleNames; 0: none), in one word.
struct Cell {
  std::uint32_t code = 0;
  Cell() = default;
  Cell(Result result, std::uint32_t rule) : code(rule << 2 | static_cast<std::uint32_t>(result)) {}
  Result result() const { return static_cast<Result>(code & 3); }
  std::uint32_t rule() const { return code >> 2; }
  friend bool operator==(const Cell&, const Cell&) = default;
};

// A ledger whose accounts have numbers, so that a limit met before needs no name.
class TrialLedger final : public LedgerView {
 public:
  void reset();  // empties all accounts
  std::size_t account(const Use& use, std::string_view run);
  std::int64_t used(std::size_t account, const std::optional<Duration>& per, Instant now) const;
  void consume(std::size_t account, const std::optional<Duration>& per, Instant now,
               std::int64_t amount);
  std::int64_t used(const Use& use, std::string_view run, Instant now) override;
  void consume(const Outcome& outcome, const Circumstances& at);

 private:
  std::vector<Account> accounts_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

// Finds the number of a rule.
using RuleNumber = std::function<std::uint32_t(std::string_view policy, std::string_view rule)>;

// What all rules but the limits come to.
Cell cell_without_limits(const Outcome& outcome, const RuleNumber& number);

class Recall {
 public:
  Recall(const Chosen& chosen, const std::vector<policy::Document>& documents, RuleNumber number);

  // Begins a point. All that is given must live until the next one.
  void begin(const Point& point, std::shared_ptr<const CompiledSet> set,
             const InputChanges& changes, const Prepared& inputs);
  // What the decision comes to, charged to the ledger; false when it must be taken in full.
  bool recall(std::size_t i, const Circumstances& at, Cell& cell);
  // Keeps a decision that was taken in full.
  void remember(std::size_t i, const Circumstances& at, const Input& after, const Outcome& outcome,
                std::uint64_t cost);

  TrialLedger& ledger() { return ledger_; }

 private:
  enum class Part : std::uint8_t { gate, guard, guard_when, limit_when, limit_max, other };
  // A condition by its place in the policies.
  struct Place {
    std::string policy;
    Part part = Part::other;
    std::size_t index = 0;
    auto operator<=>(const Place&) const = default;
  };
  // Decisions of one type and algorithm: the same policies are about them.
  struct Group {
    std::string type, algorithm;
    bool opaque = false;                  // take them in full
    std::vector<const Condition*> gates;  // that may differ; they see the action as proposed
    std::vector<const Condition*> rules;  // that see the final action
    // What those read at any point so far, but for what is swept.
    std::vector<int> gate_slots, rule_slots;
  };
  struct KnownUse {
    std::size_t account = 0;
    std::uint32_t rule = 0;
    std::int64_t amount = 0;
    std::optional<Duration> per;
  };
  struct Known {
    std::uint64_t gates = 0, rules = 0;  // truth of the conditions, two bits each
    std::vector<expr::Val> at_rules;     // by Group::rule_slots
    Cell cell;                           // but for limits
    std::vector<KnownUse> uses;
  };
  struct Decision {
    std::uint32_t group = 0;
    std::vector<expr::Val> at_gates;  // by Group::gate_slots
    std::vector<Known> known;
  };

  void find_groups(const Prepared& inputs);
  bool differs_in_kind(const CompiledSet& set) const;
  bool can_recall(const CompiledSet& set) const;
  void start_over(const Point& point);
  bool varies_as_a_whole(const std::string& policy) const;
  void note_varied(const Point& point);
  Place place_of(const PolicyChange& change) const;
  void forget(std::uint32_t group);
  void sort_out(std::uint32_t group);
  void sort_out(Group& group, const CompiledPolicy& policy) const;
  void sort_out_rules(Group& group, const CompiledPolicy& policy) const;
  void add(std::vector<const Condition*>& to, const Condition* condition, const Place& place) const;
  bool reads(const Condition* condition) const;
  bool is_swept(int slot) const;
  void find_limits(const CompiledSet& set);
  std::uint64_t truth(const std::vector<const Condition*>& conditions);
  void fill(const std::vector<int>& slots, const std::vector<expr::Val>& values, std::size_t i);
  bool limit_failed(const Outcome& outcome);
  Cell charge(const Known& known, const Circumstances& at);
  bool keep(const std::vector<int>& slots, const Input& after, std::size_t i, bool proposed,
            std::vector<expr::Val>& out) const;

  const Chosen& chosen_;
  const std::vector<policy::Document>& documents_;
  RuleNumber number_;
  TrialLedger ledger_;
  std::vector<Group> groups_;
  std::vector<Decision> decisions_;
  std::vector<std::string> reference_;  // texts of the policy changes at the point that came first
  std::set<Place> varied_;              // what of the policies differed between points so far
  std::vector<int> swept_;              // slots
  bool enabled_ = false;
  std::shared_ptr<const CompiledSet> set_;
  const InputChanges* changes_ = nullptr;
  const Prepared* inputs_ = nullptr;
  std::set<int> mutated_;           // slots that some mutation writes
  std::vector<std::int64_t> most_;  // of limits, by the number of their rule; -1: no limit
  std::vector<expr::Val> slots_;
  expr::Scratch scratch_;
};

}  // namespace autopilot::decide
