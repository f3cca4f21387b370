#include "commands/recorded.h"

#include <fmt/format.h>

#include "commands/moment.h"
#include "core/base/error.h"
#include "core/state/store.h"

namespace autopilot::commands {

decide::Range recorded_since(cli::Context& context, const std::string& since) {
  if (since.empty()) return {};
  return decide::Range::since(moment_of(context, "--since", since));
}

RecordedChoice::RecordedChoice(cli::Options& o) {
  o.arguments("DECISION", ids_, "ids of decisions, or their beginnings", cli::Hint::decision);
  o.option("--since T", since_,
           "decisions recorded since then: a duration such as 7d, or an RFC 3339 time");
  o.option("--last N", last_, "the newest N decisions");
  o.flag("--all", all_, "all recorded decisions");
}

void RecordedChoice::check(std::string_view other, bool is_given) const {
  const int ways = (ids_.empty() ? 0 : 1) + (since_.empty() ? 0 : 1) + (last_ > 0 ? 1 : 0) +
                   (all_ ? 1 : 0) + (is_given ? 1 : 0);
  if (ways == 1) return;
  throw Error(
      ErrorKind::usage,
      other.empty()
          ? "say which decisions: ids, --since T, --last N or --all"
          : fmt::format("say which decisions: ids, --since T, --last N, --all or {}", other));
}

decide::Range RecordedChoice::range(cli::Context& context) const {
  if (last_ > 0) return decide::Archive(context.existing_store().database()).newest(last_);
  return recorded_since(context, since_);
}

}  // namespace autopilot::commands
