#include "core/deploy/windows.h"

#include <fmt/format.h>

#include <cmath>

namespace autopilot::deploy {

bool Windows::is_new(const Sample& sample) const {
  const std::optional<Instant> numbers = newest(sample.metric, sample.arm);
  if (numbers && sample.to <= *numbers) return false;
  if (sample.no_data.empty()) return true;
  const auto silence = silences_.find({sample.metric, sample.arm});
  return silence == silences_.end() || sample.to > silence->second.to;
}

void Windows::add(const Sample& sample) {
  Silence& silence = silences_[{sample.metric, sample.arm}];
  silence.why = sample.no_data;
  if (!sample.no_data.empty()) {
    silence.to = sample.to;
    return;
  }
  if (sample.value && !std::isfinite(*sample.value)) return;
  std::deque<Measured>& all = arms_[{sample.metric, sample.arm}];
  all.push_back({sample.from, sample.to, sample.bad, sample.total, sample.value});
  while (!all.empty() && all.front().to <= sample.to - kept_) all.pop_front();
}

std::optional<double> Windows::number(const std::string& metric, const std::string& arm,
                                      const Reach& reach) const {
  const std::deque<Measured>* all = find(metric, arm);
  if (all == nullptr) return std::nullopt;
  const Instant begin = reach.at - reach.over;
  std::int64_t bad = 0, total = 0, values = 0;
  double last = 0, sum = 0;
  std::optional<Instant> first;
  for (auto m = all->rbegin(); m != all->rend() && m->to > begin; ++m) {
    if (m->to > reach.at) continue;
    first = m->from;
    bad += m->bad;
    total += m->total;
    if (!m->value) continue;
    if (values++ == 0) last = *m->value;
    sum += *m->value;
  }
  if (!first || (reach.whole && *first > begin)) return std::nullopt;
  if (values > 0) return reach.whole ? sum / static_cast<double>(values) : last;
  if (total < reach.min_requests || total <= 0) return std::nullopt;
  return static_cast<double>(bad) / static_cast<double>(total);
}

std::string Windows::why_no_number(const std::string& metric, const std::string& arm,
                                   const Reach& reach) const {
  std::string why = no_data(metric, arm);
  if (!why.empty()) return why;
  const std::deque<Measured>* all = find(metric, arm);
  if (all == nullptr || all->empty() || all->back().value) return {};
  std::int64_t total = 0;
  for (const Measured& m : *all)
    total += m.to > reach.at - reach.over && m.to <= reach.at ? m.total : 0;
  if (total == 0) return "no requests in " + format_duration(reach.over);
  if (total >= reach.min_requests) return {};
  return fmt::format("{} request{} in {}, of {} wanted", total, total == 1 ? "" : "s",
                     format_duration(reach.over), reach.min_requests);
}

std::optional<Instant> Windows::newest(const std::string& metric, const std::string& arm) const {
  const std::deque<Measured>* all = find(metric, arm);
  if (all == nullptr || all->empty()) return std::nullopt;
  return all->back().to;
}

std::string Windows::no_data(const std::string& metric, const std::string& arm) const {
  const auto found = silences_.find({metric, arm});
  return found == silences_.end() ? "" : found->second.why;
}

std::size_t Windows::size() const {
  std::size_t count = 0;
  for (const auto& [key, all] : arms_) count += all.size();
  return count;
}

const std::deque<Windows::Measured>* Windows::find(const std::string& metric,
                                                   const std::string& arm) const {
  const auto at = arms_.find({metric, arm});
  return at == arms_.end() ? nullptr : &at->second;
}

}  // namespace autopilot::deploy
