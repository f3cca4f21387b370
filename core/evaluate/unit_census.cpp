#include "core/evaluate/unit_census.h"

#include "core/base/mix.h"

namespace autopilot::evaluate {

void UnitCensus::add(std::int64_t unit) {
  auto hash = static_cast<std::uint64_t>(unit);
  if (hash == 0) hash = 1;
  if (level_ > 0 && (hash >> (64 - level_)) != 0) return;
  if (slots_.empty()) slots_.resize(4 * kMost);
  std::size_t at = (hash * kMixStep) >> 46;
  while (slots_[at].first != 0 && slots_[at].first != hash) at = (at + 1) % slots_.size();
  units_ += slots_[at].first == 0;
  slots_[at].first = hash;
  ++slots_[at].second;
  if (units_ > kMost) halve();
}

// Adaptive sampling (Wegman; Flajolet 1990): keeps the units of the next level.
void UnitCensus::halve() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> old(slots_.size());
  old.swap(slots_);
  ++level_;
  units_ = 0;
  for (const auto& [hash, rows] : old) {
    if (hash == 0 || (hash >> (64 - level_)) != 0) continue;
    std::size_t at = (hash * kMixStep) >> 46;
    while (slots_[at].first != 0) at = (at + 1) % slots_.size();
    slots_[at] = {hash, rows};
    ++units_;
  }
}

double UnitCensus::rows_per_unit() const {
  std::uint64_t rows = 0;
  for (const auto& slot : slots_) rows += slot.second;
  return units_ == 0 ? 1 : static_cast<double>(rows) / static_cast<double>(units_);
}

}  // namespace autopilot::evaluate
