// autopilot optimize budget: what to spend where, why, and what stands in the way.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "cli/command.h"
#include "commands/budget_report.h"
#include "commands/lp_child.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/signals.h"
#include "core/optimize/separable.h"
#include "core/render/html.h"

namespace autopilot::commands {
namespace {

constexpr char kOptimizeBudgetDetails[] =
    R"(Allocates a Budget to its channels: the best plan there is under all of its limits, with the proof that there is no
better one, the reason for every amount, what each limit costs, and what another total would return.

FILE|ID is a file with a document of kind Budget, or the id of one in the project or the state.

Channels that have no curve get one fitted from what was observed: --events takes a CSV or JSONL file with channel, spend
and return, the spec's `observed` names one. Each fitted curve comes with 95 % intervals, and with a warning when the data
cannot tell.

Out of time, and on Ctrl-C, the best plan found is shown with the gap that is left: today's amounts where there is no
better one yet. Where these break limits, there is no plan.

When limits cannot hold together, it names a set of them that conflict, none of which could be left out, and the least
change that would do. When the return has no end, it names the channel.

With --actions it writes one budget.shift action a line, for decide. Policies in force are asked beforehand: what they
would block is said, with the nearest step that they allow; --allowed takes that step.

The solver follows from the class of the problem: waterfill (exact, any number of channels), lp and mip (GLPK), tangents
(smooth curves under crossed groups), branch (S-curves, and channels that are on or off), qp (risk). --solver forces one.

EXAMPLES
  autopilot optimize budget budgets/spring.yaml
  autopilot optimize budget spring --events spend.csv --html > spring.html
  autopilot optimize budget spring --actions | autopilot decide

EXIT STATUS
  0 a plan was found, optimal or with the gap that is left; 1 there is none, it is unbounded, or the
  document is wrong; 130 interrupted before anything was found.
)";

constexpr std::int64_t kMostPoints = 2000;
constexpr double kNoTime = 0.001;  // seconds

optimize::LpAnswer nothing_found() {
  optimize::LpAnswer out;
  out.bound = optimize::kInfinity;
  return out;
}

std::vector<double> sweep(std::int64_t points) {
  std::vector<double> out;
  for (std::int64_t k = 0; k < points; ++k)
    out.push_back(0.5 + static_cast<double>(k) / static_cast<double>(points - 1));
  return out;
}

class OptimizeBudget : public cli::Invocation {
 public:
  explicit OptimizeBudget(cli::Options& o) {
    o.argument("FILE|ID", what_, "a file, or the id of a Budget", cli::Hint::file, true);
    o.flag("--actions", actions_, "write budget.shift actions for decide, one a line");
    o.flag("--allowed", allowed_, "go only as far as the policies in force allow");
    o.flag("--html", html_, "write a page that stands alone");
    o.option("--events FILE", events_, "spend and return that were observed, to fit curves",
             cli::Hint::file);
    o.choice("--solver", solver_, {"auto", "waterfill", "lp", "tangents", "mip", "branch", "qp"},
             "force a solver; auto by default");
    o.option("--time-limit DURATION", time_limit_, "stop then with the best found; 60s by default");
    o.option("--points N", points_,
             "totals of the frontier, from half to one and a half; 41 by "
             "default, 0 for none");
  }

  cli::Exit run(cli::Context& context) override {
    if (points_ == 1 || points_ > kMostPoints)
      throw Error(ErrorKind::usage, fmt::format("--points takes 0 or 2 to {}", kMostPoints));
    const BudgetSource source = read_budget(context, what_, events_);
    deadline_ =
        context.world.clock.monotonic_nanos() + time_limit_.value_or(Duration::seconds(60)).nanos;
    // Ctrl-C is seen between two steps, so that the best found is not lost; GLPK's process is woken
    // by it, and answers with what it has.
    interrupt_.emplace(std::initializer_list<int>{SIGINT, SIGTERM});
    lp_ = child_solver(context.world, interrupt_->descriptor());
    const optimize::Problem problem = optimize::problem_of(source.plan);
    const optimize::Solution solution = optimize::in_whole_units(
        problem, by_tiers(context, source.plan, problem), source.plan.resolution, options(context));
    switch (solution.allocation.status) {
      case optimize::Status::infeasible:
        return explain_conflict(context, source, solution);
      case optimize::Status::unbounded:
        show(context, describe_unbounded(source, solution));
        return cli::Exit::no;
      default:
        break;
    }
    if (solution.allocation.spend.empty()) give_up();
    return tell(context, source, problem, solution);
  }

 private:
  // What came is left to be read until the end, so that every program that is begun is woken.
  bool interrupted() const { return interrupt_->any_came(); }

  [[noreturn]] void give_up() const {
    if (interrupted())
      throw Error(ErrorKind::interrupted,
                  "interrupted before a plan was found, and today's amounts break limits");
    throw Error(ErrorKind::outside, "no plan was found in time",
                "give it longer: --time-limit 10m");
  }

  double seconds_left(cli::Context& context) const {
    const std::int64_t left = deadline_ - context.world.clock.monotonic_nanos();
    return std::max(kNoTime, static_cast<double>(left) / 1e9);
  }

  optimize::SolveOptions options(cli::Context& context) const {
    optimize::SolveOptions out;
    if (solver_ != "auto") out.solver = solver_;
    out.seconds = seconds_left(context);
    out.lp = [this, &context](const optimize::LpModel& model, double seconds) {
      if (interrupted()) return nothing_found();
      return lp_(model, std::min(seconds, seconds_left(context)));
    };
    out.stop = [this, &context] {
      return interrupted() || context.world.clock.monotonic_nanos() >= deadline_;
    };
    return out;
  }
  optimize::Solution solve(cli::Context& context, const optimize::Problem& problem) const {
    return optimize::solve(problem, options(context));
  }

  // Tier by tier: what an earlier one gets is taken from the later ones.
  optimize::Solution by_tiers(cli::Context& context, const optimize::Plan& plan,
                              const optimize::Problem& problem) const {
    if (plan.tier.empty()) return solve(context, problem);
    optimize::Problem left = problem;
    const std::size_t last = *std::max_element(plan.tier.begin(), plan.tier.end());
    for (std::size_t tier = 1; tier < last; ++tier) {
      optimize::Problem first = left;
      for (std::size_t i = 0; i < plan.tier.size(); ++i) {
        if (plan.tier[i] > tier) first.channels[i].curve = {};
      }
      const optimize::Solution solution = solve(context, first);
      if (solution.allocation.status != optimize::Status::optimal) return solution;
      for (std::size_t i = 0; i < plan.tier.size(); ++i) {
        if (plan.tier[i] != tier) continue;
        left.channels[i].min = left.channels[i].max = solution.allocation.spend[i];
      }
    }
    return solve(context, left);
  }

  cli::Exit explain_conflict(cli::Context& context, const BudgetSource& source,
                             const optimize::Solution& solution) const {
    bool unsure = false;  // of a set of limits, whether anything fits them
    const optimize::Conflict conflict =
        optimize::find_conflict(source.plan, [&](const optimize::Problem& problem) {
          if (const std::optional<bool> plain = optimize::fits_plainly(problem)) return *plain;
          if (interrupted() || seconds_left(context) <= kNoTime) {
            unsure = true;
            return true;
          }
          const optimize::Allocation found = solve(context, problem).allocation;
          unsure |= found.status == optimize::Status::stopped && found.spend.empty();
          return found.status != optimize::Status::infeasible;
        });
    show(context, describe_conflict(source, solution, conflict, unsure));
    return cli::Exit::no;
  }

  cli::Exit tell(cli::Context& context, const BudgetSource& source,
                 const optimize::Problem& problem, const optimize::Solution& solution) const {
    std::optional<PolicyStep> step = policy_step(context, source.plan, solution.allocation.spend);
    if (actions_) {
      write_actions(context, source.plan,
                    allowed_ && step ? step->spend : solution.allocation.spend);
      return cli::Exit::ok;
    }
    optimize::ExplainOptions explaining;
    if (points_ > 0 && !interrupted()) explaining.sweep = sweep(points_);
    const optimize::Solver again = [&](const optimize::Problem& p) {
      return by_tiers(context, source.plan, p);
    };
    const optimize::Explanation explanation =
        optimize::explain(source.plan, problem, solution, again, explaining);
    const BudgetAnswer answer{source, problem, solution, explanation, step};
    show(context, describe_plan(answer));
    return cli::Exit::ok;
  }

  static void write_actions(cli::Context& context, const optimize::Plan& plan,
                            const std::vector<double>& spend) {
    std::string out;
    for (const std::string& line : shift_actions(plan, spend)) out += line + "\n";
    context.write(out);
  }

  void show(cli::Context& context, const render::Report& report) const {
    if (html_) return context.write(render::report_html(report));
    context.show(report);
  }

  std::string what_, events_;
  std::string solver_ = "auto";
  bool actions_ = false, allowed_ = false, html_ = false;
  std::optional<Duration> time_limit_;
  std::int64_t points_ = 41;
  std::int64_t deadline_ = 0;
  std::optional<CaughtSignals> interrupt_;
  optimize::LpSolver lp_;
};

}  // namespace

extern const cli::Command optimize_budget{"optimize budget",
                                          "Allocate a budget to its channels",
                                          kOptimizeBudgetDetails,
                                          cli::bind<OptimizeBudget>,
                                          {"text", "json", "markdown", "html"}};

}  // namespace autopilot::commands
