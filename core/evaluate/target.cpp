#include "core/evaluate/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::evaluate {
namespace {

constexpr double kOne = 1e-9;     // weights whose sum is closer to 1 are taken as they are
constexpr double kUneven = 1e-3;  // that probabilities written with few digits may be off

// A position as a file of weights calls it: as the log does, or with letters before ("pos1").
std::uint32_t position_code(const Log& log, const std::string& text) {
  if (log.position == Log::kNone) return 0;
  const events::Labels& known = log.labels[log.position];
  const std::uint32_t exact = known.find(text);
  if (exact != events::kNoLabel) return exact;
  const std::size_t digits = text.find_first_of("0123456789");
  return digits == std::string::npos ? events::kNoLabel : known.find(text.substr(digits));
}

// Weights by cell, and what falls on cells that there are none of.
class WeightTable {
 public:
  WeightTable(const Log& log, std::string name)
      : log_(log), name_(std::move(name)), by_cell_(log.cells()), lost_(log.positions()) {}

  void add(const ActionWeight& of) {
    if (!of.position) {
      for (std::size_t k = 0; k < log_.positions(); ++k) put(of.action, k, of.weight);
      return;
    }
    const std::uint32_t k = position_code(log_, *of.position);
    if (k != events::kNoLabel) put(of.action, k, of.weight);  // else it was never logged
  }

  std::unique_ptr<Target> finish() {
    double unseen = 0;
    for (std::size_t k = 0; k < log_.positions(); ++k) unseen += scale(k);
    auto out = std::make_unique<TableTarget>(log_, name_, std::move(by_cell_));
    out->unseen = unseen / static_cast<double>(log_.positions());
    out->unseen_actions = std::move(lost_actions_);
    return out;
  }

 private:
  void put(const std::string& action, std::size_t position, double weight) {
    const std::uint32_t a = log_.labels[log_.action].find(action);
    if (a == events::kNoLabel) {
      lost_[position] += weight;
      if (weight > 0) note(action);
    } else
      by_cell_[a * log_.positions() + position] += weight;
  }

  void note(const std::string& action) {
    if (std::find(lost_actions_.begin(), lost_actions_.end(), action) == lost_actions_.end())
      lost_actions_.push_back(action);
  }

  // Makes the weights of a position sum to 1; the share that was lost.
  double scale(std::size_t position) {
    double sum = lost_[position];
    for (std::size_t a = 0; a < log_.actions(); ++a)
      sum += by_cell_[a * log_.positions() + position];
    if (!(sum > 0))
      throw Error(ErrorKind::invalid,
                  log_.position == Log::kNone
                      ? fmt::format("{} gives no action any weight", name_)
                      : fmt::format("{} gives no action any weight at position {}", name_,
                                    log_.position_name(position)));
    if (std::abs(sum - 1) > kOne) {
      for (std::size_t a = 0; a < log_.actions(); ++a)
        by_cell_[a * log_.positions() + position] /= sum;
    }
    return lost_[position] / sum;
  }

  const Log& log_;
  std::string name_;
  std::vector<double> by_cell_;
  std::vector<double> lost_;  // by position
  std::vector<std::string> lost_actions_;
};

std::size_t number_column(const Log& log, const std::string& name) {
  for (const ContextColumn& column : log.numbers) {
    if (column.name == name) return column.index;
  }
  std::vector<std::string> known;
  for (const ContextColumn& column : log.numbers) known.push_back(column.name);
  throw Error(ErrorKind::invalid, fmt::format("the log has no column '{}'", name),
              known.empty() ? "there is none that begins so"
                            : fmt::format("of its columns these begin so: {}", join(known, ", ")));
}

// What an action may have been meant to be: one that is spelled nearly so, or any.
std::string close_action(const Log& log, const std::string& action) {
  constexpr std::size_t kFew = 12;
  const std::vector<std::string>& known = log.labels[log.action].texts();
  const std::string close = did_you_mean(action, known);
  if (!close.empty()) return std::string(trim(close));
  return known.size() <= kFew ? "it shows " + join(known, ", ") : std::string();
}

}  // namespace

TableTarget::TableTarget(const Log& log, std::string name, std::vector<double> by_cell)
    : log_(log), name_(std::move(name)), by_cell_(std::move(by_cell)) {}

void TableTarget::all(const events::Batch& batch, std::size_t row, double* probability) const {
  const std::size_t k = log_.position_of(batch, row), positions = log_.positions();
  for (std::size_t a = 0; a < log_.actions(); ++a) probability[a] = by_cell_[a * positions + k];
}

std::vector<std::size_t> columns_by_action(const Log& log, const std::string& prefix) {
  std::vector<std::size_t> out;
  for (std::size_t a = 0; a < log.actions(); ++a)
    out.push_back(number_column(log, prefix + log.action_name(a)));
  return out;
}

ColumnsTarget::ColumnsTarget(const Log& log, std::string prefix)
    : log_(log), prefix_(std::move(prefix)), column_(columns_by_action(log, prefix_)) {
  std::vector<std::size_t> never;  // of actions that the log never shows
  for (const ContextColumn& column : log.numbers) {
    const std::string action = column.name.substr(std::min(prefix_.size(), column.name.size()));
    if (!column.name.starts_with(prefix_) || action.empty() ||
        log.labels[log.action].find(action) != events::kNoLabel)
      continue;
    never.push_back(column.index);
    unseen_actions.push_back(action);
  }
  double lost = 0, uneven = 0;
  log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      double sum = 0, of_row = 0;
      for (const std::size_t c : column_) sum += batch.columns[c].numbers[i];
      for (const std::size_t c : never) of_row += batch.columns[c].numbers[i];
      lost += of_row;
      uneven += std::abs(sum + of_row - 1) > kUneven ? 1 : 0;
    }
  });
  const auto rows = static_cast<double>(log.rows->rows());
  unseen = lost / rows;
  uneven_rows = uneven / rows;
  if (unseen == 0) unseen_actions.clear();
}

double ColumnsTarget::logged(const events::Batch& batch, std::size_t row) const {
  return batch.columns[column_[log_.action_of(batch, row)]].numbers[row];
}

void ColumnsTarget::all(const events::Batch& batch, std::size_t row, double* probability) const {
  for (std::size_t a = 0; a < column_.size(); ++a)
    probability[a] = batch.columns[column_[a]].numbers[row];
}

ColumnTarget::ColumnTarget(const Log& log, std::string column)
    : column_(std::move(column)), index_(number_column(log, column_)) {}

double ColumnTarget::logged(const events::Batch& batch, std::size_t row) const {
  return batch.columns[index_].numbers[row];
}

RuleTarget::RuleTarget(const Log& log, std::size_t rule)
    : log_(log), rule_(log.rules[rule].name), column_(log.rules[rule].index) {
  for (const std::string& action : log.labels[column_].texts())
    action_.push_back(log.labels[log.action].find(action));
  double never = 0;
  std::vector<char> is_chosen(action_.size());
  log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      if (action(batch, i) != events::kNoLabel) continue;
      ++never;
      is_chosen[batch.columns[column_].codes[i]] = 1;
    }
  });
  unseen = never / static_cast<double>(log.rows->rows());
  for (std::size_t a = 0; a < is_chosen.size(); ++a) {
    if (is_chosen[a]) unseen_actions.push_back(log.labels[column_].texts()[a]);
  }
}

void RuleTarget::all(const events::Batch& batch, std::size_t row, double* probability) const {
  std::fill(probability, probability + log_.actions(), 0);
  const std::uint32_t chosen = action(batch, row);
  if (chosen != events::kNoLabel) probability[chosen] = 1;
}

std::unique_ptr<Target> uniform_target(const Log& log) {
  const double share = 1 / static_cast<double>(log.actions());
  return std::make_unique<TableTarget>(log, "uniform", std::vector<double>(log.cells(), share));
}

std::unique_ptr<Target> constant_target(const Log& log, const std::string& action) {
  if (log.labels[log.action].find(action) == events::kNoLabel)
    throw Error(ErrorKind::invalid, fmt::format("the log never shows action '{}'", action),
                close_action(log, action));
  WeightTable table(log, "always " + action);
  table.add({action, std::nullopt, 1});
  return table.finish();
}

std::unique_ptr<Target> weights_target(const Log& log, const Weights& weights) {
  WeightTable table(log, weights.file);
  for (const ActionWeight& of : weights.of) table.add(of);
  return table.finish();
}

}  // namespace autopilot::evaluate
