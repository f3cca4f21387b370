#include "core/events/bad_rows.h"

namespace autopilot::events {

void BadRows::add(const std::string& reason, BadRow row) {
  ++count_;
  ++reasons_[reason];
  if (shown_.size() < kShown) shown_.push_back(std::move(row));
}

void BadRows::add(const BadRows& others) {
  count_ += others.count_;
  for (const auto& [reason, count] : others.reasons_) reasons_[reason] += count;
  for (const BadRow& row : others.shown_) {
    if (shown_.size() < kShown) shown_.push_back(row);
  }
}

}  // namespace autopilot::events
