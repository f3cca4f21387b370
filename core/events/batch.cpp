#include "core/events/batch.h"

namespace autopilot::events {

void Column::resize(Kind kind, std::size_t rows) {
  const bool number = kind == Kind::number || kind == Kind::share || kind == Kind::probability ||
                      kind == Kind::value;
  const bool code = kind == Kind::label || kind == Kind::value;
  numbers.resize(number ? rows : 0);
  codes.resize(code ? rows : 0);
  integers.resize(!number && !code ? rows : 0);
}

std::size_t Batch::bytes() const {
  std::size_t sum = 0;
  for (const Column& c : columns)
    sum += c.numbers.size() * 8 + c.codes.size() * 4 + c.integers.size() * 8;
  return sum;
}

}  // namespace autopilot::events
