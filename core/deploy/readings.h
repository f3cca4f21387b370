#pragma once
// What is asked of metrics and of health while a rollout goes on: each question by a thread of its
// own, so that what answers late, or never, keeps neither the others nor people's requests waiting.

#include <functional>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "core/base/value.h"
#include "core/base/world.h"
#include "core/deploy/machine.h"
#include "core/deploy/metrics.h"

namespace autopilot::deploy {

class Readings {
 public:
  struct Answer {
    std::vector<Sample> samples;
    Map cursors;  // of metrics, by metric and arm
    std::vector<HealthReading> canary, stable;
  };
  using Question = std::function<Answer()>;

  // In the background what questions use must stand being used by another thread, and outlive
  // this. Otherwise a question is answered as it is asked. Borrows the clock.
  Readings(Clock& clock, bool in_background) : clock_(clock), in_background_(in_background) {}
  ~Readings();  // waits for what is under way
  Readings(const Readings&) = delete;
  Readings& operator=(const Readings&) = delete;

  // Does nothing while the same is still being asked.
  void ask(const std::string& subject, Question question);
  // Until all have answered, for so long at most; whether they have.
  bool wait(Duration most);
  // The answers that came since the last call. Throws what a question threw.
  std::vector<Answer> take();
  // What has not answered yet, and when it was asked.
  std::map<std::string, Instant> unanswered() const;
  // Answers to what was asked before now are thrown away as they come.
  void forget(const std::string& subject);

 private:
  struct Asked {
    Instant at;
    std::future<Answer> answer;
    bool is_forgotten = false;
  };

  Clock& clock_;
  const bool in_background_;
  std::map<std::string, Asked> asked_;
};

}  // namespace autopilot::deploy
