#include "core/optimize/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr std::size_t kManyChannels = 2000;  // from which on nothing is solved again
constexpr double kClose = 1e-9;
constexpr double kNearly = 1e-3;  // gap of what was not cut short

// A round amount of about a hundredth.
double step_for(double value) {
  if (!(value > 0)) return 1;
  return std::pow(10.0, std::floor(std::log10(value) - 1));
}

// From a floor of the return to where the cost, one over it, is a round amount more.
double cost_step(double value) { return 1 / (1 / value + step_for(1 / value)) - value; }

// The least limit that differs from 0 as much as amounts of this size do.
double size_of(const std::vector<double>& spend) {
  return spend.empty() ? 1 : std::min(1.0, spend_of(spend) / static_cast<double>(spend.size()));
}

// Which of the limits of a channel is the one that holds.
struct Bounds {
  std::vector<std::size_t> low, high;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Bounds(const Plan& plan, const Problem& problem)
      : low(problem.channels.size(), kNone), high(low) {
    for (std::size_t k = 0; k < plan.constraints.size(); ++k) {
      const Constraint& c = plan.constraints[k];
      const bool below = c.limit == Limit::channel_min || c.limit == Limit::shift_down;
      const bool above = c.limit == Limit::channel_max || c.limit == Limit::shift_up;
      if (c.limit == Limit::frozen) low[c.index] = high[c.index] = k;
      if (below && c.value == problem.channels[c.index].min) low[c.index] = k;
      if (above && c.value == problem.channels[c.index].max) high[c.index] = k;
    }
  }
};

class Explaining {
 public:
  Explaining(const Plan& plan, const Problem& problem, const Solution& solution,
             const Solver& solver, const ExplainOptions& options)
      : plan_(plan),
        problem_(problem),
        answer_(solution.allocation),
        solver_(solver),
        options_(options),
        bounds_(plan, problem),
        size_(size_of(solution.allocation.spend)) {}

  Explanation explain() {
    price_channels();
    out_.channels.reserve(problem_.channels.size());
    for (std::size_t i = 0; i < problem_.channels.size(); ++i) out_.channels.push_back(line(i));
    find_bindings();
    solve_again();
    correct_reasons();
    as_costs();
    if (!options_.sweep.empty())
      out_.frontier = plan_.tier.empty() ? frontier_of(problem_, totals(), solver_)
                                         : frontier_by_solving(problem_, totals(), solver_);
    // The price of the last tier says nothing of those before.
    for (FrontierPoint& p : out_.frontier) {
      if (!plan_.tier.empty()) p.marginal = std::nan("");
    }
    if (has_prices(answer_) && problem_.channels.size() <= kManyChannels) find_range();
    return std::move(out_);
  }

 private:
  bool is_close(double a, double b) const {
    if (!std::isfinite(a) || !std::isfinite(b)) return a == b;
    return std::abs(a - b) <= kClose * std::max({size_, std::abs(a), std::abs(b)});
  }

  static double entry(const std::vector<double>& list, std::size_t i) {
    return i < list.size() ? list[i] : 0;
  }

  // What a unit of spend costs each channel at the prices, and what its return is worth.
  void price_channels() {
    const std::size_t n = problem_.channels.size();
    const Prices& p = answer_.prices;
    const bool least = problem_.goal == Goal::least_spend;
    double price = problem_.price + p.total;
    if (problem_.goal == Goal::most_profit || least) price += 1;
    if (p.roi != 0) price += p.roi * problem_.roi_min;
    for (std::size_t g = 0; g < problem_.groups.size(); ++g) {
      if (entry(p.share, g) != 0) price -= p.share[g] * problem_.groups[g].max_share;
    }
    price_.assign(n, price);
    weight_.assign(n, (least ? 0 : 1) + p.roi + p.return_min);
    held_by_.assign(n, static_cast<std::size_t>(-1));
    for (std::size_t g = 0; g < problem_.groups.size(); ++g) {
      const Group& group = problem_.groups[g];
      const double of = entry(p.group, g) + entry(p.share, g);
      const double roi = entry(p.group_roi, g);
      if (of == 0 && roi == 0) continue;
      for (const std::size_t i : group.members) {
        price_[i] += of + (roi != 0 ? roi * group.roi_min : 0);
        weight_[i] += roi;
        held_by_[i] = g;
      }
    }
    risk_ = risk_slopes(problem_.risk, answer_.spend);
  }

  ChannelLine line(std::size_t i) const {
    const Channel& c = problem_.channels[i];
    ChannelLine out;
    out.now = c.current;
    out.plan = answer_.spend[i];
    out.return_now = value_at(c.curve, out.now) - (out.now > 0 ? c.fixed_cost : 0);
    out.return_plan = value_at(c.curve, out.plan) - (out.plan > 0 ? c.fixed_cost : 0);
    out.marginal = slope_at(c.curve, out.plan);
    const bool at_low = is_close(out.plan, c.min), at_high = is_close(out.plan, c.max);
    double slope = weight_[i] * (at_high ? slope_before(c.curve, out.plan) : out.marginal);
    slope -= price_[i] + entry(risk_, i);
    if (!std::isfinite(slope)) slope = 0;
    if (has_prices(answer_) && (at_low || at_high)) out.worth = slope;
    out.why = why(i, out, at_low, at_high);
    return out;
  }

  std::string why(std::size_t i, const ChannelLine& l, bool at_low, bool at_high) const {
    const Channel& c = problem_.channels[i];
    if (bounds_.low[i] != Bounds::kNone && plan_.constraints[bounds_.low[i]].limit == Limit::frozen)
      return "frozen";
    if (at_high && c.max > c.min) {
      const std::string of = bounds_.high[i] == Bounds::kNone ? "max" : name(bounds_.high[i]);
      return l.worth > 0 ? fmt::format("at its {}: a unit more would earn {}", of, amount(l.worth))
                         : fmt::format("at its {}", of);
    }
    if (l.plan == 0 && c.min <= 0) {
      if (const std::string full = full_group(i); !full.empty()) return full;
    }
    if (c.can_stop() && l.plan == 0) return "off";
    if (c.active_min > 0 && is_close(l.plan, c.active_min)) return "at its min_if_active";
    if (at_low) {
      if (l.plan == 0 && problem_.total_max <= 0) return "nothing: there is nothing to spend";
      if (l.plan == 0)
        return has_prices(answer_) ? "nothing: its first unit earns less than elsewhere"
                                   : "nothing: what it would take earns more elsewhere";
      const std::string of = bounds_.low[i] == Bounds::kNone ? "min" : name(bounds_.low[i]);
      return l.worth < 0
                 ? fmt::format("held up by its {}: a unit less would earn {}", of, amount(-l.worth))
                 : fmt::format("at its {}", of);
    }
    if (held_by_[i] != static_cast<std::size_t>(-1))
      return "level with its group " + problem_.groups[held_by_[i]].id;
    if (problem_.turnover_max < kInfinity && is_close(l.plan, l.now)) return "stays: max_moved";
    if (!has_prices(answer_)) return "as its curve has it";
    return problem_.risk.any() ? "level, less what its risk costs" : "level";
  }
  // A channel that gets nothing, in a group that has all the channels that it may have.
  std::string full_group(std::size_t i) const {
    for (const Group& g : problem_.groups) {
      if (!g.max_active || !std::binary_search(g.members.begin(), g.members.end(), i)) continue;
      const auto active = std::count_if(g.members.begin(), g.members.end(),
                                        [this](std::size_t k) { return answer_.spend[k] > 0; });
      if (static_cast<std::size_t>(active) >= *g.max_active)
        return fmt::format("off: {} of group {} are on, its max_active", active, g.id);
    }
    return "";
  }

  std::string name(std::size_t k) const {
    const Limit limit = plan_.constraints[k].limit;
    if (limit == Limit::shift_up || limit == Limit::shift_down) return "max_shift";
    return limit == Limit::channel_min ? "min" : "max";
  }

  void bind(std::size_t k, double price) {
    if (price != 0 && std::isfinite(price)) out_.bindings.push_back({k, price, 0, 0, false});
  }

  void find_bindings() {
    const Prices& p = answer_.prices;
    const double sign = problem_.goal == Goal::least_spend ? -1 : 1;
    for (std::size_t k = 0; k < plan_.constraints.size(); ++k) {
      const Constraint& c = plan_.constraints[k];
      switch (c.limit) {
        case Limit::total_max:
          if (p.total > 0 && c.value == problem_.total_max) bind(k, sign * p.total);
          break;
        case Limit::total_min:
          if (p.total < 0 && c.value == problem_.total_min) bind(k, sign * p.total);
          break;
        case Limit::group_max:
        case Limit::pace_max:
          if (entry(p.group, c.index) > 0) bind(k, sign * p.group[c.index]);
          break;
        case Limit::group_min:
        case Limit::pace_min:
          if (entry(p.group, c.index) < 0) bind(k, sign * p.group[c.index]);
          break;
        case Limit::group_share:
          bind(k, sign * entry(p.share, c.index) * spend_of(answer_.spend));
          break;
        case Limit::group_roi:
          if (entry(p.group_roi, c.index) > 0)
            bind(k, -sign * p.group_roi[c.index] * group_spend(c.index));
          break;
        case Limit::roi:
          bind(k, -sign * p.roi * spend_of(answer_.spend));
          break;
        case Limit::turnover:
          bind(k, sign * p.turnover);
          break;
        case Limit::return_min:
          bind(k, p.return_min);
          break;
        case Limit::channel_max:
        case Limit::shift_up:
          if (bounds_.high[c.index] == k && out_.channels[c.index].worth > 0 &&
              is_close(answer_.spend[c.index], c.value))
            bind(k, sign * out_.channels[c.index].worth);
          break;
        case Limit::channel_min:
        case Limit::shift_down:
          if (bounds_.low[c.index] == k && c.value > 0 && out_.channels[c.index].worth < 0 &&
              is_close(answer_.spend[c.index], c.value))
            bind(k, sign * out_.channels[c.index].worth);
          break;
        default:
          break;
      }
    }
    const auto size = [&](const Binding& b) {
      return std::abs(b.price) * std::max(1e-9, plan_.constraints[b.constraint].value);
    };
    std::stable_sort(out_.bindings.begin(), out_.bindings.end(),
                     [&](const Binding& a, const Binding& b) { return size(a) > size(b); });
  }
  double group_spend(std::size_t g) const {
    double sum = 0;
    for (const std::size_t i : problem_.groups[g].members) sum += answer_.spend[i];
    return sum;
  }

  // Each limit that binds with a bit more room, all else the same.
  void solve_again() {
    if (problem_.channels.size() > kManyChannels) return;
    for (std::size_t b = 0; b < std::min(out_.bindings.size(), options_.bindings); ++b) {
      Binding& binding = out_.bindings[b];
      const Constraint& c = plan_.constraints[binding.constraint];
      const bool total = c.limit == Limit::total_max || c.limit == Limit::total_min;
      // Room is upwards for what is at most, downwards for what is at least.
      const bool down = c.limit == Limit::group_min || c.limit == Limit::pace_min ||
                        c.limit == Limit::channel_min || c.limit == Limit::shift_down ||
                        c.limit == Limit::roi || c.limit == Limit::group_roi ||
                        c.limit == Limit::return_min || c.limit == Limit::total_min;
      const double step = c.is_cost ? cost_step(c.value) : (down ? -1 : 1) * step_for(c.value);
      Plan changed = plan_;
      changed.constraints[binding.constraint].value += step;
      if (total && problem_.is_fixed()) {
        for (Constraint& other : changed.constraints) {
          if (other.limit == Limit::total_min || other.limit == Limit::total_max)
            other.value = c.value + step;
        }
      }
      const Solution again = solver_(problem_of(changed));
      if (again.allocation.status == Status::stopped) continue;  // no time to tell
      binding.step = step;
      if (again.allocation.status != Status::optimal) continue;
      binding.gain = again.allocation.objective - answer_.objective;
      binding.solved = true;
    }
  }

  // Where several limits hold a channel at once, the price of one alone earns nothing.
  void correct_reasons() {
    for (const Binding& b : out_.bindings) {
      const Constraint& c = plan_.constraints[b.constraint];
      const bool of_channel =
          bounds_.low.size() > c.index &&
          (bounds_.low[c.index] == b.constraint || bounds_.high[c.index] == b.constraint);
      if (!of_channel || !b.solved || std::abs(b.gain) > 1e-6 * std::abs(b.price * b.step))
        continue;
      out_.channels[c.index].why =
          fmt::format("at its {}; other limits hold it there, too", name(b.constraint));
    }
  }

  // What is written as a cost has its price and step as one.
  void as_costs() {
    for (Binding& b : out_.bindings) {
      const Constraint& c = plan_.constraints[b.constraint];
      if (!c.is_cost) continue;
      b.price *= -c.value * c.value;
      if (b.step != 0) b.step = 1 / (c.value + b.step) - 1 / c.value;
    }
  }

  std::vector<double> totals() const {
    const double base =
        std::isfinite(problem_.total_max) ? problem_.total_max : spend_of(answer_.spend);
    std::vector<double> out;
    if (base <= 0) return out;  // shares of nothing are all the same
    for (const double share : options_.sweep) out.push_back(share * base);
    return out;
  }

  // What is at its bound, and which groups bind: as long as it is the same, the price moves
  // smoothly (and not at all where returns are straight).
  std::vector<signed char> signature(const Allocation& a) const {
    std::vector<signed char> out;
    for (std::size_t i = 0; i < a.spend.size(); ++i) {
      const Channel& c = problem_.channels[i];
      out.push_back(is_close(a.spend[i], c.min) ? -1 : is_close(a.spend[i], c.max) ? 1 : 0);
    }
    for (const double price : a.prices.group)
      out.push_back(price > kClose ? 1 : price < -kClose ? -1 : 0);
    return out;
  }

  // How closely a range is looked for: each step solves the problem, which takes long where risk
  // stands beside floors.
  int halvings_for_range() const {
    constexpr std::size_t kFew = 5, kSome = 20;
    const std::size_t n = problem_.channels.size();
    if (!problem_.risk.any() || answer_.solver != "tangents" || n <= kFew) return 24;
    return n <= kSome ? 8 : 0;
  }

  void find_range() {
    if (!std::isfinite(problem_.total_max) || answer_.prices.total == 0) return;
    const int halvings = halvings_for_range();
    if (halvings == 0) return;
    const std::vector<signed char> here = signature(answer_);
    const double total = problem_.total_max;
    bool in_time = true;
    const auto same_at = [&](double other) {
      if (!in_time) return false;
      Problem changed = problem_;
      if (problem_.is_fixed()) changed.total_min = other;
      changed.total_max = other;
      const Solution solution = solver_(changed);
      // Close to where nothing fits little can be proven; what is far off was cut short.
      in_time = solution.allocation.status != Status::stopped ||
                solution.allocation.spend.empty() || solution.certificate.gap <= kNearly;
      return solution.allocation.status == Status::optimal &&
             signature(solution.allocation) == here;
    };
    const auto edge = [&](double far) {
      double good = total, bad = far;
      if (same_at(far)) return far;
      for (int i = 0; i < halvings; ++i) {
        const double middle = (good + bad) / 2;
        (same_at(middle) ? good : bad) = middle;
      }
      return good;
    };
    const double low = edge(total / kRangeReach), high = edge(total * kRangeReach);
    if (!in_time) return;
    out_.price_low = low;
    out_.price_high = high;
  }

  const Plan& plan_;
  const Problem& problem_;
  const Allocation& answer_;
  const Solver& solver_;
  const ExplainOptions& options_;
  Bounds bounds_;
  double size_;  // of amounts that are small
  std::vector<double> price_, weight_, risk_;
  std::vector<std::size_t> held_by_;
  Explanation out_;
};

}  // namespace

Explanation explain(const Plan& plan, const Problem& problem, const Solution& solution,
                    const Solver& solver, const ExplainOptions& options) {
  return Explaining(plan, problem, solution, solver, options).explain();
}

}  // namespace autopilot::optimize
