// autopilot deploy watch: a rollout as it goes, in the terminal.
#include <fmt/format.h>

#include <algorithm>

#include "commands/deploy.h"
#include "core/base/error.h"
#include "core/deploy/sparkline.h"

namespace autopilot::commands {
namespace {

constexpr Duration kLook = Duration::milliseconds(200);
constexpr int kLooksToDraw = 5;
constexpr std::size_t kBars = 60;

constexpr char kWatchDetails[] =
    R"(Shows a rollout and its metrics, drawn anew each second, until it is over. It only looks: deploy run or deploy
tick carry the rollout on. Where there is no terminal it prints each event as a line.

KEYS
  p  promote: open the gate that it waits at
  a  abort: take everything back (asks once more)
  q  quit; the rollout goes on

EXAMPLES
  autopilot deploy watch shop

EXIT STATUS
  as deploy status.
)";

// Keys one by one and unseen, as long as it lives; what the terminal was is put back.
class Keys {
 public:
  explicit Keys(World& world) : world_(world) {
    CaptureLimits limits;
    limits.at_terminal = true;
    const Captured was = world_.processes.capture({"stty", "-F", "/dev/tty", "-g"}, "", limits);
    if (!was.ok()) return;
    was_ = was.out.substr(0, was.out.find('\n'));
    world_.processes.capture({"stty", "-F", "/dev/tty", "-icanon", "-echo", "min", "0"}, "",
                             limits);
  }
  ~Keys() {
    if (was_.empty()) return;
    CaptureLimits limits;
    limits.at_terminal = true;
    world_.processes.capture({"stty", "-F", "/dev/tty", was_}, "", limits);
  }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  char next() {
    if (rest_.empty() && world_.files.stdin_ready()) rest_ = world_.files.read_stdin();
    if (rest_.empty()) return 0;
    const char key = rest_.front();
    rest_.erase(0, 1);
    return key;
  }

 private:
  World& world_;
  std::string was_, rest_;
};

class DeployWatch final : public cli::Invocation {
 public:
  explicit DeployWatch(cli::Options& o) {
    o.argument("NAME", name_, "id of an applied Deployment", cli::Hint::document, true);
    o.option("--env NAME", environment_, "environment of the Deployment");
  }

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    deploy::Journal journal(store.database(), context.world);
    const deploy::Place at = deploy::place_of(deploy::find_deployment(store, name_), environment_);
    id_ = newest_rollout(journal, at);
    if (!context.world.environment.is_terminal(1)) return follow(context, journal);
    return view(context, journal);
  }

 private:
  cli::Exit follow(cli::Context& context, deploy::Journal& journal) {
    std::size_t told = 0;
    for (;;) {
      const std::vector<deploy::JournalEvent> events = journal.events(id_);
      for (; told < events.size(); ++told)
        context.write(fmt::format("{}  {}\n", format_rfc3339({events[told].at.seconds, 0}),
                                  events[told].text));
      context.flush();
      const deploy::Rollout r = journal.load(id_);
      if (r.is_over()) return exit_of(r);
      context.world.clock.sleep(Duration::seconds(1));
    }
  }

  cli::Exit view(cli::Context& context, deploy::Journal& journal) {
    Keys keys(context.world);
    context.write("\x1b[?1049h\x1b[?25l");
    cli::Exit exit = cli::Exit::ok;
    for (int look = 0;; ++look) {
      const char key = keys.next();
      const bool quits = key == 'q' || key == 3;
      if (key != 0) press(context, journal, key);
      if (look % kLooksToDraw == 0 || key != 0) {
        const deploy::Rollout r = journal.load(id_);
        exit = exit_of(r);
        draw(context, journal, r);
        if (r.is_over()) break;
      }
      if (quits) break;
      context.world.clock.sleep(kLook);
    }
    context.write("\x1b[?25h\x1b[?1049l");
    context.flush();
    show_rollout(context, journal, journal.load(id_));
    return exit;
  }

  void press(cli::Context& context, deploy::Journal& journal, char key) {
    const bool confirmed = key == 'y' && asks_;
    asks_ = key == 'a';
    if (key == 'a') message_ = "take everything back? y to confirm";
    if (key != 'p' && !confirmed) return;
    if (!context.has_role(policy::Role::operator_)) {
      message_ = "that takes the role operator";
      return;
    }
    deploy::Request request;
    request.kind = key == 'p' ? "promote" : "abort";
    request.actor = context.actor();
    request.role = context.actor_role();
    request.reason = "from deploy watch";
    asked_ = journal.ask(id_, request);
    message_ = request.kind + " asked";
  }

  void draw(cli::Context& context, deploy::Journal& journal, const deploy::Rollout& r) {
    const deploy::Strategy strategy(r, judge_function());
    if (asked_ > 0) {
      if (const auto answer = journal.answer_to(asked_)) {
        message_ = answer->text;
        asked_ = 0;
      }
    }
    render::Report report = deploy::describe_status(
        r, strategy,
        {journal.holder({r.deployment, r.environment}), {}, context.world.clock.now()});
    const Duration shown{strategy.model.interval.nanos * static_cast<std::int64_t>(kBars)};
    const Instant last = r.last_row.value_or(context.world.clock.now());
    report.text.emplace_back(
        deploy::sparklines(strategy.model, journal.samples(id_, last - shown), kBars));
    const std::vector<deploy::JournalEvent> events = journal.events(id_);
    render::Lines lines;
    for (std::size_t i = events.size() > 5 ? events.size() - 5 : 0; i < events.size(); ++i)
      lines.lines.emplace_back(
          fmt::format("{}  {}", format_rfc3339({events[i].at.seconds, 0}), events[i].text));
    report.text.emplace_back(std::move(lines));
    report.text.emplace_back(render::Lines{
        {fmt::format("p promote  a abort  q quit{}{}", message_.empty() ? "" : "    ", message_)}});
    std::string text = "\x1b[H";
    for (const char c : render::report_text(report, context.style())) {
      if (c == '\n') text += "\x1b[K";
      text += c;
    }
    context.write(text + "\x1b[J");
    context.flush();
  }

  std::string name_, environment_, id_, message_;
  std::int64_t asked_ = 0;
  bool asks_ = false;
};

}  // namespace

extern const cli::Command deploy_watch{
    "deploy watch", "Watch a rollout in the terminal", kWatchDetails, cli::bind<DeployWatch>, {}};

}  // namespace autopilot::commands
