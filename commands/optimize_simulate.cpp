// autopilot optimize simulate: bandits against arms whose means are known.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "cli/command.h"
#include "commands/arm_options.h"
#include "commands/number_option.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/loop/arm_rows.h"
#include "core/stats/bandit_simulate.h"

namespace autopilot::commands {
namespace {

using stats::Bandit;

constexpr char kOptimizeSimulateDetails[] =
    R"(Plays bandits against arms whose mean rewards are known, many times, and tells the regret: what playing the best
arm all along would have earned more. Rewards are 0 or 1 with the means --arms, normal with --noise, or drawn from
what was seen (--replay FILE, rows of arm and reward).

  --batch N    rewards are looked at every N rounds, as a proxy's weights are set
  --growth X   looks come after X of the rounds so far, at most --batch apart: 10% costs little
  --delay N    a reward is known N rounds after its play
  --change R:MEANS
               from round R on the arms have other means; a window or a discount helps then

With arms of 0 and 1 the regret is told beside the least that any consistent method can reach in the long run,
C ln T (Lai and Robbins). The same seed gives the same figures.

EXAMPLES
  autopilot optimize simulate --arms 0.9,0.8
  autopilot optimize simulate --arms 0.03,0.031,0.028 --method thompson --method kl_ucb --batch 1000 --growth 10%
  autopilot optimize simulate --arms 0.10,0.08,0.05 --change 10000:0.05,0.08,0.10 --window 4000 --rounds 20000
)";

class OptimizeSimulate : public cli::Invocation {
 public:
  explicit OptimizeSimulate(cli::Options& o) {
    o.option("--arms MEANS", arms_, "mean reward of each arm: 0.9,0.8");
    o.option("--replay FILE", replay_, "rewards to draw from, by arm", cli::Hint::file);
    o.option("--columns MAP", columns_, "how that file calls arm and reward: arm=item_id");
    o.options("--method NAME", methods_, "bandit, may be repeated; thompson by default");
    o.option("--rounds N", rules_.horizon, "plays of a run; 10000 by default");
    o.option("--runs N", rules_.runs, "how often it is played; 1000 by default");
    o.option("--seed N", seed_, "what the draws begin with; 1 by default");
    o.option("--at ROUNDS", at_, "rounds after which to tell the regret; the last by default");
    o.options("--change R:MEANS", changes_, "other means from round R on; may be repeated");
    o.option("--noise X", noise_, "rewards are normal with that standard deviation, for gaussian");
    o.option("--batch N", rules_.batch, "rounds between looks at the rewards; 1 by default");
    o.option("--growth SHARE", growth_, "looks come after that share of the rounds so far");
    o.option("--delay N", rules_.delay, "rounds until a reward is known; 0 by default");
    o.option("--discount X", discount_, "of all that is known, with each reward; 1 by default");
    o.option("--window N", rules_.window, "rewards that are remembered; all by default");
    o.option("--floor SHARE", floor_, "of the rounds that each arm gets whatever is known");
    o.option("--prior A,B", prior_, "Beta prior of every arm; 1,1 by default");
  }

  cli::Exit run(cli::Context& context) override {
    settle(context);
    if (!context.diagnostics.ok()) {
      context.show_diagnostics();
      return cli::Exit::no;
    }
    render::Report report{"autopilot.optimize_simulate/v1", {}, {}};
    render::Table table{{"METHOD", "ROUNDS", "REGRET", "S.E.", "MEDIAN", "95TH", "OF C LN T"},
                        {},
                        {false, true, true, true, true, true, true}};
    List results;
    for (const Bandit method : bandits()) check_rewards(method);
    for (const Bandit method : bandits()) {
      stats::Simulation rules = rules_;
      rules.method = method;
      if (method == Bandit::gaussian) rules.settings.noise = rules.noise > 0 ? rules.noise : 0.5;
      add(method, stats::simulate_bandit(rules), table, results);
    }
    report.data = Map{{"rounds", rules_.horizon},
                      {"runs", rules_.runs},
                      {"seed", seed_},
                      {"lai_robbins", constant() > 0 ? Value(constant()) : Value()},
                      {"methods", std::move(results)}};
    report.text.emplace_back(std::move(table));
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  void settle(cli::Context& context) {
    if (arms_.empty() == replay_.empty()) {
      throw Error(ErrorKind::usage, "say either --arms or --replay",
                  "autopilot optimize simulate --arms 0.9,0.8");
    }
    rules_.noise = size_option(noise_, "--noise", 0);
    rules_.growth = share_option(growth_, "--growth", 0);
    rules_.discount = number_option(discount_, "--discount", 1);
    rules_.floor = share_option(floor_, "--floor", 0);
    rules_.seed = static_cast<std::uint64_t>(seed_);
    const std::vector<double> prior = prior_option(prior_);
    rules_.settings.alpha = prior[0];
    rules_.settings.beta = prior[1];
    if (arms_.empty()) {
      read_pools(context);
    } else {
      rules_.phases.push_back({0, numbers_option(arms_, "--arms")});
    }
    if (!context.diagnostics.ok()) return;
    for (const std::string& change : changes_) add_phase(change);
    if (rules_.growth > 0 && rules_.batch == 1) rules_.batch = rules_.horizon;
    check();
    settle_checkpoints();
  }

  void add_phase(const std::string& change) {
    const std::size_t colon = change.find(':');
    if (colon == std::string::npos || !replay_.empty()) {
      throw Error(ErrorKind::usage,
                  fmt::format("--change takes ROUND:MEANS and goes with --arms, not {}", change));
    }
    const double from = number_option(change.substr(0, colon), "--change", 0);
    rules_.phases.push_back(
        {static_cast<std::int64_t>(from), numbers_option(change.substr(colon + 1), "--change")});
  }

  void check() const {
    if (rules_.horizon < 1 || rules_.runs < 1 || rules_.batch < 1) {
      throw Error(ErrorKind::usage, "--rounds, --runs and --batch are above 0");
    }
    if (rules_.horizon > kMost / rules_.runs) {
      throw Error(ErrorKind::usage, fmt::format("{} runs of {} rounds are more than {} plays",
                                                rules_.runs, rules_.horizon, kMost));
    }
    if (!(rules_.discount > 0 && rules_.discount <= 1)) {
      throw Error(ErrorKind::usage, "--discount is above 0 and at most 1");
    }
    const std::size_t arms = rules_.phases.front().means.size();
    if (rules_.floor * static_cast<double>(arms) > 1) {
      throw Error(ErrorKind::usage, "the floors add up to more than the whole");
    }
    std::int64_t last = -1;
    for (const stats::Phase& phase : rules_.phases) {
      check_means(phase.means, arms);
      if (phase.from <= last) throw Error(ErrorKind::usage, "changes come one after the other");
      last = phase.from;
    }
  }

  void check_means(const std::vector<double>& means, std::size_t arms) const {
    if (means.size() != arms) {
      throw Error(ErrorKind::usage,
                  fmt::format("a change has {} means for {} arms", means.size(), arms));
    }
    if (rules_.noise > 0 || !rules_.pools.empty()) return;
    for (const double mean : means) {
      if (mean >= 0 && mean <= 1) continue;
      throw Error(ErrorKind::usage, fmt::format("a mean of {} is none of rewards of 0 and 1", mean),
                  "--noise X makes the rewards normal");
    }
  }

  void settle_checkpoints() {
    if (at_.empty()) {
      rules_.checkpoints = {rules_.horizon};
      return;
    }
    for (const double round : numbers_option(at_, "--at")) {
      const auto rounds = static_cast<std::int64_t>(round);
      const std::int64_t last = rules_.checkpoints.empty() ? 0 : rules_.checkpoints.back();
      if (rounds <= last || rounds > rules_.horizon) {
        throw Error(ErrorKind::usage,
                    fmt::format("--at takes rising rounds up to {}, not {}", rules_.horizon, at_));
      }
      rules_.checkpoints.push_back(rounds);
    }
  }

  void read_pools(cli::Context& context) {
    loop::ArmFormat format;
    format.names = columns_option(columns_);
    std::map<std::string, std::string> understood;
    const std::vector<loop::ArmRow> rows = loop::read_arm_rows(
        context.world.files.read(replay_), replay_, format, context.diagnostics, &understood);
    tell_understood(context, understood);
    std::vector<std::string> names;
    for (const loop::ArmRow& row : rows) {
      if (row.count != 1) {
        throw Error(ErrorKind::invalid, "--replay takes one reward a row, not sums of several");
      }
      const auto at = std::find(names.begin(), names.end(), row.arm);
      const auto i = static_cast<std::size_t>(at - names.begin());
      if (at == names.end()) {
        names.push_back(row.arm);
        rules_.pools.emplace_back();
      }
      rules_.pools[i].push_back(row.sum);
    }
    stats::Phase phase;
    for (const std::vector<double>& pool : rules_.pools) {
      double sum = 0;
      for (const double reward : pool) sum += reward;
      phase.means.push_back(sum / static_cast<double>(pool.size()));
    }
    if (phase.means.empty() && context.diagnostics.ok()) {
      throw Error(ErrorKind::invalid, fmt::format("{} has no rewards", replay_));
    }
    rules_.phases.push_back(std::move(phase));
  }

  static std::string hint_for(const std::string& name, const std::vector<std::string>& known) {
    if (name.starts_with("lin_")) {
      return "linear methods learn from segments, and here are none; known are " +
             join(known, ", ");
    }
    return std::string(trim(did_you_mean(name, known) + " known are " + join(known, ", ")));
  }

  // Rewards that a method cannot take would make its regret mean nothing.
  void check_rewards(Bandit method) const {
    if (method == Bandit::gaussian) return;
    if (rules_.noise > 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} takes rewards within 0 to 1, and normal ones have no bounds",
                              stats::name_of(method)),
                  "--method gaussian takes any number");
    }
    for (const std::vector<double>& pool : rules_.pools) {
      for (const double reward : pool) {
        if (reward >= 0 && reward <= 1) continue;
        throw Error(ErrorKind::invalid,
                    fmt::format("{}: a reward of {} is not within 0 to 1, as {} takes them",
                                replay_, reward, stats::name_of(method)),
                    "--method gaussian takes any number");
      }
    }
  }

  std::vector<Bandit> bandits() const {
    std::vector<std::string> known;
    for (const std::string_view name : stats::bandit_names()) known.emplace_back(name);
    std::vector<Bandit> out;
    for (const std::string& name : methods_) {
      const auto method = stats::bandit_named(name);
      if (!method) {
        throw Error(ErrorKind::usage, fmt::format("there is no method {}", name),
                    hint_for(name, known));
      }
      out.push_back(*method);
    }
    if (out.empty()) out.push_back(Bandit::thompson);
    return out;
  }

  // 0 where the bound says nothing: rewards that are not 0 and 1, means that change.
  double constant() const {
    const bool applies = rules_.noise == 0 && rules_.pools.empty() && rules_.phases.size() == 1;
    return applies ? stats::lai_robbins_constant(rules_.phases.front().means) : 0;
  }

  void add(Bandit method, const stats::SimulationResult& result, render::Table& table,
           List& results) const {
    List regrets, shares;
    const std::string name(stats::name_of(method));
    for (const stats::Regret& regret : result.regret) {
      const double bound = constant() * std::log(static_cast<double>(regret.rounds));
      table.rows.push_back({name, fmt::format("{}", regret.rounds),
                            fmt::format("{:.5g}", regret.mean),
                            rules_.runs > 1 ? fmt::format("{:.2g}", regret.standard_error) : "-",
                            fmt::format("{:.4g}", regret.median), fmt::format("{:.4g}", regret.p95),
                            bound > 0 ? fmt::format("{:.2f}", regret.mean / bound) : "-"});
      regrets.emplace_back(
          Map{{"rounds", regret.rounds},
              {"mean", regret.mean},
              {"standard_error", rules_.runs > 1 ? Value(regret.standard_error) : Value()},
              {"median", regret.median},
              {"p95", regret.p95},
              {"of_bound", bound > 0 ? Value(regret.mean / bound) : Value()}});
    }
    for (const double share : result.share) shares.emplace_back(share);
    results.emplace_back(Map{
        {"method", name}, {"regret", std::move(regrets)}, {"share_of_plays", std::move(shares)}});
  }

  static constexpr std::int64_t kMost = 10'000'000'000;

  std::string arms_, replay_, columns_, at_, noise_, growth_, discount_, floor_;
  std::string prior_ = "1,1";
  std::vector<std::string> methods_, changes_;
  std::int64_t seed_ = 1;
  stats::Simulation rules_;
};

}  // namespace

extern const cli::Command optimize_simulate{"optimize simulate",
                                            "Tell what bandits cost against arms that are known",
                                            kOptimizeSimulateDetails,
                                            cli::bind<OptimizeSimulate>,
                                            {"text", "json", "markdown"}};

}  // namespace autopilot::commands
