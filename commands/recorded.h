#pragma once
// Which recorded decisions a command is about.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"
#include "core/decide/archive.h"

namespace autopilot::commands {

// Those since `since`, a duration or an RFC 3339 time; all when it is empty. Throws Error(usage).
decide::Range recorded_since(cli::Context& context, const std::string& since);

// The options of a command that wants to be told: one of DECISION…, --since, --last and --all.
class RecordedChoice {
 public:
  explicit RecordedChoice(cli::Options& o);

  // Throws Error(usage) unless decisions are chosen in exactly one way. `other`: an option of the
  // command's own that chooses some, and whether it is given.
  void check(std::string_view other = {}, bool is_given = false) const;

  // Ids as given; empty when a range is chosen.
  const std::vector<std::string>& ids() const { return ids_; }
  decide::Range range(cli::Context& context) const;

 private:
  std::vector<std::string> ids_;
  std::string since_;
  std::int64_t last_ = 0;
  bool all_ = false;
};

}  // namespace autopilot::commands
