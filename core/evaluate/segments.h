#pragma once
// Rows told apart by what their context says, or by when they were logged.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/evaluate/log.h"
#include "core/evaluate/tally.h"
#include "core/stats/ope_bounds.h"

namespace autopilot::evaluate {

struct Segment;

// Which segment a row is in: the combination of values of some columns, and the window of time.
class Segmenting {
 public:
  Segmenting(const Log& log, const std::vector<std::string>& columns,
             std::optional<Duration> window);

  using Key = std::vector<std::int64_t>;  // codes by column, then the window
  void key_of(const events::Batch& batch, std::size_t row, Key& key) const;
  std::string name_of(const Key& key) const;

 private:
  const Log& log_;
  std::vector<ContextColumn> columns_;
  std::int64_t window_micros_ = 0;  // 0: none
};

class SegmentTallies {
 public:
  static constexpr std::size_t kMost = 200;  // segments
  static constexpr std::size_t kBlocks = 512;

  SegmentTallies(const Segmenting& segmenting, const TallyPlan& plan);

  // `block` of each row among those of the whole log. Throws Error(invalid) on too many segments.
  void add(const events::Batch& batch, const Tally::Rows& rows,
           const std::vector<std::uint32_t>& block);
  void add(const SegmentTallies& other);

  // In the order of their keys; p-values are corrected for being many.
  std::vector<Segment> describe(const Segmenting& segmenting, const stats::Estimand& target,
                                const stats::Estimand& baseline, double alpha) const;

 private:
  Tally& tally_of(const Segmenting::Key& key);

  const Segmenting* segmenting_;
  const TallyPlan* plan_;
  std::map<Segmenting::Key, Tally> tallies_;
};

}  // namespace autopilot::evaluate
