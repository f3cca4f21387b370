#pragma once
// All that a runner touches the world through, for one deployment in one environment.

#include <map>
#include <memory>
#include <string>

#include "core/base/stoppable.h"
#include "core/deploy/health.h"
#include "core/deploy/machine.h"
#include "core/deploy/placeholders.h"
#include "core/deploy/process.h"
#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// A step forward, put to the policies.
struct Question {
  std::string rollout, deployment, environment, version, step;
  std::int64_t effect = 0;  // with the rollout, the key under which it is asked once
  int weight_bp = 0, before_bp = 0;
  Match match;  // beside the weight, as are copies
  int mirror_bp = 0;
  std::string actor, override_by, override_role, override_reason;
  Map metrics;  // what the canary shows, for conditions
};
struct Decided {
  std::string result;  // allowed modified blocked pending
  std::string id, why;
  int weight_bp = 0;  // of the final action
};
class Decider {
 public:
  virtual ~Decider() = default;
  virtual Decided decide(const Question& question) = 0;
  // Takes the pending decision anew, which was approved; `question` is the one that it answered.
  virtual Decided resume(const Question& question, const std::string& decision) = 0;
};

// A step that takes the approval of others than who began the rollout.
struct Gate {
  std::string name;  // approval_gate()
  int approvals = 1;
  policy::Role role = policy::Role::operator_;
  Duration timeout;
};
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  virtual void ask(const Gate& gate, const Rollout& rollout) = 0;  // once; again does nothing
  virtual Agreement look(const Awaited& awaited) = 0;
  virtual void use(const Gate& gate, const Rollout& rollout) = 0;  // likewise
};

// Checks, hooks, smoke tests and load: what runs once and says yes or no.
struct TaskResult {
  bool ok = false;
  std::string why;
  Map data;
};
// From any thread; once `stop` is asked they return soon, and what they say is of no use.
struct TaskCall {
  Placeholders words;  // {{version}} and its like
  const Stop& stop;
};
class Tasks {
 public:
  virtual ~Tasks() = default;
  virtual TaskResult check(const CheckModel& check, const TaskCall& call) = 0;
  virtual TaskResult hook(const std::vector<std::string>& argv, const TaskCall& call) = 0;
  virtual TaskResult smoke(const std::string& file, const TaskCall& call) = 0;
  virtual TaskResult load(const Value& spec, const TaskCall& call) = 0;
};

struct Providers {
  // What they wait for in other threads, and what ends that: nobody asks it before all is over.
  std::unique_ptr<Stop> stop;  // null: they always answer
  std::unique_ptr<StoppableWorld> world;
  std::unique_ptr<Traffic> traffic;
  std::unique_ptr<Process> process;
  std::unique_ptr<Health> health;  // null: what runs is well
  std::map<std::string, std::unique_ptr<Metrics>> metrics;
  std::unique_ptr<Decider> decider;
  std::unique_ptr<Gatekeeper> gatekeeper;
  std::unique_ptr<Tasks> tasks;
};

}  // namespace autopilot::deploy
