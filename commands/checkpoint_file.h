#pragma once
// Checkpoints that were kept outside of the state, as commands are given them.

#include <string>
#include <vector>

#include "cli/context.h"
#include "core/state/checkpoint.h"

namespace autopilot::commands {

// Of a file, or of standard input for "-". Throws Error(invalid) when it is none.
state::CheckpointNote read_checkpoint_file(cli::Context& context, const std::string& path);

// Who signed a checkpoint.
struct SignedBy {
  bool ok = false;  // one signature is verified, and none says anything else
  List data;        // one for each signature
  std::vector<render::Line> lines;
};

// Verifies each signature at the checkpoint's own time by the keys in `allowed_signers`.
SignedBy verify_signatures(cli::Context& context, const state::CheckpointNote& note,
                           const std::string& allowed_signers);

}  // namespace autopilot::commands
