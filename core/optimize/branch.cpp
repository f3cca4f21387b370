#include "core/optimize/branch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <queue>

#include "core/optimize/certify.h"
#include "core/optimize/separable.h"
#include "core/optimize/waterfill.h"

namespace autopilot::optimize {
namespace {

enum class Switch : std::uint8_t { none, open, off, on };

// What is still allowed of a channel.
struct Range {
  double low = 0, high = 0;
  Switch state = Switch::none;
};

struct Change {
  std::size_t channel = 0;
  Range range;
};

// A node is what it changes of its parent.
struct Branch {
  std::shared_ptr<const Branch> parent;
  Change change;
  double bound = 0;
  std::size_t number = 0;
};
using BranchPointer = std::shared_ptr<const Branch>;

struct Worse {
  bool operator()(const BranchPointer& a, const BranchPointer& b) const {
    return a->bound != b->bound ? a->bound < b->bound : a->number > b->number;
  }
};

class Branching {
 public:
  Branching(const Problem& problem, const BranchOptions& options)
      : problem_(problem), options_(options), forest_(*forest_of(problem)) {
    outer_ = problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
    const std::vector<double> high = highest(problem, 1);
    for (std::size_t i = 0; i < problem.channels.size(); ++i) {
      const Channel& c = problem.channels[i];
      root_.push_back({c.min, std::max(c.min, high[i]), Switch::none});
      if (c.can_stop() && c.min <= 0) root_[i].state = Switch::open;
      if (root_[i].state == Switch::open && c.active_min > root_[i].high)
        root_[i] = {0, 0, Switch::off};
    }
    ranges_ = root_;
    near_.resize(root_.size());
    for (std::size_t i = 0; i < near_.size(); ++i) near_[i] = problem.channels[i].current;
    best_.objective = -kInfinity;
  }

  Allocation solve() {
    best_.solver = "branch-and-bound";
    offer_current();
    if (!look(nullptr)) {
      if (best_.status == Status::optimal) best_.status = Status::infeasible;
      return best_;
    }
    while (!open_.empty()) {
      const BranchPointer node = open_.top();
      if (is_closed(node->bound)) break;
      if (nodes_ >= options_.most || (options_.stop && options_.stop())) break;
      open_.pop();
      restore(node);
      split(node);
    }
    const double left = open_.empty() ? best_.objective : open_.top()->bound;
    best_.bound = std::max({best_.objective, left, pruned_});
    best_.status = is_closed(left) || open_.empty() ? Status::optimal : Status::stopped;
    if (best_.spend.empty() && open_.empty()) best_.status = Status::infeasible;
    best_.rounds = nodes_;
    return best_;
  }

 private:
  bool is_closed(double bound) const {
    return !best_.spend.empty() &&
           bound <= best_.objective + options_.gap * std::abs(best_.objective);
  }

  void restore(const BranchPointer& node) {
    ranges_ = root_;
    std::vector<const Branch*> path;
    for (const Branch* at = node.get(); at != nullptr; at = at->parent.get()) path.push_back(at);
    for (auto at = path.rbegin(); at != path.rend(); ++at)
      if ((*at)->parent != nullptr || (*at)->change.range.high >= 0)
        ranges_[(*at)->change.channel] = (*at)->change.range;
  }

  double cost_of(std::size_t i, const Range& r) const {
    return r.state == Switch::on ? problem_.channels[i].fixed_cost : 0;
  }

  // The concave envelope of a channel that may be off or on.
  struct Hull {
    double touch = 0, slope = 0;
  };
  Hull switched(std::size_t i, const Range& r) const {
    const Channel& c = problem_.channels[i];
    const double from = std::max(c.active_min, r.low);
    const auto ratio = [&](double t) { return (value_at(c.curve, t) - c.fixed_cost) / t; };
    std::vector<double> offers;
    if (from > 0) offers.push_back(from);
    if (std::isfinite(r.high)) offers.push_back(r.high);
    for (const Point& p : c.curve.points) {
      if (p.x > from && p.x < r.high) offers.push_back(p.x);
    }
    if (!is_straight(c.curve)) {
      double a = std::max(from, inflection_of(c.curve)), b = r.high;
      if (std::isinf(b)) b = std::max(1.0, 2 * a) * 1e9;
      if (a <= 0) a = b * 1e-15;
      for (int k = 0; k < 200 && a < b; ++k) {  // ratio rises while the slope is above it
        const double middle = a + (b - a) / 2;
        if (middle <= a || middle >= b) break;
        (slope_at(c.curve, middle) > ratio(middle) ? a : b) = middle;
      }
      offers.push_back(a);
    }
    Hull hull{0, -kInfinity};
    for (const double t : offers) {
      if (t > 0 && ratio(t) > hull.slope) hull = {t, ratio(t)};
    }
    return hull;
  }

  void add(Waterfill& fill, std::size_t i) {
    const Channel& c = problem_.channels[i];
    const Range& r = ranges_[i];
    if (r.state != Switch::open) return fill.add(i, c.curve, r.low, r.high);
    fill.add_base(i, 0, ranges_[i].high);
    const Hull hull = switched(i, r);
    touch_[i] = hull.touch;
    if (!(hull.touch > 0)) return;
    fill.add_step(i, hull.touch, hull.slope);
    for (const Stretch& part : concave_envelope(c.curve, hull.touch, r.high)) {
      if (part.straight)
        fill.add_step(i, part.high - part.low, part.slope);
      else
        fill.add_smooth(i, c.curve, part.low, part.high, 0, 0);
    }
  }

  // The envelope less the true return at x.
  double envelope_gap(std::size_t i, double x) const {
    const Channel& c = problem_.channels[i];
    const Range& r = ranges_[i];
    if (r.state == Switch::open) {
      if (x <= 0) return 0;
      const double truth = x >= c.active_min ? value_at(c.curve, x) - c.fixed_cost : 0;
      if (x < touch_[i])
        return x * (value_at(c.curve, touch_[i]) - c.fixed_cost) / touch_[i] - truth;
      return envelope_at(c.curve, concave_envelope(c.curve, touch_[i], r.high), x) -
             value_at(c.curve, x);
    }
    if (is_concave(c.curve, r.low, r.high)) return 0;
    return envelope_at(c.curve, concave_envelope(c.curve, r.low, r.high), x) - value_at(c.curve, x);
  }

  Aims near() const {
    return [this](std::size_t i) { return near_[i]; };
  }

  // Bounds what `ranges_` allow, offers what follows from it, and queues it. False when nothing
  // fits.
  bool look(const BranchPointer& parent, const Change& change = {0, {0, -1, Switch::none}}) {
    ++nodes_;
    touch_.assign(root_.size(), 0);
    Waterfill fill(forest_);
    for (std::size_t i = 0; i < root_.size(); ++i) add(fill, i);
    fill.finish();
    const Filled filled = fill.fill(outer_, near());
    if (filled.end == Filled::End::unbounded && parent == nullptr) {
      best_.status = Status::unbounded;
      for (std::size_t i = 0; i < filled.spend.size(); ++i) {
        if (std::isinf(filled.spend[i])) best_.unbounded.push_back(i);
      }
    }
    if (filled.end != Filled::End::done) return false;
    double bound = 0, gap = 0;
    std::vector<double> parts(root_.size());
    for (std::size_t i = 0; i < root_.size(); ++i) {
      const double x = filled.spend[i];
      const double off = envelope_gap(i, x);
      const Channel& c = problem_.channels[i];
      const bool on = ranges_[i].state == Switch::on ||
                      (ranges_[i].state == Switch::open && x >= c.active_min && x > 0);
      const double returned = ranges_[i].state == Switch::open && !on ? 0 : value_at(c.curve, x);
      parts[i] = returned - (on ? c.fixed_cost : 0) + off - outer_ * x;
      gap += off;
    }
    bound = spend_of(parts);
    if (parent != nullptr) bound = std::min(bound, parent->bound);
    offer(filled.spend, filled);
    round(filled);
    if (is_closed(bound)) {
      pruned_ = std::max(pruned_, std::min(bound, best_.objective));
      return true;
    }
    if (gap <= 1e-13 * std::abs(bound) && fits(filled.spend)) return true;
    auto node = std::make_shared<Branch>(Branch{parent, change, bound, nodes_});
    spends_[nodes_] = filled.spend;
    open_.push(std::move(node));
    return true;
  }

  bool fits(const std::vector<double>& spend) const {
    return violation_of(problem_, spend) <= 1e-9;
  }

  void offer(const std::vector<double>& spend, const Filled& filled) {
    const double objective = objective_of(problem_, spend);
    if (!(objective > best_.objective) || !fits(spend)) return;
    best_.objective = objective;
    best_.spend = spend;
    if (!filled.price_of.empty())
      best_.prices = prices_of(problem_, forest_, filled.price_of, outer_);
  }

  void offer_current() { offer(near_, Filled{}); }

  // Each channel on the side of its gap that it is nearer to, and the rest anew.
  void round(const Filled& filled) {
    const std::vector<Range> kept = ranges_;
    for (const double least : {0.5, 0.999, 0.05}) {
      bool changed = false;
      for (std::size_t i = 0; i < ranges_.size(); ++i) {
        Range& r = ranges_[i];
        const double x = filled.spend[i];
        const Channel& c = problem_.channels[i];
        if (r.state == Switch::open) {
          const bool on = x > least * std::max(touch_[i], c.active_min);
          if (x > 0 && x < touch_[i]) changed = true;
          r = on ? Range{std::max(r.low, c.active_min), r.high, Switch::on}
                 : Range{0, 0, Switch::off};
        } else if (!is_concave(c.curve, r.low, r.high)) {
          const std::vector<Stretch> hull = concave_envelope(c.curve, r.low, r.high);
          const double touch = hull.front().high;
          if (x > r.low && x < touch) changed = true;
          if (x < r.low + least * (touch - r.low))
            r.high = std::max(r.low, std::min(r.high, inflection_of(c.curve)));
          else if (c.curve.family != Family::piecewise)
            r.low = std::max(r.low, inflection_of(c.curve));
        }
      }
      if (changed) {
        Waterfill fill(forest_);
        for (std::size_t i = 0; i < root_.size(); ++i)
          fill.add(i, problem_.channels[i].curve, ranges_[i].low, ranges_[i].high);
        fill.finish();
        const Filled again = fill.fill(outer_, near());
        if (again.end == Filled::End::done) offer(again.spend, again);
      }
      ranges_ = kept;
      if (!changed) return;
    }
  }

  void split(const BranchPointer& node) {
    const std::vector<double> spend = std::move(spends_[node->number]);
    spends_.erase(node->number);
    touch_.assign(root_.size(), 0);
    std::size_t widest = 0;
    double most = -1;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      if (ranges_[i].state == Switch::open) touch_[i] = switched(i, ranges_[i]).touch;
      const double gap = envelope_gap(i, spend[i]);
      if (gap > most) {
        most = gap;
        widest = i;
      }
    }
    const std::vector<Range> kept = ranges_;
    for (const Range& part : halves(widest, spend[widest])) {
      if (!(part.high >= part.low)) continue;
      ranges_ = kept;
      ranges_[widest] = part;
      look(node, {widest, part});
    }
  }

  std::vector<Range> halves(std::size_t i, double x) const {
    const Channel& c = problem_.channels[i];
    const Range& r = ranges_[i];
    if (r.state == Switch::open)
      return {{0, 0, Switch::off}, {std::max(r.low, c.active_min), r.high, Switch::on}};
    const double width = std::min(r.high, 1e300) - r.low;
    double at = x;
    if (at - r.low < 0.01 * width || r.high - at < 0.01 * width) at = r.low + 0.5 * width;
    return {{at, r.high, r.state}, {r.low, at, r.state}};
  }

  const Problem& problem_;
  const BranchOptions& options_;
  Forest forest_;
  double outer_ = 0;
  std::vector<Range> root_, ranges_;
  std::vector<double> near_, touch_;
  std::priority_queue<BranchPointer, std::vector<BranchPointer>, Worse> open_;
  std::map<std::size_t, std::vector<double>> spends_;
  double pruned_ = -kInfinity;
  std::size_t nodes_ = 0;
  Allocation best_;
};

}  // namespace

bool is_branchable(const Problem& problem) {
  if (problem.goal == Goal::least_spend || problem.risk.any()) return false;
  if (std::isfinite(problem.roi_min) || std::isfinite(problem.return_min)) return false;
  if (std::isfinite(problem.turnover_max)) return false;
  for (const Group& group : problem.groups) {
    if (std::isfinite(group.roi_min) || group.max_active) return false;
    if (group.max_share < kInfinity && !problem.is_fixed()) return false;
  }
  return forest_of(problem).has_value();
}

Allocation solve_branching(const Problem& problem, const BranchOptions& options) {
  return Branching(problem, options).solve();
}

}  // namespace autopilot::optimize
