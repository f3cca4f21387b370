#include "core/evaluate/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/events/csv.h"
#include "core/events/row_builder.h"

namespace autopilot::evaluate {
namespace {

constexpr double kOne = 1e-9;  // weights whose sum is closer to 1 are taken as they are

double weight_of(const Value& value, const std::string& file, const std::string& action) {
  if (!value.is_number() || !(value.as_double() >= 0) || !std::isfinite(value.as_double()))
    throw Error(ErrorKind::invalid,
                fmt::format("{}: the weight of {} is no number from 0 on", file, action));
  return value.as_double();
}

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

  void add(const std::string& action, const Value& weight) {
    if (!weight.is_map()) {
      const double value = weight_of(weight, name_, action);
      for (std::size_t k = 0; k < log_.positions(); ++k) put(action, k, value);
      return;
    }
    for (const auto& [position, inner] : weight.as_map()) {
      const std::uint32_t k = position_code(log_, position);
      if (k == events::kNoLabel) continue;  // a position that was never logged decides nothing
      put(action, k, weight_of(inner, name_, action));
    }
  }

  std::unique_ptr<Target> finish() {
    double unseen = 0;
    for (std::size_t k = 0; k < log_.positions(); ++k) unseen += scale(k);
    auto out = std::make_unique<TableTarget>(log_, name_, std::move(by_cell_));
    out->unseen = unseen / static_cast<double>(log_.positions());
    return out;
  }

 private:
  void put(const std::string& action, std::size_t position, double weight) {
    const std::uint32_t a = log_.labels[log_.action].find(action);
    if (a == events::kNoLabel)
      lost_[position] += weight;
    else
      by_cell_[a * log_.positions() + position] += weight;
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
};

std::size_t number_column(const Log& log, const std::string& name) {
  for (const ContextColumn& column : log.numbers) {
    if (column.name == name) return column.index;
  }
  throw Error(ErrorKind::invalid, fmt::format("the log has no column '{}'", name));
}

Value number_value(const std::string& text, const std::string& file) {
  double out = 0;
  if (!events::parse_number(trim(text), out))
    throw Error(ErrorKind::invalid, fmt::format("{}: '{}' is no weight", file, text));
  return out;
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
    : log_(log), prefix_(std::move(prefix)), column_(columns_by_action(log, prefix_)) {}

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
  log.rows->for_each_in_order([&](const events::Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) never += action(batch, i) == events::kNoLabel;
  });
  unseen = never / static_cast<double>(log.rows->rows());
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
                std::string(trim(did_you_mean(action, log.labels[log.action].texts()))));
  WeightTable table(log, "always " + action);
  table.add(action, Value(1));
  return table.finish();
}

std::unique_ptr<Target> weights_target(const Log& log, const std::string& name,
                                       const Value& weights) {
  if (!weights.is_map() || weights.as_map().empty())
    throw Error(ErrorKind::invalid, name + " holds no weights",
                "it takes a map of actions to weights, or CSV of them");
  WeightTable table(log, name);
  for (const auto& [action, weight] : weights.as_map()) table.add(action, weight);
  return table.finish();
}

Value weights_of_csv(std::string_view text, const std::string& name) {
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [](const std::string& line) { return trim(line).empty(); });
  if (lines.size() < 2) throw Error(ErrorKind::invalid, name + " holds no weights");
  const char separator = events::csv_separator(lines[0]);
  const std::vector<std::string> header = events::csv_fields(lines[0], separator);
  const bool is_long = header.size() == 3 && (header[1] == "position" || header[1] == "slot");
  Map out;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = events::csv_fields(lines[i], separator);
    if (fields.size() != header.size() || fields.size() < 2)
      throw Error(ErrorKind::invalid, fmt::format("{}:{}: {} fields, not {}", name, i + 1,
                                                  fields.size(), header.size()));
    Value& entry = out[fields[0]];
    if (fields.size() == 2) {
      entry = number_value(fields[1], name);
      continue;
    }
    if (!entry.is_map()) entry = Map();
    if (is_long) {
      entry.as_map()[fields[1]] = number_value(fields[2], name);
      continue;
    }
    for (std::size_t f = 1; f < fields.size(); ++f)
      entry.as_map()[header[f]] = number_value(fields[f], name);
  }
  return out;
}

}  // namespace autopilot::evaluate
