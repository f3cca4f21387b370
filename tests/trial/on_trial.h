#pragma once
// Policies and tests as YAML in, results out.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/policy/loader.h"
#include "core/trial/report.h"

namespace autopilot::trial::testing {

class OnTrial {
 public:
  // `policies` are whole documents; `spec` is that of one PolicyTest, at indentation 2.
  OnTrial(const std::string& policies, const std::string& spec, bool with_coverage = false) {
    const std::string test =
        "apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {id: t}\nspec:\n" + spec;
    documents_ = policy::load_text("p.yaml", policies, project_, diagnostics_, policy::Trees::keep);
    const std::vector<policy::Document> tests =
        policy::load_text("t.yaml", test, project_, diagnostics_, policy::Trees::keep);
    std::vector<policy::Policy> models;
    for (const policy::Document& d : documents_) models.push_back(policy::policy_from(d));
    runner_ = std::make_unique<Runner>(project_, std::move(models));
    if (!diagnostics_.ok() || tests.empty()) return;
    test_ = policy::policy_test_from(tests[0]);
    runner_->check_names(test_, diagnostics_);
    if (!diagnostics_.ok()) return;
    if (with_coverage) coverage_.emplace(runner_->all(), documents_);
    TestResult result{&test_, {}};
    for (const policy::TestCase& one : test_.cases)
      result.cases.push_back(runner_->run(test_, one, with_coverage ? &*coverage_ : nullptr));
    results_.push_back(std::move(result));
  }

  // "code@line:col message" of each fault.
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    for (const Diagnostic& d : diagnostics_.all()) {
      const std::string at = place(diagnostics_.sources(), d.span);
      out.push_back(d.code + "@" + at.substr(at.find(':') + 1) + " " + d.message +
                    (d.help.empty() ? "" : "; " + d.help));
    }
    return out;
  }

  // "case: what: expected, got actual" of all that differs.
  std::vector<std::string> failures() const {
    std::vector<std::string> out = faults();
    for (const TestResult& result : results_) {
      for (const CaseResult& one : result.cases) {
        for (const Mismatch& m : one.mismatches)
          out.push_back(one.test_case->name + ": " + mismatch_text(m));
      }
    }
    return out;
  }

  Findings findings() const {
    return {results_, diagnostics_.sources(), summary_of(results_),
            coverage_ ? &*coverage_ : nullptr, -1};
  }
  const std::vector<CaseResult>& cases() const { return results_.at(0).cases; }
  const Coverage& coverage() const { return *coverage_; }

  // "evaluated: branch taken, …" of one rule.
  std::string covered(const std::string& policy, const std::string& rule) const {
    for (const PolicyCoverage& p : coverage_->policies()) {
      for (const RuleCoverage& r : p.rules) {
        if (p.id != policy || r.name != rule) continue;
        std::string out = std::to_string(r.evaluated) + ":";
        for (const Branch& b : r.branches)
          out += " [" + b.name + " " + std::to_string(b.taken) + "]";
        return out;
      }
    }
    return "no such rule";
  }

  const SourceMap& sources() const { return diagnostics_.sources(); }

 private:
  policy::Project project_;
  Diagnostics diagnostics_;
  std::vector<policy::Document> documents_;
  policy::PolicyTest test_;
  std::unique_ptr<Runner> runner_;
  std::optional<Coverage> coverage_;
  std::vector<TestResult> results_;
};

inline std::string policy_document(const std::string& id, const std::string& spec) {
  return "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + id + "}\nspec:\n" + spec;
}

}  // namespace autopilot::trial::testing
