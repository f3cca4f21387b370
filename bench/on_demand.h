#pragma once
// The strongest peer of reading a record, in a file of its own: beside other code that uses
// simdjson the compiler inlines less of it, and it would lose a fifth of its speed.

#include <cstddef>
#include <string_view>
#include <vector>

namespace autopilot::bench {

// What is read from each line must come to the same for everybody.
struct Sum {
  double numbers = 0;
  std::size_t bytes = 0;
  void operator+=(double d) { numbers += d; }
  void operator+=(std::string_view s) { bytes += s.size(); }
  bool operator==(const Sum&) const = default;
};

// Eleven fields of each line by simdjson On-Demand, in the order of the text. REQUIRES
// simdjson::SIMDJSON_PADDING readable bytes after each line.
Sum read_in_order(const std::vector<std::string_view>& lines, int passes);

}  // namespace autopilot::bench
