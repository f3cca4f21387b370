#pragma once
// Policies as formulas: when they apply, when each rule is reached and when it fires. What lint's
// checks share.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/expr/analysis.h"
#include "core/policy/lint.h"
#include "core/policy/model.h"

namespace autopilot::policy {

using expr::FormulaId;
using expr::Logic;

struct LintCondition : expr::Analysis {
  const Expression* source = nullptr;
  std::vector<expr::Path> inputs;
};

// What a rule needs to be reached, and what makes it be passed over.
struct Reach {
  std::vector<FormulaId> needs;   // all of these
  std::vector<FormulaId> misses;  // any of these
};

struct LintRule {
  std::size_t policy = 0;
  std::string_view section;
  std::size_t index = 0;
  const Rule* rule = nullptr;
  FormulaId types = Logic::kYes;
  FormulaId other_types = Logic::kNo;
  std::optional<LintCondition> when;
  std::optional<LintCondition> condition;  // of deny, approve, warn
  std::string_view condition_field;

  Reach inner, outer;  // when its policy applies; and when that is not known

  const Reach& reach(bool within_policy) const { return within_policy ? inner : outer; }
  Spot spot(std::string_view field = {}) const {
    return {policy, section, index, field, rule->name};
  }
};

struct LintPolicy {
  const Policy* policy = nullptr;
  std::size_t index = 0;
  bool acts = false;  // enabled, not expired, some share of it rolled out, active at times
  FormulaId scope = Logic::kYes;
  FormulaId elsewhere = Logic::kNo;  // actions that the scope leaves out
  std::vector<LintCondition> gates;
  std::vector<LintRule> mutations, guards, limits;

  bool skips() const { return policy->on_error == OnError::skip; }
  bool enforces() const { return acts && policy->mode == Mode::enforce; }
  Spot spot(std::string_view field = {}) const { return {index, {}, 0, field, {}}; }
  Spot gate_spot(std::size_t gate) const {
    return {index, "gates", gate, "when", policy->gates[gate].name};
  }
};

class LintModel {
 public:
  LintModel(const std::vector<Policy>& policies, const Project& project,
            const LintSettings& settings);

  const std::vector<LintPolicy>& policies() const { return policies_; }
  const std::vector<Policy>& models() const { return models_; }
  const Project& project() const { return project_; }
  const LintSettings& settings() const { return settings_; }
  Logic& logic() { return logic_; }
  const Logic& logic() const { return logic_; }

  // The value of an expression that a rule computes after the mutations.
  expr::TermId value(const LintPolicy& policy, const Expression& expression);
  // A field of action.data when the mutations begin; of an unknown state when `settled` (all
  // mutations are done).
  expr::TermId data_field(const LintPolicy& policy, const std::string& field, bool settled);
  bool is_written(const std::string& field) const {
    return !settings_.whole || written_.contains(field);
  }

 private:
  struct Known {
    expr::CheckedExpr checked;
    std::vector<expr::Path> inputs;
    bool reads_data = false;
    std::map<std::string, expr::Analysis> versions;
  };
  class ShapeInputs;

  void collect_written();
  void add_policy(const Policy& policy);
  void add_scope(LintPolicy& out);
  static Reach reach(const LintPolicy& policy, const LintRule& rule, bool within_policy);
  LintRule rule(const LintPolicy& policy, std::string_view section, std::size_t index,
                const Rule& model, const std::string& version);
  Known& known(const std::string& source);
  LintCondition condition(const Expression& expression, const std::string& version);
  const expr::Type& type_of(const std::string& variable, const std::string& field) const;

  const std::vector<Policy>& models_;
  const Project& project_;
  const LintSettings& settings_;
  expr::Environment environment_;
  Logic logic_;
  std::set<std::string> written_;  // fields of action.data that some mutation changes
  std::set<std::string> set_;      // those that a `set` changes
  bool writes_ = false;
  std::map<std::string, Known, std::less<>> known_;
  std::vector<LintPolicy> policies_;
};

// Whether the schedule matches some minute of some year.
bool ever_matches(const std::string& cron);

}  // namespace autopilot::policy
