#include "core/deploy/readings.h"

#include <algorithm>
#include <chrono>

namespace autopilot::deploy {
namespace {

bool is_ready(const std::future<Readings::Answer>& answer, Duration most) {
  return answer.wait_for(std::chrono::nanoseconds(most.nanos)) == std::future_status::ready;
}

}  // namespace

Readings::~Readings() {
  for (auto& [subject, one] : asked_) one.answer.wait();
}

void Readings::ask(const std::string& subject, Question question) {
  if (asked_.contains(subject)) return;
  const Instant now = clock_.now();
  if (in_background_) {
    asked_[subject] = {now, std::async(std::launch::async, std::move(question))};
    return;
  }
  std::promise<Answer> answered;
  answered.set_value(question());
  asked_[subject] = {now, answered.get_future()};
}

bool Readings::wait(Duration most) {
  const std::int64_t end = clock_.monotonic_nanos() + most.nanos;
  return std::all_of(asked_.begin(), asked_.end(), [&](const auto& one) {
    const std::int64_t left = end - clock_.monotonic_nanos();
    return is_ready(one.second.answer, {std::max<std::int64_t>(left, 0)});
  });
}

std::vector<Readings::Answer> Readings::take() {
  std::vector<Answer> out;
  for (auto one = asked_.begin(); one != asked_.end();) {
    if (!is_ready(one->second.answer, Duration{})) {
      ++one;
      continue;
    }
    Asked ended = std::move(one->second);
    one = asked_.erase(one);
    Answer answer = ended.answer.get();
    if (!ended.is_forgotten) out.push_back(std::move(answer));
  }
  return out;
}

std::map<std::string, Instant> Readings::unanswered() const {
  std::map<std::string, Instant> out;
  for (const auto& [subject, one] : asked_) {
    if (!is_ready(one.answer, Duration{})) out[subject] = one.at;
  }
  return out;
}

void Readings::forget(const std::string& subject) {
  const auto found = asked_.find(subject);
  if (found != asked_.end()) found->second.is_forgotten = true;
}

}  // namespace autopilot::deploy
