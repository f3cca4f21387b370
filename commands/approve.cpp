// autopilot approve: says yes to a request, with a signature if wanted, here or away from the
// state.
#include <fmt/format.h>

#include "cli/command.h"
#include "commands/approving.h"
#include "core/base/error.h"
#include "core/policy/loader.h"
#include "core/state/approval_report.h"
#include "core/state/plan_report.h"
#include "core/state/waiting.h"

namespace autopilot::commands {
namespace {

constexpr char kApproveDetails[] =
    R"(Approves what waits: a plan, a pending decision or a gate. Whoever asked for it cannot approve it, under no other
name either; see it first with autopilot approvals show.

ID is the beginning of the id or digest of a request, or of the id of a decision; or a plan file, whose digest then
counts. With --sign the approval carries an SSH signature over the request, made by ssh-keygen with the namespace
autopilot; the key may be in a file, an agent or hardware. Without --key it is $AUTOPILOT_SIGNING_KEY, or the first
usual key in ~/.ssh. Where autopilot.yaml says require_signatures, only signed approvals count.

With -o nothing is recorded: the signed approval of a plan file goes to FILE, and autopilot apply --approval FILE brings
it. It needs no state, only a plan file that was made with autopilot plan --request.

EXAMPLES
  autopilot approve 3f2a9c1d77aa --note 'as agreed in the change meeting'
  autopilot approve 3f2a9c1d77aa --sign --key ~/.ssh/id_ed25519
  autopilot approve --sign change.plan -o approval.json

EXIT STATUS
  0 approved; 1 there is no such request, or it is no longer open; 7 the approval would not count.
)";

class Approve : public cli::Invocation {
 public:
  explicit Approve(cli::Options& o) {
    o.argument("ID", id_, "beginning of an id or digest, or a plan file", cli::Hint::file, true);
    o.option("--note TEXT", note_, "why, for the record");
    o.flag("--sign", sign_, "sign it with an SSH key");
    o.option("--key KEY", key_, "with --sign: file of the key, or of its public half in an agent",
             cli::Hint::file);
    o.option("-o,--out FILE", out_, "of a plan file: write the signed approval, record nothing",
             cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    if (!key_.empty() && !sign_)
      throw Error(ErrorKind::usage, "--key says something about --sign alone");
    if (!out_.empty()) {
      approve_away(context);
      return cli::Exit::ok;
    }
    state::Approvals approvals = approvals_of(context);
    const state::Who who = who_asks(context);
    const state::Waiting waiting = find(context, approvals);
    state::Signature signature;
    if (sign_) signature = signed_by(context, waiting.request(), who);
    approvals.approve(waiting, who, note_, signature);
    context.show(state::describe_verdict(
        approvals, state::find_request(approvals, waiting.request().id), "approved"));
    return cli::Exit::ok;
  }

 private:
  bool is_file(cli::Context& context) const {
    return context.world.files.exists(id_) && !context.world.files.is_directory(id_);
  }

  state::Plan plan(cli::Context& context) const {
    return state::parse_plan(context.world.files.read(id_), id_, nullptr, {});
  }

  state::Waiting find(cli::Context& context, state::Approvals& approvals) const {
    if (!is_file(context)) return state::find_request(approvals, id_);
    return state::find_request(approvals, plan(context).digest);
  }

  state::Signature signed_by(cli::Context& context, const state::Request& request,
                             const state::Who& who) const {
    return state::sign(context.world, state::signed_bytes(request, who.actor),
                       state::signing_key(context.world, key_));
  }

  // What is approved is the request that the plan file carries; the state of the project decides
  // later whether it knows that request.
  void approve_away(cli::Context& context) const {
    if (!sign_) {
      throw Error(ErrorKind::usage, "an approval that is carried elsewhere must be signed",
                  "say --sign");
    }
    if (!is_file(context)) {
      throw Error(ErrorKind::usage, fmt::format("-o goes with a plan file, and {} is none", id_),
                  "autopilot approve --sign FILE.plan -o approval.json");
    }
    state::Plan plan = this->plan(context);
    if (plan.request.empty()) {
      throw Error(ErrorKind::invalid,
                  fmt::format("the plan {} carries no request for approval", id_),
                  "save it with `autopilot plan -o FILE --request`");
    }
    const state::Request request = state::parse_body(plan.request, id_);
    if (request.kind != state::RequestKind::plan || request.digest != plan.digest) {
      throw Error(ErrorKind::invalid,
                  fmt::format("the request in {} is for something else than its plan", id_),
                  "save it anew with `autopilot plan -o FILE --request`");
    }
    const state::Who who = who_asks(context);
    // What the machine says of a signer counts for nothing elsewhere: the key does, when it is
    // used.
    if (request.author.actor == who.actor) {
      throw Error(ErrorKind::denied,
                  fmt::format("whoever asks cannot approve, and {} asked as {} ({})", who.actor,
                              request.author.actor, request.author.identity));
    }
    if (context.world.clock.now() >= request.expires) {
      throw Error(ErrorKind::invalid,
                  fmt::format("the request expired at {}", format_rfc3339(request.expires)),
                  "plan again");
    }
    const state::Signature signature = signed_by(context, request, who);
    context.world.files.write(out_,
                              state::approval_file_text(request, who.actor, note_, signature));
    add_before(context, plan);
    tell(context, plan, request, who);
  }

  // Without a state, the files here may still have what the plan replaces: then it can be shown.
  static void add_before(cli::Context& context, state::Plan& plan) {
    if (!context.in_project()) return;
    std::vector<std::string> paths;
    for (const std::string& path : context.project().paths) paths.push_back(context.in_root(path));
    Diagnostics ignored;
    const policy::LoadResult here =
        policy::load_paths(paths, context.project(), context.world.files, ignored);
    for (state::Change& change : plan.changes) {
      for (const policy::Document& document : here.documents) {
        if (document.hash == change.base && document.kind == change.kind) change.before = document;
      }
      if (change.before) change.hints = state::hints_of(change, {});
    }
  }

  void tell(cli::Context& context, const state::Plan& plan, const state::Request& request,
            const state::Who& who) const {
    render::Report report = state::describe(plan, false);
    report.schema = "autopilot.approval-signed/v1";
    report.data = Map{
        {"request", request.id}, {"digest", request.digest}, {"actor", who.actor}, {"file", out_}};
    report.text.emplace_back(render::Lines{
        {fmt::format("{} approved this plan; autopilot apply {} --approval {} brings the approval.",
                     who.actor, id_, out_)}});
    context.show(report);
  }

  std::string id_;
  std::string note_;
  bool sign_ = false;
  std::string key_;
  std::string out_;
};

}  // namespace

extern const cli::Command approve{"approve",
                                  "Approve a plan, a pending decision or a gate",
                                  kApproveDetails,
                                  cli::bind<Approve>,
                                  {}};

}  // namespace autopilot::commands
