// autopilot backtest counterfactual: several policies or rewards on the same log, by name.
#include <map>

#include "cli/command.h"
#include "commands/arm_options.h"
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
      const evaluate::BacktestStory story{scenario.question.log.paths, scenario.question.spec.alpha,
                                          force_};
      const evaluate::Mapping given = scenario.question.log.given();
      results.push_back(
          {scenario.name, evaluate::answer(std::move(scenario.question), files), story});
      understood.merge(evaluate::found_columns(given, results.back().answer->log.columns));
      refused = refused || evaluate::is_refused(results.back().answer->backtest, story);
    }
    tell_understood(context, understood);
    context.show(evaluate::describe_scenarios(results));
    return refused ? cli::Exit::outside : cli::Exit::ok;
  }

 private:
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
