#pragma once
// Sums of the parts of a log, which threads make at the same time (RowStore::for_each).

#include <array>
#include <optional>
#include <utility>

#include "core/events/store.h"

namespace autopilot::evaluate {

template <class T>
using Parts = std::array<std::optional<T>, events::RowStore::kParts>;

// All of them added to the first, in their order. REQUIRES that this one is there.
template <class T>
T merged(Parts<T>& parts) {
  T out = std::move(*parts[0]);
  for (std::size_t p = 1; p < parts.size(); ++p) {
    if (parts[p]) out.add(*parts[p]);
  }
  return out;
}

}  // namespace autopilot::evaluate
