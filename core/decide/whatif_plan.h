#pragma once
// Everything that is otherwise in one what-if, checked once: what is set, what is swept, and what
// a point of the grid means. Immutable; shared by all threads.

#include <string>
#include <vector>

#include "core/decide/whatif_policy.h"
#include "core/decide/whatif_target.h"

namespace autopilot::decide {

// The policies that decide, as documents, and the project's settings that they rely on.
struct Rules {
  policy::Project project;
  std::vector<policy::Document> documents;  // of kind Policy
};

// Assignments with their texts free of variables.
struct InputChange {
  const InputTarget* target = nullptr;
  Assignment assignment;
};
struct Point {
  std::vector<InputChange> inputs;
  std::vector<PolicyChange> policies;
};

class WhatIfPlan {
 public:
  // Throws Error(usage): unknown paths, values of wrong types, variables that nothing uses or too
  // many points.
  WhatIfPlan(const Rules& rules, std::vector<Assignment> settings, std::vector<Sweep> sweeps);

  const std::vector<Assignment>& settings() const { return settings_; }
  const std::vector<Sweep>& sweeps() const { return sweeps_; }
  // Points of the grid; 1 when nothing is swept. The last sweep varies fastest.
  std::size_t points() const;
  // The index into each sweep's values.
  std::vector<std::size_t> place(std::size_t point) const;
  std::vector<std::string> values(std::size_t point) const;
  Point at(const std::vector<std::string>& values) const;
  Point at(std::size_t point) const { return at(values(point)); }
  bool integral(std::size_t sweep) const;  // takes whole numbers only
  bool changes_policies() const;
  // Every part of the input that is otherwise.
  std::vector<const InputTarget*> inputs() const;
  const std::string& path_of(const InputTarget& target) const;

 private:
  void add(const Assignment& assignment, const Target& target,
           const std::vector<std::string>& values, Point& point) const;
  void check_variables() const;
  std::string filled(const std::string& text, const std::vector<std::string>& values) const;

  std::vector<Assignment> settings_;
  std::vector<Sweep> sweeps_;
  std::vector<Target> setting_targets_, sweep_targets_;
};

}  // namespace autopilot::decide
