#include "core/deploy/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace autopilot::deploy {

Histogram::Histogram() : counts_(bucket_of(kMost) + 1) {}

// Values below 2^8 have a bucket each; above, the leading one and the 8 bits after it choose.
std::size_t Histogram::bucket_of(std::int64_t nanos) {
  const auto value = static_cast<std::uint64_t>(nanos);
  const auto width = static_cast<int>(std::bit_width(value));
  if (width <= kBits) return static_cast<std::size_t>(value);
  const int shift = width - kBits - 1;
  const std::uint64_t group = static_cast<std::uint64_t>(shift) + 1;
  return static_cast<std::size_t>((group << kBits) + ((value >> shift) - (1U << kBits)));
}

std::int64_t Histogram::top_of(std::size_t bucket) {
  const std::size_t group = bucket >> kBits;
  if (group == 0) return static_cast<std::int64_t>(bucket);
  const std::uint64_t lead = (bucket & ((1U << kBits) - 1)) + (1U << kBits);
  return static_cast<std::int64_t>(((lead + 1) << (group - 1)) - 1);
}

void Histogram::record(Duration value) {
  const std::int64_t nanos = std::clamp<std::int64_t>(value.nanos, 0, kMost);
  ++counts_[bucket_of(nanos)];
  least_ = count_ == 0 ? Duration{nanos} : std::min(least_, Duration{nanos});
  most_ = std::max(most_, Duration{nanos});
  ++count_;
  sum_ += static_cast<double>(nanos);
}

void Histogram::add(const Histogram& other) {
  if (other.count_ == 0) return;
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
  count_ += other.count_;
  sum_ += other.sum_;
}

Duration Histogram::mean() const {
  return Duration{count_ == 0 ? 0 : std::llround(sum_ / static_cast<double>(count_))};
}

Duration Histogram::quantile(double q) const {
  if (count_ == 0) return {};
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(wanted));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(Duration{top_of(i)}, most_);
  }
  return most_;
}

std::int64_t Histogram::count_above(Duration limit) const {
  if (limit.nanos < 0) return count_;
  std::int64_t above = 0;
  for (std::size_t i = bucket_of(std::min(limit.nanos, kMost)) + 1; i < counts_.size(); ++i)
    above += counts_[i];
  return above;
}

}  // namespace autopilot::deploy
