// Checks, hooks, smoke tests and load as the World does them: words to programs as they are, one
// request to a URL.
#include "core/deploy/tasks.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/deploy/placeholders.h"
#include "core/deploy/spec.h"
#include "core/deploy/step_tasks.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kHookTime = Duration::seconds(60);

std::string first_line(std::string_view text) {
  const std::string_view trimmed = trim(text);
  return std::string(trimmed.substr(0, std::min(trimmed.find('\n'), std::size_t{200})));
}

std::string end_of(const Captured& c) {
  switch (c.end) {
    case Captured::End::exited:
      return fmt::format("exit status {}", c.status);
    case Captured::End::killed:
      return fmt::format("ended by signal {}", c.status);
    case Captured::End::timed_out:
      return "it took too long";
    case Captured::End::too_long:
      return "it wrote too much";
    case Captured::End::not_started:
      return "it cannot be started";
  }
  return "";
}

class WorldTasks final : public Tasks {
 public:
  WorldTasks(World& world, Secrets* secrets) : world_(world), secrets_(secrets) {}

  TaskResult check(const CheckModel& check, const TaskCall& call) override {
    if (!check.argv.empty()) return command(check.argv, check.timeout, call);
    HttpRequest request;
    request.url = fill(check.url, call.words);
    request.timeout = check.timeout;
    request.closes_connection = true;
    StoppableWorld stoppable(world_, call.stop);
    const HttpResult result = stoppable.world().http.send(request);
    if (!result.ok()) return {false, result.why, {}};
    const bool ok = result.response.status == check.status;
    return {
        ok,
        ok ? ""
           : fmt::format("{} answered {}, not {}", check.url, result.response.status, check.status),
        {}};
  }

  TaskResult hook(const std::vector<std::string>& argv, const TaskCall& call) override {
    return command(argv, kHookTime, call);
  }

  TaskResult smoke(const std::string& file, const TaskCall& call) override {
    StoppableWorld stoppable(world_, call.stop);
    return result_of(smoke_step(file, call.words, stoppable.world(), secrets_));
  }
  TaskResult load(const Value& spec, const TaskCall& call) override {
    StoppableWorld stoppable(world_, call.stop);
    return result_of(load_step(spec, call.words, stoppable.world()));
  }

 private:
  static TaskResult result_of(StepAnswer answer) {
    return {answer.ok, std::move(answer.why), std::move(answer.data)};
  }

  TaskResult command(const std::vector<std::string>& argv, Duration timeout, const TaskCall& call) {
    std::vector<std::string> words;
    for (const std::string& word : argv) words.push_back(fill(word, call.words));
    CaptureLimits limits;
    limits.time = timeout;
    StoppableWorld stoppable(world_, call.stop);
    const Captured captured = stoppable.world().processes.capture(words, "", limits);
    if (captured.ok()) return {true, "", {}};
    const std::string said = first_line(captured.err.empty() ? captured.out : captured.err);
    return {
        false,
        fmt::format("{}: {}{}{}", words.front(), end_of(captured), said.empty() ? "" : ": ", said),
        {}};
  }

  World& world_;
  Secrets* const secrets_;
};

}  // namespace

Placeholders task_words(const Rollout& r, const Slot& canary) {
  return {{"version", r.version},
          {"previous", r.previous},
          {"slot", canary.name},
          {"port", std::to_string(canary.port)},
          {"host", host_in_url(canary)},
          {"deployment", r.deployment},
          {"environment", r.environment},
          {"rollout", r.id},
          {"cause", r.cause}};
}

std::unique_ptr<Tasks> make_tasks(World& world, Secrets* secrets) {
  return std::make_unique<WorldTasks>(world, secrets);
}

}  // namespace autopilot::deploy
