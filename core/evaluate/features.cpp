#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/mix.h"
#include "core/evaluate/model_linear.h"

namespace autopilot::evaluate {
namespace {

constexpr std::uint32_t kMostTexts = 32;  // features that the texts of one column share

struct NumberSums {
  double count = 0, sum = 0, squares = 0;
};

// Where one of many texts goes.
std::uint32_t hashed(std::uint32_t code, std::uint32_t places) {
  return static_cast<std::uint32_t>((code * kMixStep) >> 32) % places;
}

}  // namespace

Features::Features(const Log& log) : log_(log) {
  for (const ContextColumn& column : log.context) {
    Source source;
    source.column = column.index;
    source.texts = std::min(kMostTexts, log.labels[column.index].size());
    sources_.push_back(source);
  }
  measure();
  lay_out();
}

void Features::measure() {
  std::array<std::vector<NumberSums>, events::RowStore::kParts> parts;
  log_.rows->for_each([&](std::size_t part, const events::Batch& batch) {
    parts[part].resize(sources_.size());
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      for (const double x : batch.columns[sources_[s].column].numbers) {
        if (std::isnan(x)) continue;
        NumberSums& sums = parts[part][s];
        sums.count += 1;
        sums.sum += x;
        sums.squares += x * x;
      }
    }
  });
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    NumberSums all;
    for (const auto& part : parts) {
      if (part.empty()) continue;
      all.count += part[s].count, all.sum += part[s].sum, all.squares += part[s].squares;
    }
    sources_[s].has_numbers = all.count > 0;
    if (all.count == 0) continue;
    sources_[s].mean = all.sum / all.count;
    const double variance = all.squares / all.count - sources_[s].mean * sources_[s].mean;
    sources_[s].scale = variance > 0 ? std::sqrt(variance) : 1;
  }
}

void Features::lay_out() {
  std::uint32_t next = 1;
  for (Source& source : sources_) {
    if (source.has_numbers) source.number = next++;
    source.text = next;
    next += source.texts;
  }
  position_ = next;
  if (log_.positions() > 1) next += static_cast<std::uint32_t>(log_.positions());
  size_ = next;
}

stats::SparseRow Features::of(const events::Batch& batch, std::size_t row,
                              FeatureBuffer& buffer) const {
  buffer.index.assign(1, 0);
  buffer.value.assign(1, 1);
  const auto put = [&](std::uint32_t index, double value) {
    buffer.index.push_back(index);
    buffer.value.push_back(value);
  };
  for (const Source& source : sources_) {
    const events::Column& column = batch.columns[source.column];
    const double x = column.numbers[row];
    if (!std::isnan(x)) put(source.number, (x - source.mean) / source.scale);
    const std::uint32_t code = column.codes[row];
    if (code == events::kNoLabel) continue;
    const bool exact = log_.labels[source.column].size() <= kMostTexts;
    put(source.text + (exact ? code : hashed(code, source.texts)), 1);
  }
  if (log_.positions() > 1)
    put(position_ + static_cast<std::uint32_t>(log_.position_of(batch, row)), 1);
  return {buffer.index, buffer.value};
}

}  // namespace autopilot::evaluate
