#pragma once
// A log of what a policy did and what came of it, in memory-bounded columns with their roles.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/evaluate/mapping.h"
#include "core/events/bad_rows.h"
#include "core/events/labels.h"
#include "core/events/reader.h"
#include "core/events/store.h"

namespace autopilot::evaluate {

enum class Propensities { logged, uniform, estimated };

struct Log;

// Says of each row, in the order of the log, whether it would have happened.
class RowJudge {
 public:
  virtual ~RowJudge() = default;
  virtual bool lets(const Log& log, const std::vector<events::Labels>& labels,
                    const events::Batch& batch, std::size_t row) = 0;
};

struct LogRequest {
  std::vector<std::string> paths;
  Mapping columns;
  std::string reward;  // CEL over the columns, instead of a column
  // Further columns to keep, by name and by how names begin: predictions, and probabilities.
  std::vector<std::string> numbers, prefixes, probabilities, probability_prefixes;
  std::vector<std::string> rules;  // CEL that gives an action, evaluated for each row
  RowJudge* judge = nullptr;       // null: all rows happened
  bool is_played = false;          // by an algorithm, which fills columns of its own
  bool keep_times = false;         // of each row; else only the first and the last are known
  Propensities propensities = Propensities::logged;
  std::optional<double> missing_reward;  // of rows without one; none: they are bad
  double max_bad = 0.01;                 // share of the rows, or from 1 on their number

  Mapping given() const;  // what was said, the reward that is no column among it
};

struct ContextColumn {
  std::string name;
  std::size_t index = 0;  // among the columns of a batch
};

struct Log {
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::unique_ptr<events::RowStore> rows;
  Mapping columns;  // as they were found
  std::size_t reward = kNone, propensity = kNone, action = kNone;
  std::size_t position = kNone, time = kNone, unit = kNone;
  std::size_t played = kNone, kept = kNone;  // what an algorithm made of it (algorithm.h)
  std::size_t look = kNone;                  // and which of its distributions it had then
  std::size_t let = kNone;                   // 1 where the judge lets a row through
  std::vector<ContextColumn> context;
  std::vector<ContextColumn> numbers;
  std::vector<ContextColumn> rules;    // what each gave, as labels of its own
  std::vector<events::Labels> labels;  // by column

  std::vector<std::pair<std::string, std::string>> alike;  // files that begin with the same rows

  events::BadRows bad;
  std::uint64_t lines = 0;
  double least_reward = 0, most_reward = 0, reward_sum = 0;
  std::int64_t first_time = 0, last_time = 0;
  bool in_time_order = true;
  double rows_per_unit = 1;
  Propensities propensities = Propensities::logged;
  std::vector<double> estimated;  // by cell, when propensities are

  std::size_t actions() const { return labels[action].size(); }
  std::size_t positions() const { return position == kNone ? 1 : labels[position].size(); }
  std::size_t cells() const { return actions() * positions(); }
  const std::string& action_name(std::size_t a) const {
    return labels[action][static_cast<std::uint32_t>(a)];
  }
  std::string position_name(std::size_t k) const;

  std::size_t action_of(const events::Batch& batch, std::size_t row) const {
    return batch.columns[action].codes[row];
  }
  std::size_t position_of(const events::Batch& batch, std::size_t row) const {
    return position == kNone ? 0 : batch.columns[position].codes[row];
  }
  std::size_t cell_of(const events::Batch& batch, std::size_t row) const {
    return action_of(batch, row) * positions() + position_of(batch, row);
  }
  double propensity_of(const events::Batch& batch, std::size_t row) const {
    if (propensity != kNone) return batch.columns[propensity].numbers[row];
    return estimated[cell_of(batch, row)];
  }
  // Rows of one unit are in one block and in one fold.
  std::uint32_t block_of(const events::Batch& batch, std::size_t row, std::size_t blocks) const;
  std::size_t fold_of(const events::Batch& batch, std::size_t row, std::size_t folds) const;
  bool has_repeated_units() const { return unit != kNone && rows_per_unit > 1.0001; }
};

// The cell of each row of a batch, and its propensity, for loops over many: the log is asked once.
class BatchCells {
 public:
  BatchCells(const Log& log, const events::Batch& batch)
      : positions_(log.positions()), action_(batch.columns[log.action].codes.data()) {
    if (log.position != Log::kNone) position_ = batch.columns[log.position].codes.data();
  }
  std::size_t operator[](std::size_t row) const {
    return action_[row] * positions_ + (position_ != nullptr ? position_[row] : 0);
  }

 private:
  std::size_t positions_;
  const std::uint32_t* action_;
  const std::uint32_t* position_ = nullptr;
};

class BatchPropensities {
 public:
  BatchPropensities(const Log& log, const events::Batch& batch)
      : cells_(log, batch), of_cell_(log.estimated.data()) {
    if (log.propensity != Log::kNone) of_row_ = batch.columns[log.propensity].numbers.data();
  }
  double operator[](std::size_t row) const {
    return of_row_ != nullptr ? of_row_[row] : of_cell_[cells_[row]];
  }

 private:
  BatchCells cells_;
  const double* of_cell_;
  const double* of_row_ = nullptr;
};

std::string place_of(const events::BadRow& row);  // file:line
std::string shown_path(const std::string& path);  // "-" is standard input

// Throws Error(invalid) on too many bad rows, on an empty log, or without action or reward.
Log read_log(Files& files, const LogRequest& request,
             const events::EventReader::Progress& progress = {});

}  // namespace autopilot::evaluate
