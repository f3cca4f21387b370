#include "commands/budget_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/decide/engine.h"
#include "core/state/policy_sets.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr int kHalvings = 24;
constexpr double kSame = 1e-9;  // of an amount: what is no change

bool changes(double from, double to) {
  return std::abs(to - from) > kSame * std::max({1e-300, std::abs(from), std::abs(to)});
}

// To the digits that an amount has: what rounding leaves beyond is nobody's wish.
double written(double amount) { return std::stod(fmt::format("{:.15g}", amount)); }

std::string action_of(const optimize::Plan& plan, std::size_t i, double to) {
  const optimize::Channel& channel = plan.open.channels[i];
  return to_json(Map{{"type", "budget.shift"},
                     {"algorithm", plan.algorithm},
                     {"target", channel.id},
                     {"data", Map{{"channel", channel.id},
                                  {"budget", written(to)},
                                  {"old_budget", channel.current},
                                  {"plan", plan.id}}}});
}

// Nothing was used up yet.
class FreshLedger : public decide::LedgerView {
 public:
  std::int64_t used(const decide::Use&, std::string_view, Instant) override { return 0; }
};

class Trial {
 public:
  Trial(cli::Context& context, const decide::CompiledSet& set, const optimize::Plan& plan)
      : engine_(set), plan_(plan) {
    circumstances_.now = context.world.clock.now();
    circumstances_.run = "optimize";
  }

  // What blocks or holds the moves towards `spend`; the first alone when `first` is true.
  std::vector<Refusal> refusals(const std::vector<double>& spend, bool first) {
    std::vector<Refusal> out;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      if (!changes(plan_.open.channels[i].current, spend[i])) continue;
      std::string line = action_of(plan_, i, spend[i]);
      line.append(kPadding, ' ');
      decide::Input input;
      decide::InputFault fault;
      const std::string_view whole(line.data(), line.size() - kPadding);
      if (!engine_.read(whole, {}, input, fault)) continue;
      decide::Outcome outcome;
      engine_.decide(input, circumstances_, ledger_, outcome);
      if (outcome.result != decide::Result::blocked) continue;
      out.push_back(refusal(plan_.open.channels[i].id, outcome));
      if (first) return out;
    }
    return out;
  }

 private:
  static Refusal refusal(const std::string& channel, const decide::Outcome& outcome) {
    for (const decide::Reason& reason : outcome.reasons) {
      if (reason.effect == decide::Effect::block && !reason.monitor)
        return {channel, std::string(reason.policy), std::string(reason.message)};
    }
    return {channel, "", "blocked"};
  }

  decide::Engine engine_;
  const optimize::Plan& plan_;
  FreshLedger ledger_;
  decide::Circumstances circumstances_;
};

}  // namespace

std::vector<std::string> shift_actions(const optimize::Plan& plan,
                                       const std::vector<double>& spend) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < spend.size(); ++i) {
    if (changes(plan.open.channels[i].current, spend[i]))
      out.push_back(action_of(plan, i, spend[i]));
  }
  return out;
}

std::optional<PolicyStep> policy_step(cli::Context& context, const optimize::Plan& plan,
                                      const std::vector<double>& spend) {
  if (!context.in_project() && context.globals.state.empty()) return std::nullopt;
  state::Store* store = context.store_if_any();
  if (store == nullptr || !context.has_role(policy::Role::viewer)) return std::nullopt;
  const auto set = state::PolicySets(*store).current(context.world.clock.now());
  if (set->policies().empty()) return std::nullopt;
  Trial trial(context, *set, plan);
  PolicyStep out;
  out.spend = spend;
  out.refusals = trial.refusals(spend, false);
  if (out.refusals.empty()) return out;
  // The moves of all channels shrink together, so that the total and the groups stay met.
  const auto at = [&](double share) {
    std::vector<double> there(spend.size());
    for (std::size_t i = 0; i < spend.size(); ++i) {
      const double now = plan.open.channels[i].current;
      there[i] = now + share * (spend[i] - now);
    }
    return there;
  };
  double good = 0, bad = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (good + bad) / 2;
    (trial.refusals(at(middle), true).empty() ? good : bad) = middle;
  }
  out.share = std::round(good * 1e4) / 1e4;
  if (!trial.refusals(at(out.share), true).empty()) out.share = std::floor(good * 1e4) / 1e4;
  out.spend = at(out.share);
  return out;
}

}  // namespace autopilot::commands
