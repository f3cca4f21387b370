// autopilot audit verify: does the audit chain hold, and is it the one that a checkpoint saw?
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/checkpoint_file.h"
#include "core/base/error.h"
#include "core/state/audit.h"

namespace autopilot::commands {
namespace {

constexpr char kDetails[] =
    R"(Walks the audit chain from its first entry and computes every hash again, and compares all that the
entries speak of: every decision, every revision with what it did to documents, the contents of
documents, what is in force, and what was put in force other than git wants it. Names the first
entry that does not hold.

A chain alone cannot show that entries were cut off its end, or that all of it was written anew by
somebody who may write the file. A checkpoint, made earlier by `autopilot state checkpoint` and kept
elsewhere, shows both, and names the entry. With --allowed-signers it must be signed by a key of that
file, as ssh-keygen(1) describes it, that was valid at the checkpoint's time.

EXAMPLES
  autopilot audit verify
  autopilot audit verify --checkpoint audit.checkpoint --allowed-signers .autopilot-signers
  git notes --ref autopilot show HEAD | autopilot audit verify --checkpoint -

EXIT STATUS
  0 when all holds, 1 when something was changed or the checkpoint is not signed as it must be.
)";

class AuditVerify : public cli::Invocation {
 public:
  explicit AuditVerify(cli::Options& o) {
    o.option("--checkpoint FILE", checkpoint_, "compare with this checkpoint; - is standard input",
             cli::Hint::file);
    o.option("--allowed-signers FILE", signers_, "keys that may have signed the checkpoint",
             cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    if (checkpoint_.empty() && !signers_.empty()) {
      throw Error(ErrorKind::usage, "--allowed-signers is about a checkpoint, and there is none",
                  "name it with --checkpoint");
    }
    std::optional<state::CheckpointNote> note;
    if (!checkpoint_.empty()) note = read_checkpoint_file(context, checkpoint_);
    const state::AuditReport found =
        state::verify_audit(context.existing_store(), note ? &note->checkpoint : nullptr);
    std::optional<SignedBy> by;
    if (note && !signers_.empty()) by = verify_signatures(context, *note, signers_);
    const bool ok = !found.fault && (!by || by->ok);
    context.show(describe(found, note, by, ok));
    return ok ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  static render::Report describe(const state::AuditReport& found,
                                 const std::optional<state::CheckpointNote>& note,
                                 const std::optional<SignedBy>& by, bool ok) {
    Value fault, root;
    if (found.fault) fault = Map{{"seq", found.fault->seq}, {"what", found.fault->what}};
    if (!found.fault) root = found.root;
    render::Report report{"autopilot.audit-verify/v1",
                          {{"ok", ok},
                           {"entries", found.entries},
                           {"decisions", found.decisions},
                           {"head", found.head},
                           {"root", std::move(root)},
                           {"fault", std::move(fault)},
                           {"checkpoint", checkpoint_data(note, by)}},
                          {}};
    render::Lines lines;
    if (found.fault) {
      lines.lines = {fmt::format("The audit chain is broken: {}.", found.fault->what),
                     fmt::format("{} entries before it hold.", found.entries)};
    } else {
      lines.lines = {fmt::format("The audit chain holds: {} entries, {} decisions.", found.entries,
                                 found.decisions),
                     fmt::format("Head: {}", found.head), fmt::format("Root: {}", found.root)};
      if (note) lines.lines.emplace_back(growth(note->checkpoint, found.entries));
    }
    if (by) lines.lines.insert(lines.lines.end(), by->lines.begin(), by->lines.end());
    report.text.emplace_back(std::move(lines));
    return report;
  }

  static std::string growth(const state::Checkpoint& checkpoint, std::int64_t entries) {
    return fmt::format("Its first {} are those of the checkpoint of {}; {} came since.",
                       checkpoint.size, format_rfc3339(checkpoint.time), entries - checkpoint.size);
  }

  static Value checkpoint_data(const std::optional<state::CheckpointNote>& note,
                               const std::optional<SignedBy>& by) {
    if (!note) return {};
    List signatures;
    if (by) signatures = by->data;
    return Map{{"size", note->checkpoint.size},
               {"root", note->checkpoint.root},
               {"time", format_rfc3339(note->checkpoint.time)},
               {"signatures", std::move(signatures)}};
  }

  std::string checkpoint_;
  std::string signers_;
};

}  // namespace

extern const cli::Command audit_verify{
    "audit verify", "Tell whether the audit chain holds", kDetails, cli::bind<AuditVerify>, {}};

}  // namespace autopilot::commands
