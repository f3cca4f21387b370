#pragma once
// Takes decisions and records them: a batch of lines is decided, numbered, charged to the ledger,
// chained to the audit and committed as one durable transaction. What decide() returned from
// survives a crash; what it did not, never was.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/audit.h"
#include "core/base/sqlite.h"
#include "core/base/world.h"
#include "core/decide/ledger.h"
#include "core/decide/overrides.h"
#include "core/decide/record.h"

namespace autopilot::decide {

// The policies in force. Asked inside each transaction, so that an apply takes effect with the next
// batch.
class PolicySource {
 public:
  virtual ~PolicySource() = default;
  // What was in force for a limited time counts as over when its end is not after `now`.
  virtual std::shared_ptr<const CompiledSet> current(Instant now) = 0;
  // Writes down what has ended by `now`, so that decisions can name the revision after it. True
  // when that changed what is in force. REQUIRES a write transaction.
  virtual bool settle(Instant now) = 0;
  // Those of an earlier revision, by its hash. Throws Error(storage) when the state has lost it.
  // Safe from many threads.
  virtual std::shared_ptr<const CompiledSet> at(std::string_view revision) = 0;
};

// Charges what the outcome used: enforced limits when the action may happen; a monitor policy's
// when it would have let the action pass, too.
void consume(const Outcome& outcome, const Circumstances& at, std::int64_t seq,
             MemoryLedger& ledger);

struct RecorderSettings {
  std::string run;           // never empty
  std::string actor;         // who asks
  std::string role;          // that actor's role
  std::string identity;      // what the machine says of who asks; may be empty
  std::string base_context;  // JSON for lines without a context; may be empty
  bool input_time = false;   // a context's time is the decision's
  bool dry_run = false;      // record and consume nothing
  std::optional<Override> override_by;
};

inline constexpr std::size_t kLongestLine = 4 << 20;  // bytes; a longer one is a fault

// One line of input, without its end; `number` is 1-based. REQUIRES kPadding readable bytes after
// `text`.
struct InputLine {
  std::string_view text;
  std::size_t number = 0;
};

struct LineFault {
  std::size_t line = 0;      // 1-based
  std::uint32_t offset = 0;  // byte in the line
  std::string message;
};

struct Tally {
  std::size_t allowed = 0, modified = 0, pending = 0, blocked = 0;
  std::size_t repeated = 0;  // answered from an earlier decision; counted under its result, too
  std::size_t refused_overrides = 0;  // asked for by somebody whose role is too low
  void count(Result result);
};

class Recorder {
 public:
  Recorder(Database& database, World& world, PolicySource& policies, RecorderSettings settings);
  ~Recorder();

  // Appends a decision line (with its end) for each good line to `out` and a fault for each bad
  // one. Durable when it returns. Throws Error(storage) and records nothing of the batch when that
  // cannot be.
  void decide(const std::vector<InputLine>& lines, std::string& out,
              std::vector<LineFault>& faults);

  // Decides the action of a recorded decision anew, now and in its recorded context, and records
  // that with what `approve` returns. `approve` is called inside the transaction, with the id of
  // the new decision: what it changes and the decision happen together or not at all. Returns the
  // new line, without its end. An idempotency key answers with the new decision from then on.
  std::string resume(std::string_view recorded,
                     const std::function<Resumption(const std::string& id)>& approve);

  const Tally& tally() const { return tally_; }

 private:
  void decide_all(const std::vector<InputLine>& lines, std::string& out,
                  std::vector<LineFault>& faults);
  void begin_batch();
  void end_batch();
  void forget();
  void decide_one(const InputLine& line, std::string& out, std::vector<LineFault>& faults);
  bool time_of_line(InputFault& fault);
  bool repeats(std::int64_t seq_if_new, std::string& out, InputFault& fault, bool& answered);
  bool answer(std::string_view recorded, std::string& out, InputFault& fault);
  std::string body_of(std::int64_t seq);
  void record(const DecisionId& id, std::string_view body);
  std::int64_t next_seq(Instant now) const;
  void use_current_policies();

  Database& database_;
  World& world_;
  PolicySource& policies_;
  RecorderSettings settings_;
  StoredLedger ledger_;
  Statement add_decision_, add_key_, find_key_, find_body_;
  std::shared_ptr<const CompiledSet> set_;
  std::unique_ptr<Engine> engine_;
  Input input_;
  InputFault fault_;
  Outcome outcome_;
  std::string line_;  // the one at hand: its few bytes stay in the cache, those of a batch do not
  Circumstances at_;
  RecordReader reader_;
  DecisionBatch batch_;
  Overrides overrides_;                                    // of the batch
  std::unordered_map<std::string, std::string> dry_keys_;  // (algorithm, key) → line
  std::int64_t last_seq_ = -1;
  std::int64_t data_version_ = -1;
  Tally tally_;
};

}  // namespace autopilot::decide
