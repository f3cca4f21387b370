// autopilot backtest counterfactual: several policies or rewards on the same log, by name.
#include <map>

#include "cli/command.h"
#include "commands/arm_options.h"
#include "commands/rules.h"
#include "core/evaluate/scenarios.h"

namespace autopilot::commands {
namespace {

constexpr char kCounterfactualDetails[] =
    R"(Runs the backtests that a file names and compares them. What stands at the top holds for all scenarios; each may say
otherwise.

  logs: [day-*.jsonl.zst]
  columns: {action: item_id, reward: click}
  context: [device, age]
  estimators: [snips, dr, sndr]
  scenarios:
    - {name: even, target: uniform}
    - {name: new, target: weights.json}
    - {name: new against even, target: weights.json, baseline: uniform}
    - {name: new on margin, target: weights.json, reward: revenue - 0.1 * cost}
    - {name: stricter, policies: stricter/, action_type: route.update_weight}

A scenario with policies asks what these would have let through, as backtest --policies does: its target is what they let
through, and of the estimators that stand at the top it has ips and snips.

A scenario is told by sndr, snips or dr, whichever it has first; --json has all. p-values are corrected for being many
(Holm).

EXAMPLES
  autopilot backtest counterfactual scenarios.yaml

EXIT STATUS
  0 there are estimates for all; 1 the file or a log is wrong; 8 a log cannot tell
)";

class Counterfactual : public cli::Invocation {
 public:
  explicit Counterfactual(cli::Options& o) {
    o.argument("SCENARIOS", file_, "YAML that names the backtests", cli::Hint::file, true);
    o.flag("--force", force_, "show estimates that should not be trusted");
  }

  cli::Exit run(cli::Context& context) override {
    Files& files = context.world.files;
    const std::string text = file_ == "-" ? files.read_all_stdin() : files.read(file_);
    std::vector<evaluate::Scenario> scenarios =
        evaluate::read_scenarios(text, file_, context.diagnostics);
    for (evaluate::Scenario& scenario : scenarios)
      evaluate::load_weights(scenario.question, files, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return cli::Exit::no;
    std::vector<evaluate::ScenarioResult> results;
    bool refused = false;
    std::map<std::string, std::string> understood;
    for (evaluate::Scenario& scenario : scenarios) {
      std::unique_ptr<evaluate::Governor> governor;
      if (!scenario.policies.empty()) {
        governor = governor_of(context, scenario);
        if (!governor) return cli::Exit::no;
        scenario.question.log.judge = governor.get();
        scenario.question.target = scenario.policies;
      }
      const evaluate::BacktestStory story{scenario.question.log.paths, scenario.question.spec.alpha,
                                          force_};
      const evaluate::Mapping given = scenario.question.log.given();
      std::unique_ptr<evaluate::Answer> answer =
          evaluate::answer(std::move(scenario.question), files);
      if (governor) evaluate::doubt_failures(*governor, *answer, answer->backtest);
      results.push_back({scenario.name, std::move(governor), std::move(answer), story});
      understood.merge(evaluate::found_columns(given, results.back().answer->log.columns));
      refused = refused || evaluate::is_refused(results.back().answer->backtest, story);
    }
    tell_understood(context, understood);
    context.show(evaluate::describe_scenarios(results));
    return refused ? cli::Exit::outside : cli::Exit::ok;
  }

 private:
  // Null when the policies have faults, which are shown.
  static std::unique_ptr<evaluate::Governor> governor_of(cli::Context& context,
                                                         const evaluate::Scenario& scenario) {
    const std::optional<decide::Rules> rules = rules_of(context, scenario.policies);
    if (!rules) return nullptr;
    return std::make_unique<evaluate::Governor>(decide::compile_rules(*rules), scenario.as,
                                                context.world.clock.now());
  }

  std::string file_;
  bool force_ = false;
};

}  // namespace

extern const cli::Command backtest_counterfactual{"backtest counterfactual",
                                                  "Compare named backtests of the same logs",
                                                  kCounterfactualDetails,
                                                  cli::bind<Counterfactual>,
                                                  {"text", "json", "markdown", "html"}};

}  // namespace autopilot::commands
