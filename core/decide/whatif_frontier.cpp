// Where outcomes change: each interval of the grid whose ends differ is bisected until the values
// on both sides of each change are as close as asked.
#include <cmath>
#include <queue>

#include "core/base/threads.h"
#include "core/decide/whatif_run.h"

namespace autopilot::decide {
namespace {

// Trials that all intervals together may cost, and the least that each may.
constexpr std::size_t kSearchTrials = 20'000'000;
constexpr std::size_t kLeastSteps = 64;

using Cells = std::shared_ptr<const std::vector<Cell>>;

struct Interval {
  double low = 0, high = 0;
  std::string low_text, high_text;
  Cells at_low, at_high;
  std::size_t flips = 0;
};

bool same_results(const std::vector<Cell>& a, const std::vector<Cell>& b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](Cell x, Cell y) { return x.result() == y.result(); });
}

// Where most decisions change comes first; what is left when the search is cut short matters least.
struct Order {
  bool operator()(const Interval& a, const Interval& b) const {
    return a.flips != b.flips ? a.flips < b.flips : a.low > b.low;
  }
};

class Search {
 public:
  Search(const WhatIfPlan& plan, const TrialsSetting& setting, double tolerance, double step)
      : plan_(plan), trials_(setting), tolerance_(tolerance), step_(step) {}

  std::vector<Boundary> run(Interval first, std::size_t steps) {
    push(std::move(first));
    std::vector<Boundary> found;
    while (!open_.empty()) {
      const Interval interval = open_.top();
      open_.pop();
      const double middle = middle_of(interval);
      const bool fine = !(middle > interval.low && middle < interval.high) || is_fine(interval);
      if (fine || steps == 0 || !split(interval, middle)) {
        found.push_back({interval.low_text, interval.high_text, fine, {}});
        add_flips(*interval.at_low, *interval.at_high, found.back().flips);
        continue;
      }
      --steps;
    }
    return found;
  }

 private:
  void push(Interval interval) {
    if (same_results(*interval.at_low, *interval.at_high)) return;
    Flips flips;
    add_flips(*interval.at_low, *interval.at_high, flips);
    for (const auto& [flip, group] : flips) interval.flips += group.count;
    open_.push(std::move(interval));
  }

  double middle_of(const Interval& interval) const {
    const double middle = interval.low + (interval.high - interval.low) / 2;
    return plan_.integral(0) ? std::floor(middle) : middle;
  }

  // Near zero nothing is close in relation to itself: there the step of the grid counts.
  bool is_fine(const Interval& interval) const {
    if (plan_.integral(0)) return false;
    const double scale = std::max({std::fabs(interval.low), std::fabs(interval.high), step_});
    return interval.high - interval.low <= tolerance_ * scale;
  }

  // False when nothing can be decided there.
  bool split(const Interval& interval, double middle) {
    std::string text = text_between(middle);
    auto cells = std::make_shared<std::vector<Cell>>();
    Diagnostics faults;
    if (!trials_.run(plan_.at(std::vector{text}), *cells, faults)) return false;
    push({interval.low, middle, interval.low_text, text, interval.at_low, cells, 0});
    push({middle, interval.high, text, interval.high_text, cells, interval.at_high, 0});
    return true;
  }

  static std::string text_between(double value) { return text_of_number(value); }

  const WhatIfPlan& plan_;
  Trials trials_;
  double tolerance_, step_;
  std::priority_queue<Interval, std::vector<Interval>, Order> open_;
};

// The intervals of the grid whose ends differ, by the number of the point that they begin at.
std::vector<std::size_t> changing_intervals(const WhatIf& found) {
  std::vector<bool> changes(found.points.size(), false);
  for (const std::vector<Run>& runs : found.runs) {
    for (std::size_t i = 1; i < runs.size(); ++i) {
      if (runs[i].cell.result() != runs[i - 1].cell.result()) changes[runs[i].point] = true;
    }
  }
  std::vector<std::size_t> out;
  for (std::size_t p = 1; p < changes.size(); ++p) {
    if (changes[p]) out.push_back(p - 1);
  }
  return out;
}

Cells cells_at(const WhatIf& found, std::size_t point) {
  auto cells = std::make_shared<std::vector<Cell>>();
  for (const std::vector<Run>& runs : found.runs) {
    const auto after = std::upper_bound(runs.begin(), runs.end(), point,
                                        [](std::size_t p, const Run& r) { return p < r.point; });
    cells->push_back((after - 1)->cell);
  }
  return cells;
}

}  // namespace

std::vector<Boundary> find_frontier(const WhatIfPlan& plan, const TrialsSetting& setting,
                                    const WhatIf& found, double tolerance) {
  const std::vector<std::size_t> begins = changing_intervals(found);
  if (begins.empty()) return {};
  const std::vector<std::string>& values = plan.sweeps()[0].values;
  const std::size_t steps = std::max(
      kLeastSteps, kSearchTrials / std::max<std::size_t>(found.runs.size(), 1) / begins.size());
  std::vector<std::vector<Boundary>> parts(begins.size());
  share_out(begins.size(), workers_for(begins.size()), [&](std::size_t, std::size_t item) {
    const std::size_t p = begins[item];
    const double low = *number_in(values[p]), high = *number_in(values[p + 1]);
    Search search(plan, setting, tolerance, high - low);
    parts[item] = search.run(
        {low, high, values[p], values[p + 1], cells_at(found, p), cells_at(found, p + 1), 0},
        steps);
    std::sort(parts[item].begin(), parts[item].end(), [](const Boundary& a, const Boundary& b) {
      return *number_in(a.low) < *number_in(b.low);
    });
  });
  std::vector<Boundary> out;
  for (std::vector<Boundary>& part : parts)
    std::move(part.begin(), part.end(), std::back_inserter(out));
  return out;
}

}  // namespace autopilot::decide
