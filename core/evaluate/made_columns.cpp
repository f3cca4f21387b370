#include "core/evaluate/made_columns.h"

#include <fmt/format.h>

#include <cmath>

namespace autopilot::evaluate {
namespace {

void keep(events::Batch& batch, const std::vector<std::size_t>& kept) {
  const auto pick = [&](auto& values) {
    if (values.empty()) return;
    for (std::size_t k = 0; k < kept.size(); ++k) values[k] = values[kept[k]];
    values.resize(kept.size());
  };
  for (events::Column& column : batch.columns) {
    pick(column.numbers);
    pick(column.codes);
    pick(column.integers);
  }
  batch.rows = kept.size();
}

}  // namespace

MadeColumns::MadeColumns(const LogRequest& request, const std::vector<std::string>& columns) {
  if (!request.reward.empty()) reward_.emplace(request.reward, columns, "--reward");
  for (const std::string& rule : request.rules) rules_.emplace_back(rule, columns, "--target");
}

std::vector<RowExpression*> MadeColumns::expressions() {
  std::vector<RowExpression*> out;
  if (reward_) out.push_back(&*reward_);
  for (RowExpression& rule : rules_) out.push_back(&rule);
  return out;
}

void MadeColumns::make(const Log& log, std::size_t line, events::Batch& batch,
                       std::vector<events::Labels>& labels, events::BadRows& bad) {
  if (!reward_ && rules_.empty()) return;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    std::string why;
    if ((!reward_ || make_reward(log, batch, i, labels, why)) &&
        make_rules(log, batch, i, labels, why)) {
      kept.push_back(i);
      continue;
    }
    const auto at = static_cast<std::uint64_t>(batch.columns[line].integers[i]);
    bad.add("an expression failed", {batch.file, at, std::move(why)});
  }
  if (kept.size() < batch.rows) keep(batch, kept);
}

bool MadeColumns::make_reward(const Log& log, events::Batch& batch, std::size_t row,
                              const std::vector<events::Labels>& labels, std::string& why) {
  expr::Val value;
  if (!reward_->evaluate(batch, row, labels, value, why)) {
    why = fmt::format("--reward: {}", why);
    return false;
  }
  double& to = batch.columns[log.reward].numbers[row];
  if (value.tag == expr::Tag::boolean)
    to = value.boolean ? 1 : 0;
  else if (value.tag == expr::Tag::integer)
    to = static_cast<double>(value.integer);
  else if (value.tag == expr::Tag::uinteger)
    to = static_cast<double>(value.uinteger);
  else if (value.tag == expr::Tag::real && std::isfinite(value.real))
    to = value.real;
  else {
    why = fmt::format("--reward gives {}, no finite number", expr::to_text(value));
    return false;
  }
  return true;
}

bool MadeColumns::make_rules(const Log& log, events::Batch& batch, std::size_t row,
                             std::vector<events::Labels>& labels, std::string& why) {
  for (std::size_t r = 0; r < rules_.size(); ++r) {
    expr::Val value;
    if (!rules_[r].evaluate(batch, row, labels, value, why)) {
      why = fmt::format("--target: {}", why);
      return false;
    }
    const std::size_t column = log.rules[r].index;
    const std::string text =
        value.tag == expr::Tag::string ? std::string(value.text()) : expr::to_text(value);
    batch.columns[column].codes[row] = labels[column].code(text);
  }
  return true;
}

}  // namespace autopilot::evaluate
