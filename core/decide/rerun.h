#pragma once
// Recorded decisions taken again in their order under other policies, by the one Engine. The ledger
// is built up from the decisions as they would have been taken. Rows come as columns; those that
// columns don't tell are read from their lines. Texts are written for nobody: who shows a decision
// has it told again (retell).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// A numeric field of action.data in the final action, then and now; 0 where it has no such number.
struct Amount {
  std::string field;
  double before = 0, after = 0;
};

// One decision, as recorded and as taken again. Valid until the next one.
struct Retaken {
  std::int64_t seq = 0;
  Instant time;
  Result before = Result::allowed, after = Result::allowed;
  double risk_before = 0;
  const Outcome* outcome = nullptr;  // as taken again, without texts
  // Another result, or another action that may happen. Only then the rest says something.
  bool flipped = false;
  std::string policy, rule;  // that make the difference; empty: none can be named
  std::vector<Amount> amounts;
};

class Retaker {
 public:
  virtual ~Retaker() = default;
  virtual void take(const Retaken& decision) = 0;
};

// Not thread-safe.
class Rerun {
 public:
  // `lines` must outlive this.
  Rerun(std::shared_ptr<const CompiledSet> set, RecordedLines& lines);

  // Takes the rows [begin, end) again. Blocks must come in their order. Throws BlockDamage.
  void take(const HistoryBlock& block, std::uint32_t begin, std::uint32_t end, Retaker& retaker);

  const CompiledSet& set() const { return *set_; }

 private:
  struct Difference;
  void take(const HistoryBlock& block, std::uint32_t row);
  bool decide_columns(const HistoryBlock& block, std::uint32_t row);
  void decide_line(std::int64_t seq);
  void compare_columns(const HistoryBlock& block, std::uint32_t row);
  void compare_lines(const HistoryBlock& block, std::uint32_t row);
  void find_cause(std::string_view causes_before, const std::vector<std::string_view>& differing);
  expr::Val proposed(const HistoryBlock& block, std::uint32_t row, std::string_view field);
  void bind_data(const HistoryBlock& block);

  std::shared_ptr<const CompiledSet> set_;
  RecordedLines& lines_;
  Engine engine_;
  MemoryLedger ledger_;
  HistorySlots slots_;
  RecordReader reader_;
  Record record_;
  Input input_;
  Outcome outcome_;
  Circumstances at_;
  Retaken retaken_;
  // The scalar fields of action.data of the block at hand, once a decision of it flips.
  const HistoryBlock* data_of_ = nullptr;
  std::vector<HistoryColumn> data_;
  std::unique_ptr<expr::TextCodes> data_texts_;
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
