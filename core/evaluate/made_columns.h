#pragma once
// What expressions make of each row as it is read: its reward, and the actions that rules would
// have chosen. A row of which one fails is bad.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/row_expression.h"
#include "core/events/bad_rows.h"

namespace autopilot::evaluate {

class MadeColumns {
 public:
  // Throws Error(invalid) naming what does not compile.
  MadeColumns(const LogRequest& request, const std::vector<std::string>& columns);

  // All of them, for whoever finds the columns that they read.
  std::vector<RowExpression*> expressions();
  // Takes bad rows out of the batch. `line`: the column that tells the line of each row.
  void make(const Log& log, std::size_t line, events::Batch& batch,
            std::vector<events::Labels>& labels, events::BadRows& bad);

 private:
  bool make_reward(const Log& log, events::Batch& batch, std::size_t row,
                   const std::vector<events::Labels>& labels, std::string& why);
  bool make_rules(const Log& log, events::Batch& batch, std::size_t row,
                  std::vector<events::Labels>& labels, std::string& why);

  std::optional<RowExpression> reward_;
  std::deque<RowExpression> rules_;
};

}  // namespace autopilot::evaluate
