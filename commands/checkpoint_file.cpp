#include "commands/checkpoint_file.h"

#include <fmt/format.h>

#include "core/state/signatures.h"

namespace autopilot::commands {
namespace {

void add(SignedBy& to, const state::Verified& v) {
  to.data.push_back(
      Map{{"ok", true}, {"principal", v.principal}, {"fingerprint", v.fingerprint}, {"why", {}}});
  to.lines.emplace_back(fmt::format("Signed by {} with the key {}.", v.principal, v.fingerprint));
}

void add(SignedBy& to, const state::NotVerified& v) {
  to.data.push_back(Map{{"ok", false},
                        {"principal", {}},
                        {"fingerprint", v.fingerprint.empty() ? Value() : Value(v.fingerprint)},
                        {"why", Map{{"kind", to_string(v.why)}, {"what", v.what}}}});
  to.lines.emplace_back(fmt::format("A signature counts for nothing: {}.", v.what));
  if (!v.hint.empty()) to.lines.emplace_back("  " + v.hint);
}

}  // namespace

state::CheckpointNote read_checkpoint_file(cli::Context& context, const std::string& path) {
  Files& files = context.world.files;
  if (path == "-") return state::read_checkpoint(files.read_all_stdin(), "standard input");
  return state::read_checkpoint(files.read(path), path);
}

SignedBy verify_signatures(cli::Context& context, const state::CheckpointNote& note,
                           const std::string& allowed_signers) {
  const std::string root = context.in_project() ? context.root() : "";
  const state::Signers signers =
      state::signers_at(allowed_signers, context.world.environment.working_directory(), root);
  SignedBy by;
  std::size_t verified = 0;
  bool contradicted = false;
  for (const state::Signature& signature : note.signatures) {
    const state::Verification v =
        state::verify(context.world, note.text, signature, signers, note.checkpoint.time);
    std::visit([&](const auto& answer) { add(by, answer); }, v);
    const auto* no = std::get_if<state::NotVerified>(&v);
    if (no == nullptr) ++verified;
    contradicted = contradicted || (no != nullptr && no->why == state::NotVerified::Why::altered);
  }
  if (note.signatures.empty()) by.lines.emplace_back("The checkpoint is not signed.");
  by.ok = verified > 0 && !contradicted;
  return by;
}

}  // namespace autopilot::commands
