#pragma once
// Latencies in buckets that grow with what they hold, after HdrHistogram (Tene): 256 buckets for
// each power of two, so that a quantile is never below the true one and at most 1/256 (0.4 %)
// above it. Fixed memory, whatever is recorded.

#include <cstdint>
#include <vector>

#include "core/base/time.h"

namespace autopilot::deploy {

class Histogram {
 public:
  static constexpr double kRelativeError = 1.0 / 256;

  Histogram();

  void record(Duration value);  // negative counts as 0, more than kMost as kMost
  void add(const Histogram& other);

  std::int64_t count() const { return count_; }
  Duration least() const { return count_ == 0 ? Duration{} : least_; }
  Duration most() const { return most_; }
  Duration mean() const;
  // The least latency that the share `q` of all did not exceed, q in [0, 1]. 0 when empty.
  Duration quantile(double q) const;
  std::int64_t count_above(Duration limit) const;  // exact but for the bucket that holds `limit`

 private:
  static constexpr int kBits = 8;
  static constexpr std::int64_t kMost = std::int64_t{1} << 43;  // ns: over two hours

  static std::size_t bucket_of(std::int64_t nanos);
  static std::int64_t top_of(std::size_t bucket);  // greatest value in it

  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  Duration least_, most_;
  double sum_ = 0;
};

}  // namespace autopilot::deploy
