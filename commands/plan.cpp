// autopilot plan: what apply would change, and nothing else.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/approving.h"
#include "commands/desired.h"
#include "commands/recorded.h"
#include "core/base/error.h"
#include "core/decide/archive.h"
#include "core/state/impact_run.h"
#include "core/state/plan_approval.h"
#include "core/state/plan_report.h"
#include "core/state/policy_sets.h"

namespace autopilot::commands {
namespace {

constexpr char kPlanDetails[] =
    R"(Compares the documents in the files with the applied ones and shows what apply would create,
update and delete: field by field, with what each change means for protection. Nothing is changed.

PATH are files or folders; without any, the paths of autopilot.yaml. With -o the plan is saved, and
autopilot apply FILE applies exactly that or refuses. A saved plan holds the changes alone, so the
order of files, keys and comments never alters it, nor its digest.

With --impact the recorded decisions are taken again under the planned documents, and the plan shows
which of them would flip: blocked instead of allowed, modified with other values, and so on, by the
policy and rule that make the difference, with the risk and the action.data that they stand for and
examples with their old and new values. Limits are counted from the first of these decisions on. The
plan itself, and its digest, are the same with and without.

Where autopilot.yaml says that such a plan needs approval, it says so. --request asks for it, as apply would; a plan
saved with it carries the request, so that somebody can sign it on another machine (docs/approvals.md).

Documents with metadata.protect: true are kept when their files are gone. A plan that updates or
deletes a large share of the documents says so: apply then wants --allow-large.

EXAMPLES
  autopilot plan
  autopilot plan -o changes.plan && autopilot apply changes.plan
  autopilot plan --target 'Policy/traffic-*' --brief
  autopilot plan --impact --since 7d --fail-on-flip 0
  autopilot plan --impact --last 10000 --format markdown --max-bytes 60000 > comment.md

EXIT STATUS
  0 when the plan is made, whatever it holds; with --exit-code 3 when there are changes; with
  --detailed-exitcode 2, as Terraform does. With --fail-on-flip N 1 when more than N decisions flip.
)";

class Plan : public cli::Invocation {
 public:
  explicit Plan(cli::Options& o) {
    o.arguments("PATH", paths_, "files or folders of documents", cli::Hint::file);
    o.option("-o,--out FILE", out_, "save the plan to FILE for apply", cli::Hint::file);
    o.flag("--request", request_, "ask for the approval that it needs; with -o the file says so");
    o.flag("--exit-code", exit_code_, "exit 3 when there are changes");
    o.flag("--detailed-exitcode", detailed_, "exit 2 when there are changes, as Terraform does");
    o.options("--target ID", targets_, "only documents whose id or Kind/id matches; * and ? work",
              cli::Hint::document);
    o.options("--exclude ID", excludes_, "not the documents whose id or Kind/id matches",
              cli::Hint::document);
    o.flag("--impact", impact_, "show which recorded decisions would flip");
    o.option("--since T", since_,
             "with --impact: decisions recorded since then: 7d, or an RFC 3339 time");
    o.option("--last N", last_, "with --impact: the newest N decisions");
    o.option("--fail-on-flip N", most_flips_, "with --impact: exit 1 when more than N would flip");
    o.flag("--brief", brief_, "one line per document");
    o.option("--max-bytes N", max_bytes_, "with --format markdown: leave out what is too much");
    o.flag("--allow-empty", allow_empty_, "no documents is no fault: everything is to be deleted");
  }

  cli::Exit run(cli::Context& context) override {
    check_words();
    const auto desired = desired_documents(context, paths_, allow_empty_);
    state::Plan plan = state::make_plan(desired, context.store_if_any(),
                                        plan_options(context, targets_, excludes_));
    const auto waiting = approval_of(context, plan);
    if (!out_.empty() && out_ != "-") context.world.files.write(out_, state::plan_text(plan));
    std::optional<decide::Impact> impact;
    if (impact_) impact = impact_of(context, plan);
    show(context, plan, impact ? &*impact : nullptr, waiting ? &*waiting : nullptr);
    if (impact && most_flips_ >= 0 && impact->flips() > most_flips_) return cli::Exit::no;
    if (plan.empty()) return cli::Exit::ok;
    if (detailed_) return cli::Exit::usage;  // Terraform's 2
    return exit_code_ ? cli::Exit::changes : cli::Exit::ok;
  }

 private:
  void check_words() const {
    const char* word = !since_.empty()    ? "--since"
                       : last_ >= 0       ? "--last"
                       : most_flips_ >= 0 ? "--fail-on-flip"
                                          : nullptr;
    if (word != nullptr && !impact_) {
      throw Error(ErrorKind::usage, fmt::format("{} says something about --impact alone", word),
                  fmt::format("autopilot plan --impact {} …", word));
    }
    if (!since_.empty() && last_ >= 0)
      throw Error(ErrorKind::usage, "--since and --last exclude each other");
    if (last_ == 0) throw Error(ErrorKind::usage, "--last 0: no decision to try the plan on");
  }

  decide::Impact impact_of(cli::Context& context, const state::Plan& plan) {
    const decide::Range since = recorded_since(context, since_);
    state::Store* store = context.store_if_any();
    if (store == nullptr) return decide::Impact();
    const auto documents = state::documents_after(plan, *store, context.world.clock.now());
    return state::impact_on(*store, context.world.files,
                            last_ < 0 ? since : decide::Archive(store->database()).newest(last_),
                            state::compile_documents("", documents));
  }

  // The request for the plan's approval, made now if that is wanted.
  std::optional<state::Waiting> approval_of(cli::Context& context, state::Plan& plan) {
    state::Store* store = context.store_if_any();
    if (store == nullptr) return std::nullopt;
    state::Approvals approvals(*store, context.world, signers_root(context));
    const state::Who who = who_asks(context);
    need_ = state::need_of(plan, approvals.settings(), who);
    if (request_ && !need_) context.inform("this plan needs no approval");
    if (!need_) return std::nullopt;
    if (!request_) return approvals.with_digest(plan.digest);
    context.require_role(policy::Role::operator_, "asking for approval");
    state::Waiting waiting = approvals.ask(state::subject_of(plan, who), *need_, who);
    plan.request = waiting.stored.body;
    return waiting;
  }

  void show(cli::Context& context, const state::Plan& plan, const decide::Impact* impact,
            const state::Waiting* waiting) {
    if (out_ == "-") return context.write(state::plan_text(plan));
    std::optional<state::ApprovalNote> note;
    if (need_) {
      state::Approvals approvals = approvals_of(context);
      note = state::approval_note(*need_, approvals, waiting);
    }
    if (context.globals.format == "markdown") {
      context.write(
          state::plan_markdown(plan, brief_, static_cast<std::size_t>(max_bytes_), impact));
      if (note) context.write(fmt::format("\n> **Note:** it {}\n", note->text));
      return;
    }
    render::Report report = state::describe(plan, brief_, impact);
    if (note) {
      report.text.emplace_back(render::Paragraph{{{{"! " + note->text, render::Tone::warn}}}});
      report.data.append("approval", std::move(note->data));
    }
    context.show(report);
  }

  std::vector<std::string> paths_;
  std::string out_;
  bool request_ = false;
  std::optional<state::Need> need_;  // of approval
  bool exit_code_ = false;
  bool detailed_ = false;
  std::vector<std::string> targets_;
  std::vector<std::string> excludes_;
  bool impact_ = false;
  std::string since_;
  std::int64_t last_ = -1;
  std::int64_t most_flips_ = -1;
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
