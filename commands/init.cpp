// autopilot init: a small project that works, to start from. Never overwrites anything.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"

namespace autopilot::commands {
namespace {

constexpr char kInitDetails[] =
    R"(Writes autopilot.yaml and a folder policies with two commented policies into DIR, the current folder by default.
Files that exist are kept as they are. In a folder that has an autopilot.yaml already it writes nothing and exits 1.

EXAMPLES
  autopilot init
  autopilot init shop && cd shop && autopilot validate
)";

struct InitialFile {
  const char* path;
  const char* text;
};

constexpr char kProjectText[] =
    R"(# The project. Everything here has a default; `autopilot schema Project` lists all fields.

# Where documents are.
paths: [policies]

# Action types of your own, beside route.update_weight, route.pause, destination.pause, budget.shift and
# deploy.set_weight. An action of a type that nobody declared is blocked.
#action_types: [email.send]

# Declaring metrics lets validate find misspelt names. Without a declaration every name is accepted.
#metrics: {cvr_1h: double, visits_1h: double}

# A plan that updates or deletes more than this share of at least that many documents needs --allow-large.
#plan: {max_change_share: 30%, min_documents: 10}
)";

constexpr char kTrafficText[] =
    R"yaml(# Keeps automatic traffic moves small and slow. Conditions are CEL (https://cel.dev).
apiVersion: autopilot/v1
kind: Policy
metadata:
  id: traffic-safety
spec:
  description: no large or fast traffic moves

  # monitor records what the policy would do and changes nothing: a safe way to start.
  mode: enforce

  # Mutations change the proposed action, in this order.
  mutations:
    - name: bounds
      for: route.update_weight
      field: weight
      clamp: [0.01, 0.8]
    - name: step
      for: route.update_weight
      field: weight
      max_delta: 0.15
      from: old_weight

  # Guards see the action after the mutations: deny and require block it, approve makes it wait for a person.
  guards:
    - name: fields
      for: route.update_weight
      require: [weight, old_weight]
    - name: two-man
      for: route.update_weight
      approve: risk > 0.35
    - name: explain
      warn: "!has(action.data.explain)"
      message: the action does not say why

  # Limits count what was allowed in a sliding window of time.
  limits:
    - name: hourly
      max: 100
      per: 1h
      key: action.algorithm
)yaml";

constexpr char kPauseText[] = R"yaml(# Lets automation pause a few destinations a day, no more.
apiVersion: autopilot/v1
kind: Policy
metadata:
  id: pause-budget
spec:
  description: at most two pauses a day for each algorithm
  limits:
    - name: daily
      for: [destination.pause, route.pause]
      max: 2
      per: 1d
      key: action.algorithm
)yaml";

constexpr InitialFile kInitialFiles[] = {{"policies/traffic-safety.yaml", kTrafficText},
                                         {"policies/pause-budget.yaml", kPauseText},
                                         // Last, since it makes the folder a project.
                                         {"autopilot.yaml", kProjectText}};

class Init : public cli::Invocation {
 public:
  explicit Init(cli::Options& o) {
    o.argument("DIR", directory_, "folder of the project", cli::Hint::directory);
  }

  cli::Exit run(cli::Context& context) override {
    Files& files = context.world.files;
    if (files.exists(path_of("autopilot.yaml"))) {
      throw Error(ErrorKind::invalid, fmt::format("{} exists already", path_of("autopilot.yaml")),
                  "autopilot validate checks the project");
    }
    files.make_directories(path_of("policies"));
    List written, kept;
    for (const InitialFile& file : kInitialFiles) {
      const std::string path = path_of(file.path);
      const bool exists = files.exists(path);
      if (!exists) files.create(path, file.text);
      (exists ? kept : written).push_back(path);
    }
    context.show(describe(written, kept));
    return cli::Exit::ok;
  }

 private:
  std::string path_of(std::string_view name) const {
    if (directory_.empty() || directory_ == ".") return std::string(name);
    return directory_.back() == '/' ? directory_ + std::string(name)
                                    : fmt::format("{}/{}", directory_, name);
  }

  render::Report describe(const List& written, const List& kept) const {
    render::Report report{"autopilot.init/v1", {{"written", written}, {"kept", kept}}, {}};
    render::Lines lines;
    for (const Value& path : written) lines.lines.push_back("wrote " + path.as_string());
    for (const Value& path : kept)
      lines.lines.push_back(path.as_string() + " exists already and was kept");
    report.text.push_back(std::move(lines));
    const std::string enter =
        directory_.empty() || directory_ == "." ? "" : fmt::format("cd {}, then ", directory_);
    report.text.push_back(
        render::Paragraph{fmt::format("Next: {}autopilot validate, and autopilot apply.", enter)});
    return report;
  }

  std::string directory_ = ".";
};

}  // namespace

extern const cli::Command init{
    "init", "Start a project with a few policies", kInitDetails, cli::bind<Init>, {}};

}  // namespace autopilot::commands
