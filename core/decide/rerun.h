#pragma once
// Recorded decisions taken again in their order under other policies, by the one Engine. The ledger
// is built up from the decisions as they would have been taken. Rows come as columns; those that
// columns don't tell are read from their lines. Texts are written for nobody: who shows a decision
// has it told again (Retelling).
//
// Several threads may draft blocks ahead, as if the ledger were empty. In their order drafts are
// then settled: one stands unless what the ledger holds by then changes the verdict of a limit; the
// decision is taken once more in that case.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/foresight.h"
#include "core/decide/history_block.h"
#include "core/decide/history_slots.h"
#include "core/decide/ledger.h"
#include "core/decide/record.h"

namespace autopilot::decide {

// The lines of recorded decisions.
class RecordedLines {
 public:
  virtual ~RecordedLines() = default;
  // With kPadding readable bytes behind it, valid until the next call. Throws Error(storage) when
  // there is none.
  virtual std::string_view line(std::int64_t seq) = 0;
};

// A numeric field of action.data in the final action, then and now; 0 where it has no such number,
// or may not happen.
struct Amount {
  std::string field;
  double before = 0, after = 0;
};

// One decision, as recorded and as taken again.
struct Retaken {
  std::int64_t seq = 0;
  Instant time;
  Result before = Result::allowed, after = Result::allowed;
  double risk_before = 0, risk_after = 0;
  // Another result, or another action that may happen. Only then the rest says something.
  bool flipped = false;
  std::string policy, rule;  // that make the difference; empty: none can be named
  std::vector<Amount> amounts;
};

class Retaker {
 public:
  virtual ~Retaker() = default;
  // `uses`: the limits that were checked, with what the ledger held.
  virtual void take(const Retaken& decision, const std::vector<Use>& uses) = 0;
};

// Takes rows of one block after the other by their columns. Not thread-safe: one per thread. The
// set must outlive it.
class RowTaker {
 public:
  explicit RowTaker(const CompiledSet& set);
  RowTaker(const RowTaker&) = delete;
  RowTaker& operator=(const RowTaker&) = delete;

  // The block must outlive what is taken of it. Throws BlockDamage.
  void bind(const HistoryBlock& block);
  const HistoryBlock* block() const { return block_; }
  // Says that the rows [begin, end) will be taken, most of them, in their order: then conditions
  // are tested for many of them at once. For nothing else does it make a difference.
  void foresee(std::uint32_t begin, std::uint32_t end);
  // False: columns don't tell, and nothing was decided.
  bool take(std::uint32_t row, LedgerView& ledger, Retaken& decision);
  // The same from the row's line.
  void take_line(std::uint32_t row, std::string_view line, LedgerView& ledger, Retaken& decision);

  Outcome& outcome() { return outcome_; }
  const Circumstances& circumstances() const { return at_; }

 private:
  Foreseen look_ahead(std::uint32_t row);
  bool decide(std::uint32_t row, LedgerView& ledger, Foreseen foreseen);
  void begin(std::uint32_t row, Retaken& decision) const;
  void compare_columns(std::uint32_t row, Retaken& decision);
  void compare_lines(std::uint32_t row, Retaken& decision);
  void sum_columns(std::uint32_t row, const std::vector<FieldChange>& recorded, Retaken& decision);
  expr::Val proposed(std::uint32_t row, std::string_view field);
  void bind_data();

  Engine engine_;
  HistorySlots slots_;
  const HistoryBlock* block_ = nullptr;
  Foreseeable foreseeable_;
  Foreteller foreteller_;
  std::uint32_t dictionary_ = 0;                         // that the foreteller knows
  std::uint32_t foreseen_begin_ = 0, foreseen_end_ = 0;  // rows to look ahead at
  std::uint32_t batch_begin_ = 0, batch_end_ = 0;        // rows that foresight_ is of
  Foretold told_;
  Foresight foresight_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
  Circumstances at_;
  // The fields of action.data of the block, once one of its decisions is looked at closely.
  bool data_bound_ = false;
  std::vector<HistoryColumn> data_;
  std::unique_ptr<expr::TextCodes> data_texts_;
};

// A decision taken ahead.
struct Draft {
  bool told = false;  // by columns
  Retaken decision;
  Outcome outcome;  // what settling needs of it: uses and monitor outcomes
};
// Of the rows [begin, end).
std::vector<Draft> draft(const HistoryBlock& block, std::uint32_t begin, std::uint32_t end,
                         RowTaker& taker);

// Not thread-safe.
class Rerun {
 public:
  // `lines` must outlive this.
  Rerun(std::shared_ptr<const CompiledSet> set, RecordedLines& lines);

  // Takes the rows [begin, end). Blocks must come in their order.
  void take(const HistoryBlock& block, std::uint32_t begin, std::uint32_t end, Retaker& retaker);
  // The same where drafts were made of them.
  void settle(const HistoryBlock& block, std::uint32_t begin, std::vector<Draft>& drafts,
              Retaker& retaker);

  const CompiledSet& set() const { return *set_; }

 private:
  void take(const HistoryBlock& block, std::uint32_t row, Retaker& retaker);
  bool stands(const HistoryBlock& block, std::uint32_t row, Draft& draft);

  std::shared_ptr<const CompiledSet> set_;
  RecordedLines& lines_;
  MemoryLedger ledger_;
  RowTaker taker_;
  Retaken retaken_;
};

// Decides a recorded line once more with all texts, with what the ledger held then (`uses`).
class Retelling {
 public:
  explicit Retelling(const CompiledSet& set) : engine_(set) {}
  // REQUIRES kPadding readable bytes after the line.
  void tell(std::string_view line, const std::vector<Use>& uses);
  const Record& record() const { return record_; }
  const Outcome& outcome() const { return outcome_; }
  std::string_view final_action() const {
    return outcome_.changed ? std::string_view(outcome_.action) : record_.proposed;
  }

 private:
  Engine engine_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
};

}  // namespace autopilot::decide
