#include "core/decide/whatif_foresight.h"

#include <algorithm>
#include <utility>

#include "core/expr/columns_builder.h"

namespace autopilot::decide {

ForetoldInputs::ForetoldInputs(const CompiledSet& set, const Prepared& inputs, std::size_t count) {
  const Foreseeable which(set);
  expr::TextCodes codes;
  Foreteller foreteller(set, which);
  expr::BatchBuilder builder(static_cast<std::uint32_t>(set.slots().size()), codes);
  for (std::size_t begin = 0; begin < count; begin += expr::kBatchRows) {
    builder.clear();
    const std::size_t end = std::min<std::size_t>(begin + expr::kBatchRows, count);
    for (std::size_t i = begin; i < end; ++i) builder.add(inputs[i].slots.data());
    foreteller.tell(builder.finish(), batches_.emplace_back());
  }
}

void PointForesight::begin(const std::shared_ptr<const CompiledSet>& set,
                           std::vector<int> changed) {
  if (told_ == nullptr || (set == set_ && changed == changed_)) return;
  set_ = set;
  changed_ = std::move(changed);
  const Foreseeable which(*set_, changed_);
  batches_.resize(told_->batches().size());
  for (std::size_t i = 0; i < batches_.size(); ++i)
    batches_[i].look(*set_, which, told_->batches()[i]);
}

Foreseen PointForesight::of(std::size_t decision) const {
  if (set_ == nullptr) return {};
  const Foresight& batch = batches_[decision / expr::kBatchRows];
  const auto row = static_cast<std::uint32_t>(decision % expr::kBatchRows);
  return batch.has(row) ? Foreseen{&batch, row} : Foreseen{};
}

}  // namespace autopilot::decide
