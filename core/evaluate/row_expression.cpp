#include "core/evaluate/row_expression.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/expr/expression.h"

namespace autopilot::evaluate {
namespace {

std::string place_in(const std::string& source, const expr::Fault& fault) {
  if (fault.begin == fault.end) return fmt::format("in '{}'", source);
  return fmt::format("at '{}' in '{}'", source.substr(fault.begin, fault.end - fault.begin),
                     source);
}

}  // namespace

RowExpression::RowExpression(std::string source, const std::vector<std::string>& columns,
                             std::string option)
    : source_(std::move(source)), scratch_(std::make_unique<expr::Scratch>()) {
  expr::Environment environment;
  for (const std::string& name : columns)
    environment.variables.try_emplace(name, expr::Type(expr::TypeKind::json));
  const expr::CheckedExpr checked = expr::parse_and_check(source_, environment);
  if (!checked.ok())
    throw Error(ErrorKind::invalid,
                fmt::format("{}: {}, {}", option, checked.faults[0].message,
                            place_in(source_, checked.faults[0])),
                checked.faults[0].help);
  program_ = expr::compile(checked, slots_);
  for (const expr::Path& path : slots_.paths()) columns_.push_back(join(path, "."));
  inputs_.resize(columns_.size());
}

expr::Val RowExpression::input(const events::Batch& batch, std::size_t row, std::size_t place,
                               const std::vector<events::Labels>& labels) const {
  const events::Column& column = batch.columns[place];
  if (!column.codes.empty() && column.codes[row] != events::kNoLabel)
    return expr::Val::of_string(labels[place][column.codes[row]]);
  if (column.numbers.empty() || std::isnan(column.numbers[row])) return expr::Val();
  return expr::Val::of_double(column.numbers[row]);
}

bool RowExpression::evaluate(const events::Batch& batch, std::size_t row,
                             const std::vector<events::Labels>& labels, expr::Val& out,
                             std::string& why) {
  scratch_->reset();
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    inputs_[i] = input(batch, row, places_[i], labels);
  out = program_.evaluate(inputs_.data(), *scratch_);
  if (out.is_error()) why = program_.fault(out, *scratch_).message;
  return !out.is_error();
}

}  // namespace autopilot::evaluate
