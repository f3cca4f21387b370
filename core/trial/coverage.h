#pragma once
// Which gates, mutations, guards and limits were evaluated, and which ways they went. What counts
// as a way is said in docs/testing.md. Counts only; depends on nothing but the decisions watched.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/compiled.h"
#include "core/decide/outcome.h"
#include "core/decide/trace.h"
#include "core/policy/model.h"
#include "core/trial/clauses.h"

namespace autopilot::trial {

// One way that a rule can go: "fires", "when false", "metrics.cvr_1h < 0.02 true".
struct Branch {
  std::string name;
  std::int64_t taken = 0;
};

struct RuleCoverage {
  std::string_view kind;  // gate mutation guard limit
  std::string name;
  Span span;
  std::int64_t evaluated = 0;    // decisions in which it was
  std::vector<Branch> branches;  // those of its condition, then of its `when`, then its deeds
  std::size_t deeds = 0;         // branches that no condition tells: "exceeded"
  std::size_t taken() const;     // branches
};

struct PolicyCoverage {
  std::string id;
  Span span;
  std::int64_t applied = 0;  // decisions
  std::vector<RuleCoverage> rules;
};

struct CoverageTotal {
  std::size_t rules = 0, rules_evaluated = 0;
  std::size_t branches = 0, branches_taken = 0;
  double share() const;  // of branches; 1 when there are none
};
CoverageTotal total_of(const PolicyCoverage& policy);

class Coverage {
 public:
  // Counts for all enabled policies of `all`, which must outlive this. Places are those of the
  // documents' trees.
  Coverage(const decide::CompiledSet& all, const std::vector<policy::Document>& documents);

  // What watches decisions under `set`, which must outlive this.
  decide::Watcher* watcher(const decide::CompiledSet& set);
  // Counts what one decision's trace tells beside that.
  void count(const decide::Trace& trace, const decide::Outcome& outcome);

  const std::vector<PolicyCoverage>& policies() const { return policies_; }  // by id
  CoverageTotal total() const;

 private:
  PolicyCoverage* find(std::string_view id);
  void count(PolicyCoverage& policy, const decide::PolicyTrace& trace,
             const decide::Outcome& outcome);

  expr::Environment environment_;
  std::vector<PolicyCoverage> policies_;
  std::map<const decide::CompiledSet*, std::unique_ptr<ClauseWatcher>> watchers_;
};

}  // namespace autopilot::trial
