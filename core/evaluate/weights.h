#pragma once
// Weights of actions as a file has them: a map of actions to weights, or of actions to weights by
// position, in JSON or YAML, or CSV of action and weight; of action, position and weight; or of
// action and a column for each position. What is wrong with it is a fault with its place.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"

namespace autopilot::evaluate {

struct ActionWeight {
  std::string action;
  std::optional<std::string> position;  // as the file calls it; none: at all of them
  double weight = 0;                    // from 0 on; they need not sum up to 1
};

struct Weights {
  std::string file;
  std::vector<ActionWeight> of;  // each action and position once
};

// `file` is what messages call the text; its ending tells the format. Without faults there is at
// least one weight.
Weights read_weights(std::string_view text, const std::string& file, Diagnostics& faults);

}  // namespace autopilot::evaluate
