// autopilot audit prove: proofs for those who have a checkpoint but not the state.
#include <fmt/format.h>

#include <charconv>

#include "cli/command.h"
#include "commands/checkpoint_file.h"
#include "core/base/error.h"
#include "core/state/audit_proof.h"

namespace autopilot::commands {
namespace {

constexpr char kDetails[] =
    R"(Prints, as JSON, a proof that anybody can check who has a checkpoint of the audit chain but not the
state; docs/audit.md tells how, in ten lines of Python. The chain is verified on the way.

With ENTRY, the number of an entry, it proves that the entry is in the chain: "text" is the entry,
"previous" the chain hash before it, "path" the hashes that lead from it to "root". The root is that
of the checkpoint, or without one that of the chain as it is now.

With --from it proves that the chain of a later checkpoint, or as it is now, begins with that of an
earlier one: nothing was changed or removed between them, only added.

EXAMPLES
  autopilot audit prove 17 --checkpoint audit.checkpoint
  autopilot audit prove --from monday.checkpoint --to friday.checkpoint

EXIT STATUS
  0 with the proof, 1 when the chain is not the one of the checkpoint, so that there is none.
)";

class AuditProve : public cli::Invocation {
 public:
  explicit AuditProve(cli::Options& o) {
    o.argument("ENTRY", entry_, "the number of an entry");
    o.option("--checkpoint FILE", checkpoint_, "prove it by this checkpoint; - is standard input",
             cli::Hint::file);
    o.option("--from FILE", from_, "the earlier checkpoint", cli::Hint::file);
    o.option("--to FILE", to_, "the later checkpoint (default: the chain as it is now)",
             cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    check_words();
    state::Store& store = context.existing_store();
    if (from_.empty()) {
      const auto at = read(context, checkpoint_);
      const auto proof = state::prove_entry(store, number_of(entry_), at ? &*at : nullptr);
      context.show({"autopilot.inclusion-proof/v1", state::to_data(proof), {}});
      return cli::Exit::ok;
    }
    const auto from = read(context, from_);
    const auto to = read(context, to_);
    const auto proof = state::prove_growth(store, *from, to ? &*to : nullptr);
    context.show({"autopilot.consistency-proof/v1", state::to_data(proof), {}});
    return cli::Exit::ok;
  }

 private:
  void check_words() const {
    const bool inclusion = !entry_.empty() && from_.empty() && to_.empty();
    const bool growth = entry_.empty() && !from_.empty() && checkpoint_.empty();
    if (inclusion || growth) return;
    throw Error(ErrorKind::usage, "say either an entry or --from",
                "autopilot audit prove 17, or autopilot audit prove --from FILE --to FILE");
  }

  static std::optional<state::Checkpoint> read(cli::Context& context, const std::string& path) {
    if (path.empty()) return std::nullopt;
    return read_checkpoint_file(context, path).checkpoint;
  }

  static std::int64_t number_of(const std::string& text) {
    std::int64_t n = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), n);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size()) return n;
    throw Error(ErrorKind::usage, fmt::format("{} is no number of an entry", text),
                "autopilot audit list shows them");
  }

  std::string entry_, checkpoint_, from_, to_;
};

}  // namespace

extern const cli::Command audit_prove{"audit prove",
                                      "Prove an entry, or that the audit only grew",
                                      kDetails,
                                      cli::bind<AuditProve>,
                                      {"json"}};

}  // namespace autopilot::commands
