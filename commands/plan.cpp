// autopilot plan: what apply would change, and nothing else.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/desired.h"
#include "core/state/plan_report.h"

namespace autopilot::commands {
namespace {

constexpr char kPlanDetails[] =
    R"(Compares the documents in the files with the applied ones and shows what apply would create,
update and delete: field by field, with what each change means for protection. Nothing is changed.

PATH are files or folders; without any, the paths of autopilot.yaml. With -o the plan is saved, and
autopilot apply FILE applies exactly that or refuses. A saved plan holds the changes alone, so the
order of files, keys and comments never alters it, nor its digest.

Documents with metadata.protect: true are kept when their files are gone. A plan that updates or
deletes a large share of the documents says so: apply then wants --allow-large.

EXAMPLES
  autopilot plan
  autopilot plan -o changes.plan && autopilot apply changes.plan
  autopilot plan --target 'Policy/traffic-*' --brief
  autopilot plan --format markdown --max-bytes 60000 > comment.md

EXIT STATUS
  0 when the plan is made, whatever it holds; with --exit-code 3 when there are changes; with
  --detailed-exitcode 2, as Terraform does.
)";

class Plan : public cli::Invocation {
 public:
  explicit Plan(cli::Options& o) {
    o.arguments("PATH", paths_, "files or folders of documents", cli::Hint::file);
    o.option("-o,--out FILE", out_, "save the plan to FILE for apply", cli::Hint::file);
    o.flag("--exit-code", exit_code_, "exit 3 when there are changes");
    o.flag("--detailed-exitcode", detailed_, "exit 2 when there are changes, as Terraform does");
    o.options("--target ID", targets_, "only documents whose id or Kind/id matches; * and ? work",
              cli::Hint::document);
    o.options("--exclude ID", excludes_, "not the documents whose id or Kind/id matches",
              cli::Hint::document);
    o.flag("--brief", brief_, "one line per document");
    o.option("--max-bytes N", max_bytes_, "with --format markdown: leave out what is too much");
    o.flag("--allow-empty", allow_empty_, "no documents is no fault: everything is to be deleted");
  }

  cli::Exit run(cli::Context& context) override {
    context.require_role("viewer", "plan");
    const auto desired = desired_documents(context, paths_, allow_empty_);
    const state::Plan plan = state::make_plan(desired, context.store_if_any(),
                                              plan_options(context, targets_, excludes_));
    if (!out_.empty() && out_ != "-") context.world.files.write(out_, state::plan_text(plan));
    show(context, plan);
    if (plan.empty()) return cli::Exit::ok;
    if (detailed_) return cli::Exit::usage;  // Terraform's 2
    return exit_code_ ? cli::Exit::changes : cli::Exit::ok;
  }

 private:
  void show(cli::Context& context, const state::Plan& plan) {
    if (out_ == "-") return context.write(state::plan_text(plan));
    if (context.globals.format == "markdown") {
      return context.write(
          state::plan_markdown(plan, brief_, static_cast<std::size_t>(max_bytes_)));
    }
    context.show(state::describe(plan, brief_));
  }

  std::vector<std::string> paths_;
  std::string out_;
  bool exit_code_ = false;
  bool detailed_ = false;
  std::vector<std::string> targets_;
  std::vector<std::string> excludes_;
  bool brief_ = false;
  std::int64_t max_bytes_ = 0;
  bool allow_empty_ = false;
};

}  // namespace

extern const cli::Command plan{"plan",
                               "Show what apply would change",
                               kPlanDetails,
                               cli::bind<Plan>,
                               {"text", "json", "markdown"}};

}  // namespace autopilot::commands
