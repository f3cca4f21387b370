#pragma once
// A project that deploys a shop with nothing but shell: a proxy that keeps its weights in a file
// and notes what it is told, services that sleep, counts in which every tenth request of a version
// called bad… fails. For tests of what goes on around a rollout. What was started ends with it.

#include <string>

#include "core/base/value.h"
#include "tests/integration/project.h"

namespace autopilot::integration {

class Shop : public Project {
 public:
  Shop();
  ~Shop();
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  int interval = 1;  // seconds; three of them without a look are a gap

  // Puts the deployment in force: `steps` and `metrics` (besides `errors`) are lines of YAML, as
  // "    - {gate: ops}\n" and "    latency: {provider: ...}\n".
  void apply(const std::string& steps, const std::string& metrics = {}) const;
  // The newest rollout as `deploy status` has it; a null when there is none.
  Value status() const;
  std::string state() const;  // of it; "" when there is none
  void kill_services() const;
};

}  // namespace autopilot::integration
