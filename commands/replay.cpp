// autopilot replay: recorded decisions taken again.
#include "cli/command.h"
#include "commands/recorded.h"
#include "core/decide/summary.h"
#include "core/policy/loader.h"
#include "core/state/impact_run.h"
#include "core/state/policy_sets.h"
#include "core/state/replay_run.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kReplayDetails[] =
    R"(Takes recorded decisions again. Without --against each is decided from its record alone, under the revision that
took it, and must give the same bytes; otherwise something has changed the record, or autopilot has a bug.

With --against the decisions are taken under other policies, a folder of files or a revision of the state, and those
that would differ are grouped by the policy and rule that make the difference. Limits are counted from the first of
the chosen decisions on, as they would have been used up.

EXAMPLES
  autopilot replay --all
  autopilot replay --since 7d --against policies/ --fail-on-diff
  autopilot replay --all --against HEAD~1
)";

class Replay : public cli::Invocation {
 public:
  explicit Replay(cli::Options& o) : choice_(o) {
    o.option("--against DIR|REV", against_, "decide under these policies instead",
             cli::Hint::directory);
    o.flag("--fail-on-diff", fail_on_diff_, "exit 1 when --against shows a difference");
  }

  cli::Exit run(cli::Context& context) override {
    choice_.check();
    state::Store& store = context.existing_store();
    return against_.empty() ? check(context, store) : compare(context, store);
  }

 private:
  cli::Exit check(cli::Context& context, state::Store& store) {
    decide::ReplaySummary summary;
    if (choice_.ids().empty()) {
      summary = state::replay_range(store, choice_.range(context));
    } else {
      state::PolicySets policies(store);
      decide::Replayer replayer(policies);
      decide::Archive archive(store.database());
      decide::Page page;
      for (const std::string& id : choice_.ids()) {
        page.clear();
        page.add(0, archive.find(id));
        decide::check_record(replayer, page.line(0), summary);
      }
    }
    context.show(decide::describe(summary));
    return summary.differing > 0 ? cli::Exit::no : cli::Exit::ok;
  }

  cli::Exit compare(cli::Context& context, state::Store& store) {
    std::shared_ptr<const decide::CompiledSet> set = other_policies(context, store);
    if (set == nullptr) return cli::Exit::no;
    const decide::Impact impact =
        choice_.ids().empty()
            ? state::impact_on(store, context.world.files, choice_.range(context), set)
            : state::impact_on(store, context.world.files, choice_.ids(), set);
    context.show(decide::describe(impact, against_));
    return fail_on_diff_ && impact.flips() > 0 ? cli::Exit::no : cli::Exit::ok;
  }

  // A folder or file of policies, else a revision. Null when the files have faults, which are
  // shown.
  std::shared_ptr<const decide::CompiledSet> other_policies(cli::Context& context,
                                                            state::Store& store) {
    if (!context.world.files.exists(against_)) {
      return state::PolicySets(store).at(store.find_revision(against_).hash);
    }
    const policy::Project& project = context.project();
    policy::LoadResult loaded =
        policy::load_paths({against_}, project, context.world.files, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return nullptr;
    if (project.document) loaded.documents.push_back(*project.document);
    return state::compile_documents("", loaded.documents);
  }

  RecordedChoice choice_;
  std::string against_;
  bool fail_on_diff_ = false;
};

}  // namespace

extern const cli::Command replay{"replay",
                                 "Take recorded decisions again and compare",
                                 kReplayDetails,
                                 cli::bind<Replay>,
                                 {"text", "json", "markdown", "html"}};

}  // namespace autopilot::commands
