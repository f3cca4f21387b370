#pragma once
// What became of an override in one batch of decisions, for the audit: who let pass what against
// which policies, and what was refused.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/time.h"
#include "core/decide/outcome.h"

namespace autopilot::decide {

class Overrides {
 public:
  // Notes a decision for which the override was asked.
  void add(const Outcome& outcome, std::string_view id);
  // An entry "override" for what it let pass, and "refused" for what it could not, in the name of
  // who decides. Starts anew. REQUIRES a write transaction.
  void append_audit(Database& database, const Override& by, std::string_view actor, Instant time);

  std::size_t refused() const { return refused_.count; }  // since the last audit

 private:
  // The first few decisions of many.
  struct Decisions {
    static constexpr std::size_t kNamed = 20;
    std::size_t count = 0;
    std::vector<std::string> ids;
    void add(std::string_view id);
    Map body(const Override& by) const;
  };

  Decisions used_, refused_;
  std::set<std::string, std::less<>> policies_;  // that were overridden
  std::string why_;                              // the first refusal
};

}  // namespace autopilot::decide
