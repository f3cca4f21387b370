#pragma once
// A CEL expression over the columns of a log: `revenue - 0.1 * cost`, `device == "mobile" ? "a" :
// "b"`. Columns stand by name; numbers are double.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/batch.h"
#include "core/events/labels.h"
#include "core/expr/program.h"

namespace autopilot::evaluate {

class RowExpression {
 public:
  // `option` is for messages. Throws Error(invalid) naming what does not compile.
  RowExpression(std::string source, const std::vector<std::string>& columns, std::string option);

  const std::string& source() const { return source_; }
  const std::vector<std::string>& columns() const { return columns_; }  // that it reads

  // Where those columns are in a batch, in the order of columns().
  void bind(std::vector<std::size_t> places) { places_ = std::move(places); }
  // Of a row; valid until the next call. False with `why` when it has no value.
  bool evaluate(const events::Batch& batch, std::size_t row,
                const std::vector<events::Labels>& labels, expr::Val& out, std::string& why);

 private:
  expr::Val input(const events::Batch& batch, std::size_t row, std::size_t place,
                  const std::vector<events::Labels>& labels) const;

  std::string source_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> places_;
  expr::SlotTable slots_;
  expr::Program program_;
  std::unique_ptr<expr::Scratch> scratch_;
  std::vector<expr::Val> inputs_;
};

}  // namespace autopilot::evaluate
