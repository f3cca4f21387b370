// autopilot __complete: the ids that shells offer, one per line. It never complains: a shell would
// print that in the middle of the line being typed.
#include "cli/command.h"
#include "core/base/error.h"
#include "core/decide/archive.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kCompleteDetails[] = "Prints ids for shell completion, one per line.\n";
constexpr std::int64_t kMost = 50;

class Complete : public cli::Invocation {
 public:
  explicit Complete(cli::Options& o) {
    o.argument("KIND", kind_, "document, revision or decision", cli::Hint::none, true);
  }

  cli::Exit run(cli::Context& context) override {
    try {
      state::Store* store = context.store_if_any();
      if (store != nullptr && context.has_role(policy::Role::viewer)) list(*store, context);
    } catch (const Error&) {
      // no project here, or a state that cannot be read: nothing to offer
    }
    return cli::Exit::ok;
  }

 private:
  void list(state::Store& store, cli::Context& context) const {
    if (kind_ == "document") {
      for (const state::DocumentKey& key : store.keys())
        context.write(key.kind + "/" + key.id + "\n");
    } else if (kind_ == "revision") {
      for (const state::Revision& revision : store.revisions(kMost))
        context.write(revision.hash + "\n");
    } else if (kind_ == "decision") {
      for (const std::string& id : decide::Archive(store.database()).newest_ids(kMost))
        context.write(id + "\n");
    }
  }

  std::string kind_;
};

}  // namespace

extern const cli::Command complete{
    "__complete", "List ids for completion", kCompleteDetails, cli::bind<Complete>, {"text"}};

}  // namespace autopilot::commands
