// autopilot apply: makes the documents true, in one step, after having shown what that changes.
#include "core/state/apply.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "commands/approving.h"
#include "commands/desired.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/state/plan_contents.h"
#include "core/state/plan_lines.h"
#include "core/state/plan_report.h"

namespace autopilot::commands {
namespace {

constexpr char kApplyDetails[] =
    R"(Without FILE, plans as autopilot plan does, shows the plan and asks; --yes answers. With FILE,
a plan saved by autopilot plan -o, applies exactly that: when one of its documents has changed since,
it refuses and names it, the version it was planned from, and who changed it.

All changes are made at once or none are, whatever happens to the process or the machine. Each apply
makes a revision (autopilot log) and an entry in the audit.

Where autopilot.yaml says that such a plan needs approval, the first apply asks for it and changes nothing (exit 4);
once enough people have approved (autopilot approve), the next one applies it and uses the approval up. --approval brings
approvals that were signed elsewhere.

Changing a Policy takes a role of at least its authority, an Access document dg_ai, other documents
admin. Without any applied Access document everybody may do everything. A plan after which nobody has
the role dg_ai, or you lose it, is refused without --allow-lockout: nobody, or not you, could undo it.

EXAMPLES
  autopilot apply
  autopilot apply --yes --message 'tighten the CVR floor'
  autopilot apply changes.plan

EXIT STATUS
  0 applied, or nothing to do; 1 refused for its size (--allow-large) or for locking people out
  (--allow-lockout); 4 it needs approval; 5 the plan is stale; 6 the
  state is locked; 7 the role is too low.
)";

class Apply : public cli::Invocation {
 public:
  explicit Apply(cli::Options& o) {
    o.argument("FILE", file_, "a plan saved by autopilot plan -o", cli::Hint::file);
    o.flag("-y,--yes", yes_, "don't ask");
    o.flag("--allow-large", allow_large_, "even when it updates or deletes a large share");
    o.flag("--allow-lockout", allow_lockout_,
           "even when nobody, or you no longer, could change who may do what");
    o.options("--approval FILE", approvals_,
              "a signed approval of the plan, as approve -o writes it", cli::Hint::file);
    o.option("-m,--message TEXT", message_, "why, for the log");
    o.options("--target ID", targets_, "only documents whose id or Kind/id matches; * and ? work",
              cli::Hint::document);
    o.options("--exclude ID", excludes_, "not the documents whose id or Kind/id matches",
              cli::Hint::document);
    o.flag("--allow-empty", allow_empty_, "no documents is no fault: everything is to be deleted");
  }

  cli::Exit run(cli::Context& context) override {
    const state::Plan plan = make(context);
    if (plan.empty()) {
      show(context, plan, nullptr);
      return cli::Exit::ok;
    }
    if (file_.empty() && !yes_) {
      if (!ask(context, plan)) {
        throw Error(ErrorKind::invalid, "nothing was applied: the answer was no");
      }
    }
    const state::Applied applied =
        state::apply(context.store(), plan, options(context), context.world);
    if (!applied.note.empty()) context.inform(applied.note);
    show(context, plan, &applied);
    return cli::Exit::ok;
  }

 private:
  state::ApplyOptions options(cli::Context& context) const {
    state::ApplyOptions options{context.actor(), message_, allow_large_, allow_lockout_};
    options.identity = who_asks(context).identity;
    options.root = signers_root(context);
    for (const std::string& file : approvals_) {
      options.approvals.push_back(state::parse_approval_file(context.world.files.read(file), file));
    }
    return options;
  }

  state::Plan make(cli::Context& context) {
    const state::PlanOptions options = plan_options(context, targets_, excludes_);
    if (file_.empty()) {
      const auto desired = desired_documents(context, {}, allow_empty_);
      return state::make_plan(desired, context.store_if_any(), options);
    }
    if (!targets_.empty() || !excludes_.empty()) {
      throw Error(ErrorKind::usage, "a saved plan is applied as it is",
                  "say --target to plan, when saving it");
    }
    context.show_diagnostics();
    const std::string text = read(context);
    state::Store* store = context.store_if_any();
    state::Plan plan =
        state::parse_plan(text, file_ == "-" ? "standard input" : file_, store, options);
    state::check_contents(plan, store);
    return plan;
  }

  // The plan belongs to the question, so it goes where the question goes.
  static bool ask(cli::Context& context, const state::Plan& plan) {
    const char* hint = "--yes applies without asking";
    if (!context.world.environment.is_terminal(0)) {
      throw Error(ErrorKind::usage,
                  "apply asks before it changes anything, and there is no terminal to ask at",
                  hint);
    }
    context.inform(render::report_text(state::describe(plan, false), context.style()));
    return context.confirm("Apply these changes?", hint);
  }

  std::string read(cli::Context& context) const {
    Files& files = context.world.files;
    return file_ == "-" ? files.read_all_stdin() : files.read(file_);
  }

  // `applied` is null when there was nothing to do.
  static void show(cli::Context& context, const state::Plan& plan, const state::Applied* applied) {
    render::Report report{"autopilot.apply/v1", {}, {}};
    const auto count = [&](state::Change::Action action) { return plan.count(action); };
    using Action = state::Change::Action;
    report.data = {{"plan", plan.digest},
                   {"revision", applied != nullptr ? Value(applied->revision.hash) : Value()},
                   {"created", count(Action::create)},
                   {"updated", count(Action::update)},
                   {"deleted", count(Action::remove)}};
    if (applied != nullptr && !applied->approved_by.empty()) {
      List names;
      for (const std::string& name : applied->approved_by) names.push_back(name);
      report.data.append("approved_by", std::move(names));
    }
    if (applied == nullptr) {
      for (const std::string& remark : state::remarks(plan)) {
        report.text.emplace_back(render::Paragraph{render::Line(remark)});
      }
      report.text.emplace_back(
          render::Lines{{"No changes. What is applied is what the files say."}});
    } else {
      render::Lines changes;
      for (const state::Change& change : plan.changes) {
        changes.lines.push_back(state::headline(change));
      }
      report.text.emplace_back(std::move(changes));
      report.text.emplace_back(render::Lines{{fmt::format(
          "Applied revision {}: {} created, {} updated, {} deleted.", applied->revision.hash,
          count(Action::create), count(Action::update), count(Action::remove))}});
      if (!applied->approved_by.empty()) {
        report.text.emplace_back(
            render::Lines{{fmt::format("Approved by {}.", join(applied->approved_by, ", "))}});
      }
    }
    context.show(report);
  }

  std::string file_;
  bool yes_ = false;
  bool allow_large_ = false;
  bool allow_lockout_ = false;
  std::vector<std::string> approvals_;
  std::string message_;
  std::vector<std::string> targets_;
  std::vector<std::string> excludes_;
  bool allow_empty_ = false;
};

}  // namespace

extern const cli::Command apply{"apply",
                                "Make the documents in the files the applied ones",
                                kApplyDetails,
                                cli::bind<Apply>,
                                {}};

}  // namespace autopilot::commands
