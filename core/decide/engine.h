#pragma once
// Takes one decision, exactly as DESIGN §5 orders it: applicable policies, mutations, risk, guards,
// limits, then the monitor policies apart. The same engine serves decide, replay, whatif and
// backtest. Deterministic; fails closed.

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/decide/compiled.h"
#include "core/decide/foreseen.h"
#include "core/decide/ingest.h"
#include "core/decide/outcome.h"
#include "core/decide/trace.h"

namespace autopilot::decide {

// What earlier decisions used up. Implemented by the live ledger and by the values that a record
// kept.
class LedgerView {
 public:
  virtual ~LedgerView() = default;
  // Micro-units in the account within (now − per, now], or in `run` when `use.per` is absent.
  virtual std::int64_t used(const Use& use, std::string_view run, Instant now) = 0;
};

// What does not stand in the line.
struct Circumstances {
  Instant now;
  std::string_view run;
  std::string_view actor;  // who asks, unless the context says so
  std::string_view role;
  const Override* override_by = nullptr;  // null: none asked for
  const Resumption* resumes = nullptr;    // null: decided for the first time
};

// One evaluating thread's engine. The set must outlive it. Not thread-safe.
class Engine {
 public:
  explicit Engine(const CompiledSet& set);

  // Reads one line (or an action and a context apart) into `input` and fills the names that are
  // computed: the default target, the actor. False with `fault` when it is no action. REQUIRES
  // kPadding readable bytes after each text. `base_context` (may be empty) serves lines that carry
  // no context of their own.
  bool read(std::string_view line, std::string_view base_context, Input& input, InputFault& fault);
  bool read_parts(std::string_view action, std::string_view context, Input& input,
                  InputFault& fault);
  // The same piece by piece (Decoder::begin), with prepare() to end it.
  void begin(Input& input);
  Token read_action(const JsonText& text, Token at, Input& input) {
    return decoder_.decode_action(text, at, input, scratch_);
  }
  Token read_context(const JsonText& text, Token at, Input& input) {
    return decoder_.decode_context(text, at, input, scratch_);
  }
  // The same for slots that were not read from JSON: fills the names. Begins with `reset` of the
  // scratch left to the caller, whose strings may live in it.
  bool prepare(Input& input, InputFault& fault);
  // The same into memory of the caller's, so that the input outlives what is read after it.
  bool read_parts(std::string_view action, std::string_view context, Input& input,
                  InputFault& fault, expr::Scratch& memory);

  // Decides what read() or prepare() made of a line; changes the slots of `input` (mutations). The
  // outcome's views point into the set; it stays valid after the input is gone. `trace` may be
  // null.
  void decide(Input& input, const Circumstances& circumstances, LedgerView& ledger,
              Outcome& outcome, Trace* trace = nullptr);

  const CompiledSet& set() const { return set_; }
  expr::Scratch& scratch() { return scratch_; }
  // False: walk all policies each time (the benchmark shows what the index is worth).
  bool use_index = true;
  // False: reasons come without messages and values, and a changed action without its JSON, for
  // those who count decisions and show few. All else is the same.
  bool writes_texts = true;
  // What is known beforehand of the decision to be taken. Looked at only where no texts are
  // written.
  Foreseen foreseen;

 private:
  friend class Deciding;

  // One bound that a mutation set; it must still hold when all mutations are done.
  struct Bound {
    std::uint32_t policy;
    const CompiledMutation* mutation;
    int slot;
    double low, high;      // clamp, max_delta
    bool is_set;           // set: holds while nobody else changed the slot
    std::size_t log_mark;  // size of the log when the mutation was done
  };
  struct Change {
    std::uint32_t policy;
    int slot;
    expr::Val before;  // readable until the decision is done
    std::string_view raw_before;
  };
  struct Minute {
    std::int64_t minute = INT64_MIN;
    bool active = false;
  };

  const std::vector<std::uint32_t>& candidates(std::string_view type, std::string_view algorithm);
  const std::vector<std::uint32_t>& find_candidates(std::string_view type,
                                                    std::string_view algorithm);
  bool active(std::uint32_t policy, Instant now);
  bool default_target(Input& input, InputFault& fault) const;

  const CompiledSet& set_;
  Decoder decoder_;
  expr::Scratch scratch_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> index_;
  // A pair that was asked for lately: composing the key and looking it up takes longer than all
  // else that the index saves.
  struct Recent {
    std::string type, algorithm;
    const std::vector<std::uint32_t>* policies = nullptr;  // null: none
  };
  static constexpr std::size_t kRecent = 256;
  std::array<Recent, kRecent> recent_;
  std::vector<std::uint32_t> all_;
  std::vector<Minute> minutes_;  // by policy: the schedule's answer for the minute last asked about
  std::vector<std::uint32_t> applicable_;
  std::vector<Bound> bounds_;
  std::vector<Change> log_;
  // Changed actions that are decoded again, padded: what the enforced policies made, and what a
  // monitor policy would make of that.
  std::string enforced_action_;
  std::string monitor_action_;
  std::vector<std::string_view> base_raw_;  // Input::raw when the pass began
};

}  // namespace autopilot::decide
