// autopilot diff: what is different between two revisions.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/state/compare.h"
#include "core/state/plan_report.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kDiffDetails[] =
    R"(Shows what changed from one revision to another, field by field as plan does. A revision is HEAD
(the newest), HEAD~2 (two before it), or the beginning of its id. Without the second, HEAD is meant;
without any, HEAD~1 and HEAD.

EXAMPLES
  autopilot diff
  autopilot diff HEAD~3 HEAD --brief
  autopilot diff 4f2a 91c0 --exit-code
)";

class Diff : public cli::Invocation {
 public:
  explicit Diff(cli::Options& o) {
    o.argument("FROM", from_, "a revision", cli::Hint::revision);
    o.argument("TO", to_, "a revision", cli::Hint::revision);
    o.flag("--exit-code", exit_code_, "exit 3 when they differ");
    o.flag("--brief", brief_, "one line per document");
  }

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    const state::Revision from = store.find_revision(from_);
    const state::Revision to = store.find_revision(to_);
    const state::Plan changes = state::compare_sets(store.documents(from), store.documents(to));
    if (context.globals.format == "markdown") {
      context.write(state::plan_markdown(changes, brief_, 0));
    } else {
      context.show(report(changes, from, to));
    }
    return exit_code_ && !changes.empty() ? cli::Exit::changes : cli::Exit::ok;
  }

 private:
  render::Report report(const state::Plan& changes, const state::Revision& from,
                        const state::Revision& to) const {
    render::Report report = state::describe(changes, brief_);
    report.schema = "autopilot.diff/v1";
    Map data{{"from", from.hash}, {"to", to.hash}};
    for (const char* key : {"changes", "summary"}) data.append(key, *report.data.find(key));
    report.data = std::move(data);
    const state::Plan& c = changes;
    using Action = state::Change::Action;
    report.text.back() = render::Lines{
        {c.empty() ? "No difference."
                   : fmt::format("{} created, {} updated, {} deleted.", c.count(Action::create),
                                 c.count(Action::update), c.count(Action::remove))}};
    return report;
  }

  std::string from_ = "HEAD~1";
  std::string to_ = "HEAD";
  bool exit_code_ = false;
  bool brief_ = false;
};

}  // namespace

extern const cli::Command diff{"diff",
                               "Show what changed between two revisions",
                               kDiffDetails,
                               cli::bind<Diff>,
                               {"text", "json", "markdown"}};

}  // namespace autopilot::commands
