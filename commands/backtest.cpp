// autopilot backtest: what another policy would have earned, from the log of the one that acted.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "commands/arm_options.h"
#include "commands/backtest_options.h"
#include "commands/rules.h"
#include "core/base/error.h"
#include "core/evaluate/governed.h"
#include "core/evaluate/report.h"

namespace autopilot::commands {
namespace {

constexpr char kBacktestDetails[] =
    R"(Estimates from a log of actions, their propensities and rewards what another policy would have earned, with
intervals, against what was logged or another baseline, and says whether to trust it.

A row of a log is an action that was taken, the probability with which the policy that acted took it (its propensity)
and the reward that came of it; with a position, a unit (a user), a time and a context where there are any. Columns with
the names that logs use are found; --columns says which is which. JSON members within objects are written with dots:
context.device.

With --policies the question is what policies would have let through: the engine decides on every row of the log in its
order, with the logged action as the target of an action of --action-type, the row's columns of --context as its data,
metrics (numbers) and segment (texts). ips is then what a row earns when rows held back earn nothing, snips what a row
let through earns.

An algorithm (algorithm:thompson, algorithm:kl_ucb,discount=0.999) is played along the log: it learns from the rows that
show what it would have done, by chance less often where they were likelier (rejection sampling), so that it sees what it
would have seen. replay is the mean reward of these rows; ips and snips weigh all rows by the probabilities that it gives
their actions by then; dr and the like add what a model predicts. All bandits of optimize traffic are known, and linucb,
which learns from the columns of --context.

Estimates are withheld (exit status 8) when the weights leave fewer than 100 effective rows, when one row has more than
5% of all weight, when more than 5% of what the target or the baseline does was never logged, when its probabilities do
not sum up to 1 in more than 5% of the rows, when weights are more than 20% off their mean, when the rows come from fewer
than 10 units, or when there is one action only; --force shows them.

EXAMPLES
  autopilot backtest --logs log.csv --target uniform
  autopilot backtest --logs 'day-*.jsonl.zst' --target weights.json --baseline uniform --segment device
  autopilot backtest --logs log.jsonl --target 'action:device == "mobile" ? "b" : "a"' --reward 'revenue - 0.1 * cost'
  autopilot backtest --logs log.csv --target always:b --estimator snips,dr,dros@10 --context age,device
  autopilot backtest --logs log.csv --target algorithm:thompson,discount=0.9999
  autopilot backtest --logs log.csv --policies policies/ --context cvr_1h,device

EXIT STATUS
  0 there are estimates; 1 the log or the weights are wrong; 8 the log cannot tell
)";

class BacktestCommand : public cli::Invocation {
 public:
  explicit BacktestCommand(cli::Options& o) : options_(o) {
    o.option("--policies DIR", policies_, "what these policies would have let through",
             cli::Hint::directory);
    o.option("--action-type TYPE", as_.type,
             "of rows, for --policies; route.update_weight by default");
    o.option("--algorithm NAME", as_.algorithm, "that proposed them; backtest by default");
    o.option("--html FILE", html_, "write a page with plots, which needs nothing else",
             cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    evaluate::Question question = options_.question(!policies_.empty());
    const evaluate::BacktestStory story{question.log.paths, question.spec.alpha,
                                        options_.is_forced()};
    std::optional<evaluate::Governor> governor;
    if (!policies_.empty()) {
      const std::optional<decide::Rules> rules = rules_of(context, policies_);
      if (!rules) return cli::Exit::no;
      governor.emplace(decide::compile_rules(*rules), as_, context.world.clock.now());
      question.log.judge = &*governor;
      question.target = policies_;
    }
    evaluate::load_weights(question, context.world.files, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return cli::Exit::no;
    const evaluate::Mapping given = question.log.given();
    std::unique_ptr<evaluate::Answer> answer;
    {
      const Finally cleared{context};
      answer = evaluate::answer(std::move(question), context.world.files, progress(context));
    }
    tell_understood(context, evaluate::found_columns(given, answer->log.columns));
    if (governor) evaluate::doubt_failures(*governor, *answer, answer->backtest);
    render::Report report = evaluate::describe(*answer, story);
    if (governor) evaluate::add_governed(*governor, *answer, report);
    if (!html_.empty()) {
      context.world.files.write(html_, evaluate::backtest_page(*answer, story));
      context.inform(fmt::format("wrote {}", html_));
    }
    context.show(report);
    return evaluate::is_refused(answer->backtest, story) ? cli::Exit::outside : cli::Exit::ok;
  }

 private:
  // How far the reading is, once it has taken a second.
  static events::EventReader::Progress progress(cli::Context& context) {
    const std::int64_t begin = context.world.clock.monotonic_nanos();
    return [&context, begin](std::uint64_t done, std::uint64_t all) {
      const bool is_long = context.world.clock.monotonic_nanos() - begin > 1'000'000'000;
      if (!is_long || all == 0) return;
      context.progress(fmt::format("reading: {}%", std::min(done, all) * 100 / all));
    };
  }

  // Takes the progress away, whatever happened.
  struct Finally {
    cli::Context& context;
    ~Finally() { context.progress(""); }
  };

  BacktestOptions options_;
  evaluate::GovernedAction as_;
  std::string policies_, html_;
};

}  // namespace

extern const cli::Command backtest{"backtest",
                                   "Estimate from logs what another policy would have earned",
                                   kBacktestDetails,
                                   cli::bind<BacktestCommand>,
                                   {"text", "json", "markdown", "html"}};

}  // namespace autopilot::commands
