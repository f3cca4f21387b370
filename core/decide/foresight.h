#pragma once
// What conditions come to for many decisions at once, found out from columns before the decisions
// are taken one by one: each condition on all rows that its rule concerns (expr/column_program.h).
// A policy that turns out to have nothing to say to a row need not be looked at for it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/foreseeable.h"
#include "core/decide/foreseen.h"
#include "core/decide/trace.h"
#include "core/expr/column_program.h"

namespace autopilot::decide {

// Of the rows of one batch.
struct Foretold {
  struct Named {
    std::string name;
    expr::RowSet rows;
  };

  expr::RowSet rows;  // those that anything is known of
  std::vector<Named> types, algorithms;
  std::vector<std::uint8_t> known;       // conditions, by Condition::number
  std::vector<expr::Verdicts> verdicts;  // likewise; of the rows that the condition's rule concerns
  std::vector<std::uint64_t> costs;      // by row: of all of them
};

// Not thread-safe: one per thread. The set and `which`, which is of the set, must outlive it.
class Foreteller {
 public:
  Foreteller(const CompiledSet& set, const Foreseeable& which);

  // Columns by slot of the set.
  void tell(const expr::Batch& batch, Foretold& out);
  // Call before dictionaries of the batches so far end.
  void forget();

 private:
  void tell(const CompiledPolicy& policy, const expr::Batch& batch, Foretold& out);
  void tell(const Condition& condition, const expr::RowSet& rows, const expr::Batch& batch,
            Foretold& out);

  const CompiledSet& set_;
  const Foreseeable& which_;
  std::vector<std::unique_ptr<expr::ColumnProgram>> programs_;  // by Condition::number
  expr::Scratch scratch_;
};

// What was foretold, as decisions under one set of policies ask for it.
class Foresight {
 public:
  // `told` must outlive this. It may be of the set that this one is made of: conditions of changed
  // policies are unknown then. What `which` lacks is not believed.
  void look(const CompiledSet& set, const Foreseeable& which, const Foretold& told);

  // False: take the row's decision without this.
  bool has(std::uint32_t row) const { return told_->rows.has(row); }
  // Whether leaving the policy out changes nothing for a row that it matters for. REQUIRES
  // has(row).
  bool is_quiet(std::uint32_t policy, std::uint32_t row) const { return quiet_[policy].has(row); }
  // REQUIRES has(row), which the condition's rule concerns.
  bool knows(const Condition& condition) const { return known_[condition.number] != 0; }
  Truth truth(const Condition& condition, std::uint32_t row) const {
    const expr::Verdicts& verdicts = told_->verdicts[condition.number];
    if (verdicts.yes.has(row)) return Truth::yes;
    return verdicts.failed.has(row) ? Truth::error : Truth::no;
  }
  // Whether the decision, taken in that scratch, would have stayed within its limit of cost had it
  // tested itself all that was foretold. Else take it without this.
  bool fits(std::uint32_t row, const expr::Scratch& decided) const {
    const std::uint64_t limit = decided.cost_limit, spent = decided.cost;
    return spent <= limit && cost(row) <= limit - spent;
  }
  std::uint64_t cost(std::uint32_t row) const { return told_->costs[row]; }

 private:
  struct Ways;
  expr::RowSet concerned(const CompiledRule& rule) const;
  Ways ways_of(const Condition* condition) const;
  expr::RowSet quiet_rows(const CompiledPolicy& policy) const;

  const Foretold* told_ = nullptr;
  std::vector<std::uint8_t> known_;  // by Condition::number
  std::vector<expr::RowSet> quiet_;  // by policy
};

inline bool Foreseen::is_quiet(std::uint32_t policy) const {
  return all != nullptr && all->is_quiet(policy, row);
}
inline bool Foreseen::knows(const Condition& condition) const {
  return all != nullptr && all->knows(condition);
}
inline Truth Foreseen::truth(const Condition& condition) const {
  return all->truth(condition, row);
}
inline bool Foreseen::fits(const expr::Scratch& decided) const {
  return all == nullptr || all->fits(row, decided);
}
inline std::uint64_t Foreseen::cost() const { return all == nullptr ? 0 : all->cost(row); }

}  // namespace autopilot::decide
