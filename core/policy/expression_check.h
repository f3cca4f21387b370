#pragma once
// Parses and type-checks the CEL of documents, and puts faults where they stand in the YAML.

#include <set>
#include <string>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/yaml.h"
#include "core/expr/check.h"
#include "core/policy/model.h"

namespace autopilot::policy {

// What an expression must give.
enum class Wanted { condition, number, scalar, anything };

// Made once per run, for one project. Remembers sources that were fine, so that repetitions cost
// nothing.
class ExpressionChecker {
 public:
  ExpressionChecker(const Project& project, Diagnostics& diagnostics);

  // `node` is the scalar that holds the CEL text. `with_risk`: whether the name `risk` is known.
  void check(const YamlNode& node, Wanted wanted, bool with_risk);
  // CEL that was made from something else: faults point to the whole of `node`.
  void check_made(const std::string& source, const YamlNode& node, Wanted wanted, bool with_risk);
  // The condition of a rollback: it knows statistics and nothing else.
  void check_statistics(const YamlNode& node);
  // A condition over names of its own.
  void check_condition(const YamlNode& node, const expr::Environment& environment);
  // The {place-holders} of a message.
  void check_message(const YamlNode& node, bool with_risk);

 private:
  // `offset`: where the source starts in the node's text; npos when it is not written there.
  void run(const std::string& source, const YamlNode& node, std::size_t offset, Wanted wanted,
           bool with_risk);
  // True when all is well.
  bool run_in(const expr::Environment& environment, const std::string& source, const YamlNode& node,
              std::size_t offset, Wanted wanted);
  void report(const expr::Fault& fault, const YamlNode& node, std::size_t offset,
              const std::string& source);

  Diagnostics& diagnostics_;
  expr::Environment plain_;
  expr::Environment with_risk_;
  expr::Environment statistics_;
  std::set<std::string, std::less<>> fine_[2][4];
};

}  // namespace autopilot::policy
