#pragma once
// Tables of named columns, CSV with a first line of names or JSONL with fields, row by row; what is
// wrong is a fault with its place. Pure.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"

namespace autopilot::optimize {

// One row; columns are counted as they were named. Empty cells are absent. Valid while it is
// visited; a text until the next one is asked for.
class Row {
 public:
  virtual ~Row() = default;
  virtual std::string_view text(std::size_t column) const = 0;  // "" when absent
  virtual void fault(std::size_t column, std::string message) const = 0;
  std::optional<double> number(std::size_t column) const;
  std::optional<double> amount(std::size_t column) const;  // a number that is not below 0
  std::optional<double> share(std::size_t column) const;   // 5% or 0.05
  const std::vector<std::string>* names = nullptr;
};

// How many rows there may be, to make room for them.
std::size_t rows_at_most(std::string_view text);

// Those of `needed` must be there.
void read_table(std::string_view text, std::uint32_t source, const std::vector<std::string>& names,
                const std::vector<std::string>& needed, Diagnostics& diagnostics,
                const std::function<void(const Row&)>& visit);

}  // namespace autopilot::optimize
