#pragma once
// The policy that is evaluated: how probable it makes each action, for a row of the log.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/evaluate/log.h"
#include "core/evaluate/played.h"
#include "core/evaluate/weights.h"

namespace autopilot::evaluate {

class Target {
 public:
  virtual ~Target() = default;
  virtual std::string name() const = 0;
  // Of the logged action.
  virtual double logged(const events::Batch& batch, std::size_t row) const = 0;
  // Whether it is known for the other actions as well.
  virtual bool knows_all() const { return true; }
  // Of every action. REQUIRES knows_all().
  virtual void all(const events::Batch& batch, std::size_t row, double* probability) const = 0;
  // By cell, when no row matters; else null.
  virtual const std::vector<double>* table() const { return nullptr; }
  // Whether it only lets rows through or not: its weights are 0 and 1, whatever the propensities.
  virtual bool is_filter() const { return false; }
  // Of each row, whether replay keeps it, where that is decided; null: rows are drawn by their
  // weights.
  virtual const double* kept(const events::Batch&) const { return nullptr; }
  // How it went, of an algorithm; else null.
  virtual const Played* played() const { return nullptr; }
  // Probability that falls on actions which the log never shows at all, and what they are.
  double unseen = 0;
  std::vector<std::string> unseen_actions;
  // Share of the rows whose probabilities do not sum up to 1.
  double uneven_rows = 0;
};

// The same for every row of a position.
class TableTarget final : public Target {
 public:
  TableTarget(const Log& log, std::string name, std::vector<double> by_cell);
  std::string name() const override { return name_; }
  double logged(const events::Batch& batch, std::size_t row) const override {
    return by_cell_[log_.cell_of(batch, row)];
  }
  void all(const events::Batch& batch, std::size_t row, double* probability) const override;
  const std::vector<double>* table() const override { return &by_cell_; }

 private:
  const Log& log_;
  std::string name_;
  std::vector<double> by_cell_;
};

// Probabilities that stand in the log: one column for each action, PREFIX and the action's name.
class ColumnsTarget final : public Target {
 public:
  ColumnsTarget(const Log& log, std::string prefix);
  std::string name() const override { return "columns " + prefix_ + "*"; }
  double logged(const events::Batch& batch, std::size_t row) const override;
  void all(const events::Batch& batch, std::size_t row, double* probability) const override;

 private:
  const Log& log_;
  std::string prefix_;
  std::vector<std::size_t> column_;  // by action
};

// The probability of the logged action alone.
class ColumnTarget final : public Target {
 public:
  ColumnTarget(const Log& log, std::string column);
  std::string name() const override { return "column " + column_; }
  double logged(const events::Batch& batch, std::size_t row) const override;
  bool knows_all() const override { return false; }
  void all(const events::Batch&, std::size_t, double*) const override {}

 private:
  std::string column_;
  std::size_t index_;
};

// The action that a rule gives for a row (LogRequest::rules), always.
class RuleTarget final : public Target {
 public:
  RuleTarget(const Log& log, std::size_t rule);
  std::string name() const override { return rule_; }
  double logged(const events::Batch& batch, std::size_t row) const override {
    return action(batch, row) == log_.action_of(batch, row) ? 1 : 0;
  }
  void all(const events::Batch& batch, std::size_t row, double* probability) const override;

 private:
  std::uint32_t action(const events::Batch& batch, std::size_t row) const {
    return action_[batch.columns[column_].codes[row]];
  }

  const Log& log_;
  std::string rule_;
  std::size_t column_;
  std::vector<std::uint32_t> action_;  // by what the rule gives; kNoLabel: never logged
};

// What acted, where the log's judge lets it; nothing else.
class FilterTarget final : public Target {
 public:
  FilterTarget(const Log& log, std::string name) : log_(log), name_(std::move(name)) {}
  std::string name() const override { return name_; }
  double logged(const events::Batch& batch, std::size_t row) const override {
    return batch.columns[log_.let].numbers[row] * log_.propensity_of(batch, row);
  }
  bool knows_all() const override { return false; }
  void all(const events::Batch&, std::size_t, double*) const override {}
  bool is_filter() const override { return true; }

 private:
  const Log& log_;
  std::string name_;
};

std::unique_ptr<Target> uniform_target(const Log& log);
std::unique_ptr<Target> constant_target(const Log& log, const std::string& action);
std::unique_ptr<Target> weights_target(const Log& log, const Weights& weights);

// The indices of the columns PREFIX + action, by action. Throws Error(invalid) when one is missing.
std::vector<std::size_t> columns_by_action(const Log& log, const std::string& prefix);

}  // namespace autopilot::evaluate
