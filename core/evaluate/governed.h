#pragma once
// The policies of the engine over the actions of a log: which of them they would have let through.
// Rows are decided in the order of the log, each at its own time, so that limits count as they
// would have.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/decide/compiled.h"
#include "core/decide/engine.h"
#include "core/decide/ledger.h"
#include "core/evaluate/log.h"
#include "core/evaluate/question.h"
#include "core/render/report.h"

namespace autopilot::evaluate {

// What a row is as an action.
struct GovernedAction {
  std::string type = "route.update_weight";
  std::string algorithm = "backtest";
  std::string role = "admin";
};

class Governor final : public RowJudge {
 public:
  // `now` is the time of rows of a log without times.
  Governor(std::shared_ptr<const decide::CompiledSet> policies, GovernedAction as, Instant now);

  // Throws Error(invalid) when rows are no actions.
  bool lets(const Log& log, const std::vector<events::Labels>& labels, const events::Batch& batch,
            std::size_t row) override;

  std::uint64_t count(decide::Result result) const {
    return counts_[static_cast<std::size_t>(result)];
  }
  // What a rule held back, and on how many of these rows it only failed.
  struct Held {
    std::uint64_t rows = 0, failed = 0;
    std::string why;  // of the first row on which it failed
  };
  const std::map<std::string, Held>& held_by() const { return held_by_; }  // by "policy/rule"

 private:
  void note(const decide::Reason& reason);
  void write_line(const Log& log, const std::vector<events::Labels>& labels,
                  const events::Batch& batch, std::size_t row);

  std::shared_ptr<const decide::CompiledSet> policies_;
  GovernedAction as_;
  Instant now_;
  decide::Engine engine_;
  decide::MemoryLedger ledger_;
  decide::Input input_;
  decide::Outcome outcome_;
  std::uint64_t row_ = 0;
  std::string line_, metrics_, segment_;
  std::array<std::uint64_t, 4> counts_{};
  std::map<std::string, Held> held_by_;
};

// What the policies did, in a sentence without its subject.
std::string governed_text(const Governor& governor, const Answer& answer);
// Rows that policies held back for want of something to decide on speak against the backtest.
void doubt_failures(const Governor& governor, const Answer& answer, Backtest& backtest);
// Adds what the policies did to a report about the rows they let through.
void add_governed(const Governor& governor, const Answer& answer, render::Report& report);

}  // namespace autopilot::evaluate
