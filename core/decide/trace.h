#pragma once
// The whole story of one decision for `show` and `graph`: every policy, gate, mutation, guard and
// limit with the values it saw. Filled only when asked for; the decision is the same with and
// without it.

#include <string>
#include <string_view>
#include <vector>

#include "core/expr/scratch.h"
#include "core/expr/val.h"

namespace autopilot::decide {

struct Condition;

enum class Truth { no, yes, error };

// Told of every condition as it is tested. For coverage.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void tested(const Condition& condition, Truth truth, const expr::Val* slots,
                      expr::Scratch& scratch) = 0;
};

enum class StepStatus { pass, fail, skip, error };
std::string_view to_string(StepStatus status);

struct TraceStep {
  std::string_view kind;  // gate mutation guard limit
  std::string name;
  StepStatus status = StepStatus::pass;
  std::string text;    // what was asked: the expression, or "clamp weight [0.01, 0.8]"
  std::string detail;  // what came of it: "0.9 → 0.8", "3 of 100 used", the error
  std::string values;  // JSON object of what it read
};

struct PolicyTrace {
  std::string id;
  bool monitor = false;
  bool applied = false;
  std::string why;  // why it did not apply: "expired", "segment geo is US"
  std::vector<TraceStep> steps;
};

struct Trace {
  std::vector<PolicyTrace> policies;
  PolicyTrace* current = nullptr;  // the last begun policy; null outside
  Watcher* watcher = nullptr;      // may be null
};

}  // namespace autopilot::decide
