// autopilot state checkpoint: what the audit chain is now, to be kept outside.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/json.h"
#include "core/state/audit_tree.h"
#include "core/state/signatures.h"

namespace autopilot::commands {
namespace {

constexpr char kDetails[] =
    R"(Prints a checkpoint: one line of JSON that says how many entries the audit chain has, the root of the
Merkle tree over them, the hash of the last one, and the time. The chain is verified on the way. Kept
where whoever may write the state cannot change it (a git note, the log of a CI job, another machine),
it shows later that nothing was changed or cut off: `autopilot audit verify --checkpoint FILE`.

With --sign an SSH signature over that line follows, of the namespace autopilot, made by
ssh-keygen(1): KEY is a private key file, or the .pub file of a key that an agent or a token holds.
`head -1 FILE | ssh-keygen -Y verify` can check it, too.

The line holds short marks of at most 512 entries, so that an entry that was changed can be named; with
--exact of each one.

EXAMPLES
  autopilot state checkpoint -o audit.checkpoint --sign ~/.ssh/id_ed25519
  autopilot state checkpoint | git notes --ref autopilot add -F - HEAD
)";

class StateCheckpoint : public cli::Invocation {
 public:
  explicit StateCheckpoint(cli::Options& o) {
    o.option("-o,--out FILE", out_, "write it to FILE", cli::Hint::file);
    o.option("--sign KEY", key_, "sign it with this SSH key", cli::Hint::file);
    o.flag("--exact", exact_, "mark every entry, however many there are");
  }

  cli::Exit run(cli::Context& context) override {
    World& world = context.world;
    const state::Checkpoint checkpoint =
        state::make_checkpoint(context.existing_store(), world.clock.now(), exact_);
    const std::string line = state::checkpoint_text(checkpoint);
    std::string note = line;
    if (!key_.empty()) note += state::sign(world, line, key_).armored;
    if (!out_.empty()) world.files.write(out_, note);
    context.show(describe(checkpoint, line, note));
    return cli::Exit::ok;
  }

 private:
  render::Report describe(const state::Checkpoint& checkpoint, const std::string& line,
                          const std::string& note) const {
    render::Report report{"autopilot.state-checkpoint/v1",
                          {{"checkpoint", parse_json(line).value},
                           {"signature", key_.empty() ? Value() : Value(note.substr(line.size()))},
                           {"file", out_.empty() ? Value() : Value(out_)}},
                          {}};
    report.text.emplace_back(
        render::Lines{{out_.empty() ? note.substr(0, note.size() - 1)
                                    : fmt::format("Wrote {}: {} entries, root {}.", out_,
                                                  checkpoint.size, checkpoint.root)}});
    return report;
  }

  std::string out_, key_;
  bool exact_ = false;
};

}  // namespace

extern const cli::Command state_checkpoint{"state checkpoint",
                                           "Print what the audit chain is now, to keep outside",
                                           kDetails,
                                           cli::bind<StateCheckpoint>,
                                           {}};

}  // namespace autopilot::commands
