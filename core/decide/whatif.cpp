#include "core/decide/whatif.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/threads.h"
#include "core/decide/whatif_run.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kBlock = 16;           // points that one worker tries in one go
constexpr std::size_t kWorthThreads = 2000;  // trials

// Neighbouring points, and what one worker found there.
struct Block {
  std::size_t begin = 0, end = 0;
  std::vector<std::vector<Run>> runs;
  std::optional<Diagnostics> faults;
};

void check_size(const WhatIfPlan& plan, const Chosen& chosen) {
  const std::size_t trials = plan.points() * chosen.size();
  if (chosen.size() <= kMostDecisions && trials <= kMostTrials) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} decisions at {} points are too many to try", chosen.size(), plan.points()),
      fmt::format("at most {} decisions and {} million trials: choose fewer with --last N, "
                  "or take larger steps",
                  kMostDecisions, kMostTrials / 1'000'000));
}

// The whole of one what-if; its members are what the workers share.
class Simulation {
 public:
  Simulation(const WhatIfPlan& plan, const Rules& rules, const Chosen& chosen,
             const WhatIfSettings& settings)
      : plan_(plan),
        chosen_(chosen),
        settings_(settings),
        setting_(make_setting(rules, chosen, names_)) {}

  WhatIf run() {
    check_names(plan_, setting_, out_);
    find_before();
    out_.points.resize(plan_.points());
    out_.runs.resize(chosen_.size());
    if (plan_.sweeps().empty()) {
      run_single();
    } else {
      run_grid();
    }
    out_.rules = names_.all();
    return std::move(out_);
  }

 private:
  void find_before() {
    for (const ChosenDecision& d : chosen_.all())
      out_.before.emplace_back(d.before, d.rule.second.empty() ? 0 : names_.number(d.rule));
    Trials trials(setting_);
    std::vector<Cell> unchanged;
    trials.run({}, unchanged, out_.faults);
    for (std::size_t i = 0; i < unchanged.size(); ++i)
      out_.unchanged_differing += unchanged[i].result() != out_.before[i].result() ? 1 : 0;
    if (settings_.from_unchanged) out_.before = std::move(unchanged);
  }

  void run_single() {
    Trials trials(setting_);
    std::vector<Cell> cells;
    const Trials::Observer observer = [&](std::size_t i, const Cell& cell, const Outcome& outcome,
                                          const Input& input) { note(i, cell, outcome, input); };
    if (!trials.run(plan_.at(std::size_t{0}), cells, out_.faults, &observer)) return;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      ++out_.points[0].counts[static_cast<std::size_t>(cells[i].result())];
      out_.runs[i].push_back({0, cells[i]});
    }
  }

  // Two modified actions may be modified to something else.
  void note(std::size_t i, const Cell& cell, const Outcome& outcome, const Input& input) {
    const Cell before = out_.before[i];
    const ChosenDecision& decision = chosen_.all()[i];
    const std::string_view action =
        outcome.changed ? std::string_view(outcome.action) : input.proposed;
    if (before.result() == cell.result()) {
      if (cell.result() != Result::modified || action == decision.record.action ||
          parse_json(action).value == parse_json(decision.record.action).value)
        return;
    }
    PointOutcome& point = out_.points[0];
    ++point.differing;
    const bool stricter = cell.result() >= before.result();
    FlipGroup& group =
        point.flips[{stricter ? cell.rule() : before.rule(), before.result(), cell.result()}];
    if (group.count++ > 0) return;
    group.example = i;
    group.action_before = std::string(decision.record.action);
    group.action_after = std::string(action);
    for (const Reason& r : outcome.reasons) {
      if (!group.message.empty() || r.monitor ||
          to_string(r.effect) != effect_behind(cell.result()))
        continue;
      if (stricter) group.message = r.message;
    }
  }

  void run_grid() {
    const std::size_t points = plan_.points();
    setting_.foretold =
        std::make_shared<const ForetoldInputs>(*setting_.set, *setting_.inputs, chosen_.size());
    blocks_.resize((points + kBlock - 1) / kBlock);
    out_.has_frontier = plan_.sweeps().size() == 1 && plan_.sweeps()[0].numeric;
    const std::size_t workers =
        points * chosen_.size() < kWorthThreads ? 1 : workers_for(blocks_.size());
    std::vector<std::unique_ptr<Trials>> trials;
    for (std::size_t i = 0; i < workers; ++i) trials.push_back(std::make_unique<Trials>(setting_));
    share_out(blocks_.size(), workers, [&](std::size_t worker, std::size_t item) {
      blocks_[item].begin = item * kBlock;
      blocks_[item].end = std::min(points, (item + 1) * kBlock);
      run_block(*trials[worker], blocks_[item]);
    });
    for (Block& block : blocks_) {
      if (block.faults) {
        out_.faults = std::move(*block.faults);
        return;
      }
      join(block);
    }
    if (out_.has_frontier)
      out_.frontier = find_frontier(plan_, setting_, out_, settings_.tolerance);
  }

  void run_block(Trials& trials, Block& block) {
    block.runs.resize(chosen_.size());
    std::vector<Cell> cells;
    for (std::size_t p = block.begin; p < block.end; ++p) {
      Diagnostics faults;
      if (!trials.run(plan_.at(p), cells, faults)) {
        block.faults = std::move(faults);
        return;
      }
      PointOutcome& point = out_.points[p];
      for (std::size_t i = 0; i < cells.size(); ++i) {
        ++point.counts[static_cast<std::size_t>(cells[i].result())];
        std::vector<Run>& runs = block.runs[i];
        if (runs.empty() || !(runs.back().cell == cells[i]))
          runs.push_back({static_cast<std::uint32_t>(p), cells[i]});
      }
      add_flips(out_.before, cells, point.flips);
      for (const auto& [flip, group] : point.flips) point.differing += group.count;
    }
  }

  void join(const Block& block) {
    for (std::size_t i = 0; i < block.runs.size(); ++i) {
      std::vector<Run>& all = out_.runs[i];
      for (const Run& run : block.runs[i]) {
        if (all.empty() || !(all.back().cell == run.cell)) all.push_back(run);
      }
    }
  }

  const WhatIfPlan& plan_;
  const Chosen& chosen_;
  const WhatIfSettings& settings_;
  RuleNames names_;
  TrialsSetting setting_;
  std::vector<Block> blocks_;
  WhatIf out_;
};

}  // namespace

void add_flips(const std::vector<Cell>& before, const std::vector<Cell>& after, Flips& flips) {
  for (std::size_t i = 0; i < after.size(); ++i) {
    const Result was = before[i].result(), is = after[i].result();
    if (was == is) continue;
    FlipGroup& group = flips[{is > was ? after[i].rule() : before[i].rule(), was, is}];
    if (group.count++ == 0) group.example = i;
  }
}

WhatIf run_what_if(const WhatIfPlan& plan, const Rules& rules, const Chosen& chosen,
                   const WhatIfSettings& settings) {
  check_size(plan, chosen);
  return Simulation(plan, rules, chosen, settings).run();
}

}  // namespace autopilot::decide
