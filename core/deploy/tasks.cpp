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

Placeholders names_of(const Rollout& r, const Slot& canary) {
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

  TaskResult check(const CheckModel& check, const Rollout& r, const Slot& canary) override {
    if (!check.argv.empty()) return command(check.argv, check.timeout, r, canary);
    HttpRequest request;
    request.url = fill(check.url, names_of(r, canary));
    request.timeout = check.timeout;
    request.closes_connection = true;
    const HttpResult result = world_.http.send(request);
    if (!result.ok()) return {false, result.why, {}};
    const bool ok = result.response.status == check.status;
    return {
        ok,
        ok ? ""
           : fmt::format("{} answered {}, not {}", check.url, result.response.status, check.status),
        {}};
  }

  TaskResult hook(const std::vector<std::string>& argv, const Rollout& r,
                  const Slot& canary) override {
    return command(argv, kHookTime, r, canary);
  }

  TaskResult smoke(const std::string& file, const Rollout& r, const Slot& canary) override {
    return result_of(smoke_step(file, names_of(r, canary), world_, secrets_));
  }
  TaskResult load(const Value& spec, const Rollout& r, const Slot& canary,
                  const std::function<void()>& on_second) override {
    return result_of(
        load_step(spec, names_of(r, canary), world_, [&](const LoadResult&) { on_second(); }));
  }

 private:
  static TaskResult result_of(StepAnswer answer) {
    return {answer.ok, std::move(answer.why), std::move(answer.data)};
  }

  TaskResult command(const std::vector<std::string>& argv, Duration timeout, const Rollout& r,
                     const Slot& canary) {
    std::vector<std::string> words;
    for (const std::string& word : argv) words.push_back(fill(word, names_of(r, canary)));
    CaptureLimits limits;
    limits.time = timeout;
    const Captured captured = world_.processes.capture(words, "", limits);
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

std::unique_ptr<Tasks> make_tasks(World& world, Secrets* secrets) {
  return std::make_unique<WorldTasks>(world, secrets);
}

Placeholders placeholders_of(const Rollout& rollout, const Slot& canary) {
  return names_of(rollout, canary);
}

}  // namespace autopilot::deploy
