// autopilot deploy watch: a rollout as it goes, in the terminal.
#include <fmt/format.h>

#include "commands/deploy.h"
#include "core/base/error.h"
#include "core/deploy/watch_view.h"

namespace autopilot::commands {
namespace {

constexpr Duration kDraw = Duration::seconds(1);
constexpr Duration kAnswer = Duration::milliseconds(200);  // after a key
constexpr char kInterrupt = 3;                             // Ctrl-C

constexpr char kWatchDetails[] =
    R"(Shows a rollout and its metrics, drawn anew each second, until it is over. It only looks: deploy run or deploy
tick carry the rollout on. Where there is no terminal it prints each event as a line.

Where none is under way yet, the last one is shown in a terminal until the next begins; that is followed then, and those
after it, until q. --follow does so in any case: after the rollout that is under way, and without a terminal.

KEYS
  p  promote, as deploy promote does: open the gate that it waits at, or approve what it waits for
  a  abort: take everything back (asks once more)
  q  quit; the rollout goes on. So does Ctrl-C

A window that is too small shows what matters most, and how many lines are hidden.

EXAMPLES
  autopilot deploy watch shop
  autopilot deploy watch shop --follow

EXIT STATUS
  as deploy status; 130 after Ctrl-C.
)";

class DeployWatch final : public cli::Invocation {
 public:
  explicit DeployWatch(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, true);
    o.option("--env NAME", environment_, "environment of the Deployment");
    o.flag("--follow", follows_, "stay for the rollouts that come");
  }

  cli::Exit run(cli::Context& context) override {
    context.enter_root();
    state::Store& store = context.existing_store();
    deploy::Journal journal(store.database(), context.world);
    at_ = deploy::place_of(deploy::find_deployment(store, name_), environment_);
    const bool is_terminal = context.world.environment.is_terminal(1);
    if (is_terminal || follows_) await_first(context, journal);
    id_ = newest_rollout(journal, at_);
    if (!is_terminal) return follow(context, journal);
    screen_ = context.world.environment.open_screen();
    if (screen_ == nullptr) return follow(context, journal);
    follows_ |= journal.load(id_).is_over();
    const bool interrupted = !view(context, journal);
    screen_.reset();
    const cli::Exit exit = show_rollout(context, journal, journal.load(id_));
    return interrupted ? cli::Exit::interrupted : exit;
  }

 private:
  void await_first(cli::Context& context, deploy::Journal& journal) {
    if (has_rollout(journal, at_)) return;
    context.inform(at_.text() + " was never deployed: waiting for its first rollout");
    while (!has_rollout(journal, at_)) context.world.clock.sleep(kDraw);
    follows_ = true;
  }

  cli::Exit follow(cli::Context& context, deploy::Journal& journal) {
    std::size_t told = 0;
    for (;;) {
      const std::vector<deploy::JournalEvent> events = journal.events(id_);
      for (; told < events.size(); ++told)
        context.write(fmt::format("{}  {}\n", format_rfc3339({events[told].at.seconds, 0}),
                                  events[told].text));
      context.flush();
      const deploy::Rollout r = journal.load(id_);
      if (r.is_over() && !follows_) return exit_of(r);
      if (r.is_over() && go_on_to_next(journal)) told = 0;
      context.world.clock.sleep(kDraw);
    }
  }

  // Whether another rollout has begun, which is the one to follow now.
  bool go_on_to_next(deploy::Journal& journal) {
    const std::string newest = newest_rollout(journal, at_);
    if (newest == id_) return false;
    id_ = newest;
    message_.clear();
    asked_ = 0;
    asks_ = false;
    return true;
  }

  // Until the rollout is over, where no other is to follow, or the user leaves; false when they
  // were interrupted.
  bool view(cli::Context& context, deploy::Journal& journal) {
    for (;;) {
      deploy::Rollout r = journal.load(id_);
      if (r.is_over() && follows_ && go_on_to_next(journal)) r = journal.load(id_);
      if (r.is_over() && follows_) message_ = "it is over: waiting for the next rollout";
      draw(context, journal, r);
      if (r.is_over() && !follows_) return true;
      const Screen::Woken woken = screen_->wait(asked_ > 0 ? kAnswer : kDraw);
      if (woken.ended) return false;
      for (const char key : woken.keys) {
        if (key == 'q') return true;
        if (key == kInterrupt) return false;
        if (!r.is_over()) press(context, journal, key);
      }
    }
  }

  void press(cli::Context& context, deploy::Journal& journal, char key) {
    const bool confirmed = key == 'y' && asks_;
    asks_ = key == 'a';
    message_ = asks_ ? "take everything back? y to confirm" : "";
    if (key == 'p') ask(context, journal, "promote");
    if (confirmed) ask(context, journal, "abort");
  }

  void ask(cli::Context& context, deploy::Journal& journal, const std::string& kind) {
    if (!context.has_role(policy::Role::operator_)) {
      message_ = fmt::format("{} takes the role operator", kind);
      return;
    }
    deploy::Request request;
    request.kind = kind;
    request.actor = context.actor();
    request.role = context.actor_role();
    request.reason = "from deploy watch";
    if (kind == "promote" && !approves(context, journal, request.reason)) return;
    asked_ = journal.ask(id_, request);
    message_ = kind + ": asked";
    if (!journal.holder(at_)) act(context, journal);
  }

  // False when approvals refuse it; the view says why.
  bool approves(cli::Context& context, deploy::Journal& journal, const std::string& reason) {
    try {
      approve_awaited(context, journal.load(id_), reason);
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::bug) throw;
      message_ = error.what();
      return false;
    }
  }

  // Nobody runs the rollout: what was asked is done here, and seen.
  void act(cli::Context& context, deploy::Journal& journal) {
    deploy::RunnerSettings settings;
    settings.at_point = [&](std::string_view) { draw(context, journal, journal.load(id_)); };
    try {
      with_runner(context, journal, id_, settings, [](deploy::Runner& r) { r.act(); });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::bug) throw;
      message_ = error.what();
    }
  }

  void draw(cli::Context& context, deploy::Journal& journal, const deploy::Rollout& r) {
    if (const auto answer = asked_ > 0 ? journal.answer_to(asked_) : std::nullopt) {
      message_ = answer->text;
      asked_ = 0;
    }
    const deploy::Strategy strategy(r, judge_function());
    deploy::StatusFacts facts = status_facts(context, journal, r);
    const Instant last = r.last_row.value_or(facts.now);
    const deploy::Watched seen{r, strategy, std::move(facts),
                               journal.samples(id_, last - deploy::watched_time(strategy)),
                               message_};
    context.write(deploy::drawn(deploy::watch_frame(seen, context.style(), screen_->size())));
    context.flush();
  }

  std::string name_, environment_, id_, message_;
  deploy::Place at_;
  std::unique_ptr<Screen> screen_;
  std::int64_t asked_ = 0;
  bool asks_ = false;
  bool follows_ = false;
};

}  // namespace

extern const cli::Command deploy_watch{
    "deploy watch", "Watch a rollout in the terminal", kWatchDetails, cli::bind<DeployWatch>, {}};

}  // namespace autopilot::commands
