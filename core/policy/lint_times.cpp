// Policies that do not apply at any time.
#include <fmt/format.h>

#include "core/policy/lint_checks.h"

namespace autopilot::policy {

void check_times(LintModel& model, Findings& findings) {
  for (const LintPolicy& p : model.policies()) {
    const Policy& policy = *p.policy;
    if (!policy.enabled) continue;
    if (policy.expires && *policy.expires <= model.settings().now) {
      findings
          .warning("expired-policy", p.spot("expires"),
                   fmt::format("the policy expired at {} and does nothing",
                               format_rfc3339(*policy.expires)))
          .help = "remove it, or write a later time";
    }
    if (policy.cron && !ever_matches(*policy.cron)) {
      findings
          .warning(
              "never-active", p.spot("active"),
              fmt::format("the schedule {} matches no day of any year, so the policy never applies",
                          *policy.cron))
          .help = "no month among them has such a day; correct the day or the month";
    }
  }
}

}  // namespace autopilot::policy
