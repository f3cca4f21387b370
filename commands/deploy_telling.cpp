#include "commands/deploy_telling.h"

#include <fmt/format.h>

#include <memory>

#include "core/base/error.h"

namespace autopilot::commands {
namespace {

constexpr Duration kQuiet = Duration::seconds(5);  // a shorter wait is not worth a line

std::string without_digits(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c < '0' || c > '9') out += c;
  }
  return out;
}

class Telling {
 public:
  Telling(cli::Context& context, deploy::Journal& journal, std::string rollout)
      : context_(context), journal_(journal), rollout_(std::move(rollout)) {
    told_ = journal_.events(rollout_).size();
  }

  void look(const deploy::Rollout& r) {
    const std::vector<deploy::JournalEvent> all = journal_.events(rollout_);
    for (; told_ < all.size(); ++told_) say(all[told_].at, all[told_].text);
    tell_waiting(r);
  }

 private:
  void say(Instant at, const std::string& text) {
    context_.inform(fmt::format("{}  {}", format_rfc3339({at.seconds, 0}), text));
  }

  // What keeps it from going on, once, though its numbers change. A gate tells by itself.
  void tell_waiting(const deploy::Rollout& r) {
    const Instant now = context_.world.clock.now();
    const std::string& why = r.failing_since ? r.failing_why : r.waiting;
    std::string kind = without_digits(why);
    if (kind != waits_for_) {
      waits_for_ = std::move(kind);
      since_ = now;
      is_told_ = false;
    }
    if (why.empty() || is_told_ || !r.at_gate.empty() || now - since_ < kQuiet) return;
    is_told_ = true;
    say(now, (r.failing_since ? "it is tried again: " : "it waits: ") + why);
  }

  cli::Context& context_;
  deploy::Journal& journal_;
  std::string rollout_, waits_for_;
  std::size_t told_ = 0;
  Instant since_;
  bool is_told_ = false;
};

void tell_who_goes_on(cli::Context& context, deploy::Journal& journal,
                      const std::string& rollout) try {
  const deploy::Rollout r = journal.load(rollout);
  if (r.is_over()) return;
  context.inform(fmt::format("{} stays where it is, with {}: {} goes on", r.id,
                             deploy::to_text(r.routing()), words_to_go_on(r)));
} catch (const Error&) {
  // What ended the rollout's run is worth more.
}

}  // namespace

std::string words_to_go_on(const deploy::Rollout& r) {
  return fmt::format("autopilot deploy run {}{}", r.deployment,
                     r.environment.empty() ? "" : " --env " + r.environment);
}

deploy::RunnerSettings telling(cli::Context& context, deploy::Journal& journal,
                               const std::string& rollout) {
  deploy::RunnerSettings settings;
  settings.watch =
      [all = std::make_shared<Telling>(context, journal, rollout)](const deploy::Rollout& r) {
        all->look(r);
        return true;
      };
  return settings;
}

deploy::Rollout told_when_interrupted(cli::Context& context, deploy::Journal& journal,
                                      const std::string& rollout,
                                      const std::function<deploy::Rollout()>& act) {
  try {
    return act();
  } catch (const Error& error) {
    const bool is_full = error.kind() == ErrorKind::storage;  // and can be read all the same
    if (error.kind() == ErrorKind::interrupted || is_full)
      tell_who_goes_on(context, journal, rollout);
    throw;
  }
}

}  // namespace autopilot::commands
