#pragma once
// Runs the cases of PolicyTests against policies: each is one decision of the real engine, with the
// ledger, the time and the actor that the case says. Nothing is recorded.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/decide/engine.h"
#include "core/policy/policy_test.h"
#include "core/trial/coverage.h"
#include "core/trial/expect.h"

namespace autopilot::trial {

struct CaseResult {
  const policy::TestCase* test_case = nullptr;
  std::vector<Mismatch> mismatches;  // none: it passes
  // Of a case that fails:
  Value decision;  // the decision line, parsed; null when the action could not be read
  decide::Trace trace;
  bool passed() const { return mismatches.empty(); }
};

struct TestResult {
  const policy::PolicyTest* test = nullptr;
  std::vector<CaseResult> cases;
};

class Runner {
 public:
  // The policies on trial, of which a test may choose some.
  Runner(const policy::Project& project, std::vector<policy::Policy> policies);

  // Reports policies and rules that a test names and that do not exist.
  void check_names(const policy::PolicyTest& test, Diagnostics& diagnostics) const;

  // `coverage` may be null. REQUIRES a test whose names are right.
  CaseResult run(const policy::PolicyTest& test, const policy::TestCase& test_case,
                 Coverage* coverage);

  const decide::CompiledSet& all();

 private:
  struct OnTrial {
    explicit OnTrial(std::unique_ptr<const decide::CompiledSet> compiled)
        : set(std::move(compiled)), engine(*set) {}
    std::unique_ptr<const decide::CompiledSet> set;
    decide::Engine engine;
  };
  OnTrial& on_trial(const std::vector<policy::NamedPlace>& ids);
  bool decide(OnTrial& with, const policy::TestCase& test_case, decide::Trace* trace,
              CaseResult& result);

  const policy::Project& project_;
  std::vector<policy::Policy> policies_;
  std::map<std::vector<std::string>, std::unique_ptr<OnTrial>> sets_;  // by sorted ids; none: all
  decide::Input input_;
  decide::Outcome outcome_;
  std::string line_;
};

}  // namespace autopilot::trial
