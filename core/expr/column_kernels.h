#pragma once
// The inner loops over columns: 64 rows in, one word out. SSE2 where the processor has it (all
// x86-64 do), else plain loops. Words of rows nobody asks for are skipped and come out as 0.

#include <cstdint>

#include "core/expr/row_set.h"

namespace autopilot::expr {

// In the order of the operations less … differ of code.h.
enum class Relation : std::uint8_t { less, less_equal, greater, greater_equal, same, differ };

// The first `count` elements of a column. Elements beyond are never read.
struct Reals {
  const double* at;
  std::uint32_t count;
};

// Which of `rows` satisfy a[r] <relation> b, or a[r] <relation> b[r] * factor.
RowSet compare_reals(Relation relation, const RowSet& rows, Reals a, double b);
RowSet compare_reals(Relation relation, const RowSet& rows, Reals a, const double* b,
                     double factor);

// What is known about the values of a dictionary, a byte each.
namespace mark {
inline constexpr std::uint8_t yes = 1;
inline constexpr std::uint8_t failed = 2;
inline constexpr std::uint8_t charges = 4;  // evaluating it costs something
inline constexpr std::uint8_t unknown = 8;
}  // namespace mark

struct Looked {
  RowSet yes;
  RowSet special;  // rows whose mark says more than yes or no
};
// Looks up the marks of the codes of `rows`.
Looked look_up(const RowSet& rows, const std::uint32_t* codes, std::uint32_t count,
               const std::uint8_t* marks);

}  // namespace autopilot::expr
