#pragma once
// What is said on the command line of `autopilot whatif`: what is otherwise ("metrics.cvr_1h=0.01",
// "metrics.volume*=1.2") and what is swept ("metrics.cvr_1h=0:0.1:0.01", "segment.geo=FR,BE").
// Only the grammar: whatif_target.h says what the paths mean.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"

namespace autopilot::decide {

enum class Change { set, scale, add };

struct Assignment {
  std::string path;  // "metrics.cvr_1h"; "$name" for a variable that other assignments use
  Change change = Change::set;
  std::string sign;  // "=", "*=", "+=", "-="
  std::string text;  // right of the sign, as written
  std::string name() const { return path + (change == Change::set ? "" : " " + sign); }
  bool removes() const { return change == Change::set && text.empty(); }  // "metrics.cvr_1h="
};

// A parameter and the values that it takes in turn; at least one.
struct Sweep {
  Assignment what;  // without a text
  std::vector<std::string> values;
  bool numeric = false;  // all are numbers and rise: there is something between them
};

inline constexpr std::size_t kMostPoints = 100'000;  // of a grid

// Throw Error(usage) naming `option`.
Assignment parse_assignment(std::string_view words, std::string_view option);
Sweep parse_sweep(std::string_view words);

// The value that a text means: a number, true, false and null by YAML's rules, JSON or YAML in
// brackets or quotes, and otherwise the text itself.
Value value_of(std::string_view text);
// How a value of a sweep is written: the same as value_of() reads.
std::string text_of_number(double value);
std::optional<double> number_in(std::string_view text);

}  // namespace autopilot::decide
