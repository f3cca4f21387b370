#pragma once
// The checks behind lint(), one file for each concern, and what they share.

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/policy/lint_model.h"

namespace autopilot::policy {

// Collects what the checks say.
class Findings {
 public:
  explicit Findings(bool undecided) : wants_undecided_(undecided) {}

  // The reference lives until the next call.
  Finding& warning(std::string code, Spot at, std::string message);
  // Only kept when asked for: something could not be decided, and why.
  void undecided(Spot at, std::string why);
  std::vector<Finding> take();

 private:
  void note(std::string code, Spot at, std::string message);

  bool wants_undecided_;
  std::vector<Finding> items_;
};

// Answers of the logic, with doubt reported once per place.
class Judge {
 public:
  Judge(const LintModel& model, Findings& findings) : model_(model), findings_(findings) {}

  // Whether it is certain that no input fulfils all of these.
  bool excluded(std::vector<FormulaId> formulas, const Spot& at) const;

 private:
  const LintModel& model_;
  Findings& findings_;
};

// What one rule must have so that another one adds nothing to it.
struct Candidate {
  const LintPolicy* policy = nullptr;
  const LintRule* rule = nullptr;
};

// Whether the policy `wide` surely applies whenever `narrow` does, as far as time, share and
// authority go.
bool outlasts(const Policy& wide, const Policy& narrow);

// Whether `wide` is reached whenever `narrow` fires; `fires`: what is true then, beside what the
// rule needs.
class Coverage {
 public:
  Coverage(LintModel& model, Findings& findings) : model_(model), findings_(findings) {}
  // Starts anew with the rule that might be superfluous.
  // `surely`: a part of `fires` without alternatives, as far as there is one; it makes the answer
  // quick.
  void of(const Candidate& narrow, const std::vector<FormulaId>& fires,
          const std::vector<FormulaId>& surely);
  // `misses`: further ways in which `wide` would not do it.
  bool by(const Candidate& wide, const std::vector<FormulaId>& misses);
  bool never_fires() const { return facts_.impossible; }
  const Logic::Facts& facts() const { return facts_; }

 private:
  bool covered(FormulaId miss, const std::vector<FormulaId>& when);
  bool surely_open(FormulaId miss) const;
  bool is_tired();

  LintModel& model_;
  Findings& findings_;
  Candidate narrow_;
  std::vector<FormulaId> within_, outside_;  // what is true when it fires, in its policy and in all
  Logic::Facts facts_;
  std::size_t questions_ = 0, comparisons_ = 0;
};

// Finds the rules that may cover another one without looking at all of them: a rule that needs an
// input to be one of some strings only covers rules that need that, too.
class CoverageIndex {
 public:
  explicit CoverageIndex(const Logic& logic) : logic_(logic) {}

  // `subject`: what the rules must share. First add all, then build, then ask.
  void add(std::string subject, const Candidate& candidate);
  void build();
  // Visits candidates, in the order of adding, until `visit` says yes; whether it did. `facts`: of
  // the rule that might be covered.
  bool any(const std::string& subject, const Logic::Facts& facts,
           const std::function<bool(const Candidate&)>& visit) const;

 private:
  struct Anchor {
    expr::TermId term;
    const std::vector<std::string>* texts;
  };
  std::vector<Anchor> anchors(const Candidate& candidate) const;
  static std::string key(const std::string& subject, expr::TermId term, const std::string& text);

  const Logic& logic_;
  std::vector<std::pair<std::string, Candidate>> entries_;
  std::unordered_map<std::string, std::size_t> counts_;
  std::unordered_map<std::string, std::vector<Candidate>> by_key_;
};

void check_conditions(LintModel& model, Findings& findings);
void check_shadows(LintModel& model, Findings& findings);
void check_bounds(LintModel& model, Findings& findings);
void check_limits(LintModel& model, Findings& findings);
void check_times(LintModel& model, Findings& findings);
void check_names(const NameUses& names, Findings& findings);
NameUses open_names(const LintModel& model);

// "guard floor of policy traffic", or without the policy when it is the same.
std::string called(const LintModel& model, const LintRule& rule, std::size_t seen_from);

}  // namespace autopilot::policy
