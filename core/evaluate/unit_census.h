#pragma once
// How often units come back, in bounded memory.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace autopilot::evaluate {

// How often units come back, from a sample of them that is all while there are few.
class UnitCensus {
 public:
  void add(std::int64_t unit);
  double rows_per_unit() const;

 private:
  static constexpr std::size_t kMost = 1 << 16;
  void halve();

  std::vector<std::pair<std::uint64_t, std::uint64_t>> slots_;  // hash and rows; open addressing
  std::size_t units_ = 0;
  unsigned level_ = 0;  // units whose hash begins with so many zeros are kept
};

}  // namespace autopilot::evaluate
