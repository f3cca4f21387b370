// autopilot decide: actions in, recorded decisions out.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/approving.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/archive.h"
#include "core/decide/line_source.h"
#include "core/decide/recorder.h"
#include "core/decide/summary.h"
#include "core/policy/model.h"
#include "core/state/policy_sets.h"
#include "core/state/resume.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kDecideDetails[] =
    R"(Reads proposed actions from standard input, one JSON object a line, decides each under the applied policies,
records the decision and writes it to standard output as one JSON line. A line is an action, or an action with its
context:

  {"type":"route.update_weight","algorithm":"bandit","data":{"weight":0.3,"old_weight":0.25}}
  {"action":{...},"context":{"metrics":{"cvr_1h":0.03},"segment":{"geo":"FR"}}}

A decision that was written is durable. An action with an idempotency key that was decided before gets the recorded
decision again. Lines that are no actions are reported with their place and get no decision; the others are decided.

With --override, an action that policies block passes when your role reaches the authority of every one of them, whatever
its line says of a role. The decision keeps who asked and why, the audit has an entry of its own; where the role is too low
the action stays blocked, and the exit code is 7.

With --resume a pending decision that was approved (autopilot approve) is decided anew: its action in its recorded
context, now. The guards that were approved let it pass; everything else is checked as ever, and what grew since (its
risk, or the approval that it needs) makes it pending again. The approval is used up. The line says resumes.

The result of a decision is allowed, modified (do the action as changed), pending (it needs approval) or blocked.

EXAMPLES
  autopilot decide < actions.jsonl > decisions.jsonl
  autopilot decide --dry-run --format text < actions.jsonl
  autopilot decide --context now.json --exit-code < action.json
)";

class Decide : public cli::Invocation {
 public:
  explicit Decide(cli::Options& o) {
    o.option("--context FILE", context_, "context for lines that carry none", cli::Hint::file);
    o.option(
        "--run ID", run_,
        "name of the run that `per: run` limits count in (each invocation its own by default)");
    o.flag("--input-time", input_time_,
           "take a context's time as the time of the decision (imports, tests)");
    o.flag("--exit-code", exit_code_,
           "exit 1 when an action is blocked, else 4 when one is pending");
    o.flag("--dry-run", dry_run_, "decide, but record and use up nothing");
    o.option("--resume ID", resume_, "decide a pending decision anew that was approved",
             cli::Hint::decision);
    o.flag("--override", override_,
           "let blocked actions pass if your role allows it; needs --reason");
    o.option("--reason TEXT", reason_, "why, for --override");
  }

  cli::Exit run(cli::Context& context) override {
    if (override_ != !reason_.empty()) {
      throw Error(ErrorKind::usage, "--override and --reason go together",
                  "say why with --reason TEXT");
    }
    if (!resume_.empty()) return resume(context);
    state::Store& store = context.store();
    state::PolicySets policies(store);
    if (policies.current(context.world.clock.now())->policies().empty()) {
      context.inform(
          "warning: no policy is applied, so nothing is blocked; apply some with `autopilot "
          "apply`");
    }
    decide::Recorder recorder(store.database(), context.world, policies, settings(context));
    if (lines_out(context)) context.write("{\"schema\":\"autopilot.decision/v1\"}\n");
    decide::LineSource source(context.world.files);
    std::vector<decide::InputLine> lines;
    while (source.next(lines)) decide_batch(context, recorder, lines);
    context.inform(decide::tally_text(recorder.tally(), faults_, dry_run_));
    return exit_of(recorder.tally());
  }

 private:
  // json means one object a line here, too: a stream has no end to close a list at.
  static bool lines_out(const cli::Context& context) { return context.globals.format != "text"; }

  // One decision that waited, instead of actions from standard input.
  cli::Exit resume(cli::Context& context) {
    if (override_ || dry_run_ || input_time_ || !context_.empty()) {
      throw Error(ErrorKind::usage,
                  "--resume takes the recorded action and context, now, and records the decision",
                  "leave out --override, --dry-run, --input-time and --context");
    }
    state::Approvals approvals = approvals_of(context);
    state::Store& store = approvals.store();
    state::PolicySets policies(store);
    decide::Recorder recorder(store.database(), context.world, policies, settings(context));
    const std::string recorded = decide::Archive(store.database()).find(resume_);
    const std::string line =
        state::resume_decision(approvals, recorder, recorded, who_asks(context)) + "\n";
    if (lines_out(context)) {
      context.write("{\"schema\":\"autopilot.decision/v1\"}\n" + line);
    } else {
      context.show(decide::summarise_lines(line));
    }
    return exit_of(recorder.tally());
  }

  void decide_batch(cli::Context& context, decide::Recorder& recorder,
                    const std::vector<decide::InputLine>& lines) {
    out_.clear();
    std::vector<decide::LineFault> faults;
    recorder.decide(lines, out_, faults);
    if (lines_out(context)) {
      context.write(out_);
    } else {
      context.show(decide::summarise_lines(out_));
    }
    context.flush();
    faults_ += faults.size();
    if (faults.empty()) return;
    Diagnostics diagnostics;
    for (const decide::LineFault& fault : faults) add_fault(diagnostics, lines, fault);
    context.show_diagnostics(diagnostics);
  }

  static void add_fault(Diagnostics& diagnostics, const std::vector<decide::InputLine>& lines,
                        const decide::LineFault& fault) {
    if (diagnostics.all().size() >= Diagnostics::kLimit) return;
    const auto line =
        std::find_if(lines.begin(), lines.end(), [&](auto& l) { return l.number == fault.line; });
    const std::uint32_t source = diagnostics.sources().add("<stdin>", std::string(line->text),
                                                           static_cast<std::uint32_t>(fault.line));
    diagnostics.error("bad-action", {source, fault.offset, fault.offset}, fault.message);
  }

  decide::RecorderSettings settings(cli::Context& context) {
    decide::RecorderSettings out;
    out.run = run_.empty() ? decide::new_run(context.world) : run_;
    out.actor = context.actor();
    out.role = context.actor_role();
    out.identity = who_asks(context).identity;
    out.input_time = input_time_;
    out.dry_run = dry_run_;
    if (!context_.empty()) {
      const std::string text = context.world.files.read(context_);
      if (!parse_json_or_throw(text, context_).is_map()) {
        throw Error(ErrorKind::invalid,
                    fmt::format("{}: a context must be a JSON object", context_));
      }
      out.base_context = std::string(trim(text));
    }
    if (override_) {
      out.override_by = {out.actor, policy::parse_role(out.role).value_or(policy::Role::viewer),
                         reason_};
    }
    return out;
  }

  cli::Exit exit_of(const decide::Tally& tally) const {
    if (tally.refused_overrides > 0) return cli::Exit::denied;
    if (faults_ > 0) return cli::Exit::no;
    if (!exit_code_) return cli::Exit::ok;
    if (tally.blocked > 0) return cli::Exit::no;
    return tally.pending > 0 ? cli::Exit::approval : cli::Exit::ok;
  }

  std::string context_;
  std::string run_;
  std::string reason_;
  std::string resume_;
  bool input_time_ = false;
  bool exit_code_ = false;
  bool dry_run_ = false;
  bool override_ = false;
  std::size_t faults_ = 0;
  std::string out_;  // of one batch; keeps its memory for the next
};

}  // namespace

extern const cli::Command decide{"decide",
                                 "Decide on proposed actions and record the decisions",
                                 kDecideDetails,
                                 cli::bind<Decide>,
                                 {"jsonl", "json", "text"}};

}  // namespace autopilot::commands
