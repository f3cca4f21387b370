#include "core/decide/rollout_watch.h"

#include <algorithm>

namespace autopilot::decide {
namespace {

constexpr std::int64_t kSteps = 10;  // in a window
constexpr Duration kWindowWithoutRule = Duration::seconds(3600);

std::int64_t step_of(const policy::Policy& policy) {
  const Duration window = policy.rollback ? policy.rollback->lasting : kWindowWithoutRule;
  return std::max<std::int64_t>(window.nanos / 1000 / kSteps, 1);
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

RolloutWatch::RolloutWatch(const policy::Policy& policy, const policy::Project& project,
                           WatchPosition position, Instant now)
    : probe_(policy, project), step_(step_of(policy)), position_(position) {
  if (policy.rollback) {
    rule_.emplace(policy);
  } else {
    position_ = {last_point(now) - step_, std::nullopt};
  }
}

void RolloutWatch::add(const Record& record, RecordReader& reader, std::int64_t seq) {
  const std::int64_t time = record.time.micros();
  if (time < needs_from() || floor_div(time, 1000) > seq >> 12) return;
  RolloutCounts one;
  if (probe_.count(record, reader, one) == RolloutProbe::Side::none) return;
  tenths_[-floor_div(-time, step_) * step_].add(one);
}

std::int64_t RolloutWatch::needs_from() const {
  return position_.judged ? *position_.judged - kSteps * step_ : INT64_MIN;
}

// Decisions are dated to the millisecond, so the present one is not over yet.
std::int64_t RolloutWatch::last_point(Instant now) const {
  return floor_div(floor_div(now.micros(), 1000) * 1000 - 1, step_) * step_;
}

RolloutCounts RolloutWatch::counts_at(std::int64_t point) const {
  RolloutCounts counts;
  const auto end = tenths_.upper_bound(point);
  for (auto at = tenths_.upper_bound(point - kSteps * step_); at != end; ++at)
    counts.add(at->second);
  return counts;
}

WatchVerdict RolloutWatch::judge(Instant now) {
  WatchVerdict verdict;
  verdict.position = position_;
  const std::int64_t last = last_point(now);
  std::int64_t point = position_.judged  ? *position_.judged + step_
                       : tenths_.empty() ? last
                                         : tenths_.begin()->first;
  while (rule_ && point <= last && !verdict.fired) {
    // Over a stretch without decisions nothing can hold.
    const auto next = tenths_.upper_bound(point - kSteps * step_);
    if (next == tenths_.end() || next->first > point) {
      verdict.position.held_since.reset();
      point = next == tenths_.end() ? last + step_ : next->first;
      continue;
    }
    step(point, verdict);
    point += step_;
  }
  if (verdict.fired) {
    verdict.to = *verdict.fired;
  } else {
    verdict.to = last;
    if (!verdict.position.judged || *verdict.position.judged < last) verdict.position.judged = last;
    verdict.counts = counts_at(last);
    if (rule_) {
      verdict.answer = rule_->judge(verdict.counts);
      verdict.why = rule_->why();
    }
  }
  verdict.from = verdict.to - kSteps * step_;
  return verdict;
}

void RolloutWatch::step(std::int64_t point, WatchVerdict& verdict) {
  const RolloutCounts counts = counts_at(point);
  const RollbackRule::Answer answer = rule_->judge(counts);
  verdict.position.judged = point;
  std::optional<std::int64_t>& since = verdict.position.held_since;
  if (answer != RollbackRule::Answer::holds) {
    since.reset();
    return;
  }
  if (!since) since = point;
  const auto own = tenths_.find(point);
  const bool is_silent = own == tenths_.end() || own->second.inside.total == 0;
  if (is_silent || point - *since < kSteps * step_) return;
  verdict.fired = point;
  verdict.counts = counts;
  verdict.answer = answer;
}

}  // namespace autopilot::decide
