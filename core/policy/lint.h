#pragma once
// What is not wrong with policies but can hardly be meant: rules that never fire or add nothing,
// policies that never apply, bounds that exclude each other, limits that cannot be reached. A
// finding is a certainty about every input that the declared shapes allow; what cannot be decided
// is not reported, or as a note when that is asked for.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/time.h"
#include "core/policy/model.h"

namespace autopilot::policy {

// A part of a policy.
struct Spot {
  std::size_t policy = 0;    // index
  std::string_view section;  // "guards"; empty: `field` is one of the policy's own
  std::size_t index = 0;     // in the section
  std::string_view field;    // "deny"; empty: the whole rule or policy
  std::string rule;          // its name; empty: the policy itself
};

struct Finding {
  Severity severity = Severity::warning;
  std::string code;
  std::string message;
  std::string help;
  Spot at;
  std::vector<std::pair<std::string, Spot>> related;
};

struct LintSettings {
  Instant now;
  bool whole = true;       // there are no other policies: nothing else changes actions
  bool undecided = false;  // say what could not be decided, and why
};

// By "metrics", "features", "segment" and "data": the names that policies read, with the first
// place in each policy. Only of shapes that nothing declares.
using NameUses = std::map<std::string, std::map<std::string, std::vector<Spot>>>;

struct LintResult {
  std::vector<Finding> findings;  // in the order of the policies
  NameUses names;
};

// REQUIRES policies that passed validation under the project.
LintResult lint(const std::vector<Policy>& policies, const Project& project,
                const LintSettings& settings);

// "cvr_1h" and "cvr1h", "visits_1h" and "vists_1h"; never names that differ in their numbers
// ("cvr_1h", "cvr_2h") or in a short word ("cpc_1h", "cpm_1h").
bool look_alike(std::string_view a, std::string_view b);

}  // namespace autopilot::policy
