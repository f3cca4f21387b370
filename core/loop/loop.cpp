#include "core/loop/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/audit.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/loop/optimised_report.h"
#include "core/loop/step_body.h"
#include "core/stats/bandit_shares.h"

namespace autopilot::loop {
namespace {

constexpr std::int64_t kStepsKnown = 10'000;  // generations that times are looked up among

double trials_of(const std::vector<StoredCount>& counts) {
  double sum = 0;
  for (const StoredCount& one : counts) sum += one.rewards.count;
  return sum;
}

// Which generation was in force when: that of the last step that had acted by then.
class Generations {
 public:
  explicit Generations(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      const Value* acted = step.body.find("acted_at");
      if (acted == nullptr) continue;
      starts_.emplace_back(Instant::from_micros(acted->as_int()), step.generation);
    }
    std::reverse(starts_.begin(), starts_.end());
  }
  std::int64_t at(Instant time) const {
    const auto after = std::upper_bound(
        starts_.begin(), starts_.end(), time,
        [](Instant t, const std::pair<Instant, std::int64_t>& start) { return t < start.first; });
    return after == starts_.begin() ? 0 : std::prev(after)->second;
  }

 private:
  std::vector<std::pair<Instant, std::int64_t>> starts_;
};

std::vector<Cell> cells_at(const Algorithm& algorithm, const std::vector<StoredCount>& counts,
                           const ArmShares& before, Instant now) {
  const std::int64_t bucket = bucket_seconds(algorithm.memory);
  std::vector<Cell> out;
  for (const AlgorithmArm& arm : algorithm.arms) {
    Cell cell;
    cell.arm = arm.name;
    cell.floor = arm.floor;
    cell.cap = arm.cap;
    cell.before = before.at(arm.name) / 1e4;
    for (const StoredCount& one : counts) {
      if (one.key.arm != arm.name) continue;
      const Instant middle{one.key.bucket + bucket / 2, 0};
      const double weight = bucket == 0 ? 1 : weight_of(algorithm.memory, now - middle);
      cell.rewards.count += weight * one.rewards.count;
      cell.rewards.sum += weight * one.rewards.sum;
      cell.rewards.square_sum += weight * one.rewards.square_sum;
    }
    out.push_back(std::move(cell));
  }
  return out;
}

// Shares of these arms and no others; even where nothing is known.
ArmShares fitted(const Algorithm& algorithm, const ArmShares& known) {
  std::vector<double> shares;
  double sum = 0;
  for (const AlgorithmArm& arm : algorithm.arms) {
    const auto at = known.find(arm.name);
    shares.push_back(at == known.end() ? 0 : at->second);
    sum += shares.back();
  }
  for (double& share : shares) {
    share = sum > 0 ? share / sum : 1 / static_cast<double>(shares.size());
  }
  const std::vector<int> points = stats::basis_points(shares);
  ArmShares out;
  for (std::size_t i = 0; i < points.size(); ++i) out[algorithm.arms[i].name] = points[i];
  return out;
}

Map events_data(const EventBatch& batch) {
  return Map{{"lines", batch.lines},      {"events", batch.events}, {"waiting", batch.waiting},
             {"joined", batch.joined},    {"bad", batch.bad},       {"foreign", batch.foreign},
             {"repeated", batch.repeated}};
}

}  // namespace

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::live:
      return "live";
    case Mode::shadow:
      return "shadow";
    case Mode::dry_run:
      return "dry_run";
  }
  return "";
}

Loop::Loop(const Algorithm& algorithm, Mode mode, LoopParts parts)
    : algorithm_(algorithm),
      mode_(mode),
      parts_(std::move(parts)),
      store_(parts_.database, mode == Mode::shadow ? shadow_of(algorithm.id) : algorithm.id),
      live_(parts_.database, algorithm.id) {
  parts_.recorder.dry_run = mode != Mode::live;
}

LoopResult Loop::run() {
  LoopResult out;
  std::optional<Step> last = store_.last();
  if (last && last->stage != Stage::done) {
    counts_ = store_.counts();
    finish(*last);
    out.resumed = last;
  }
  out.waits = why_not_due(last);
  if (out.waits.empty()) out.waits = read(last, out);
  if (out.step) finish(*out.step);
  return out;
}

std::string Loop::why_not_due(const std::optional<Step>& last) const {
  if (!last || last->time + algorithm_.every <= parts_.world.clock.now()) return {};
  return fmt::format("the next step is due at {}", format_rfc3339(last->time + algorithm_.every));
}

// Why there is no step yet, or "".
std::string Loop::read(const std::optional<Step>& last, LoopResult& result) {
  const Instant now = parts_.world.clock.now();
  const std::vector<Step> steps = live_.steps(kStepsKnown);
  const Generations generations(steps);
  const EventBatch& batch =
      result.read.emplace(read_events(parts_.world.files, parts_.root, algorithm_, store_.cursors(),
                                      now, [&](Instant time) { return generations.at(time); }));
  result.served = served_shares(batch.counts, steps);
  counts_ = counts_with(batch);
  const double total = trials_of(counts_);
  const Value* seen = last ? last->body.find("total") : nullptr;
  const double before = seen == nullptr ? 0 : seen->as_double();
  const double needed = std::max(algorithm_.min_events, algorithm_.growth * before);
  std::string waits;
  if (total - before < needed) {
    waits = fmt::format("{} new events since the last step, it waits for {:.0f}", total - before,
                        std::ceil(needed));
  } else {
    result.step = begin(last, batch, total);
  }
  if (mode_ == Mode::dry_run) return waits;
  WriteTransaction transaction(parts_.database);
  store_.put(batch.cursors);
  store_.add(batch.counts);
  if (result.step) store_.put(*result.step);
  transaction.commit();
  return waits;
}

std::vector<StoredCount> Loop::counts_with(const EventBatch& batch) {
  std::vector<StoredCount> out = store_.counts();
  for (const auto& [key, rewards] : batch.counts) out.push_back({key, rewards});
  return out;
}

Step Loop::begin(const std::optional<Step>& last, const EventBatch& batch, double total) {
  Step step;
  step.generation = last ? last->generation + 1 : 1;
  step.time = Instant::from_micros(parts_.world.clock.now().micros());
  set_shares(step.body, "before", shares_before(last));
  step.body["events"] = events_data(batch);
  step.body["total"] = total;
  return step;
}

// What is in force, seen where it can be; a shadow goes on from where it would be.
ArmShares Loop::shares_before(const std::optional<Step>& last) {
  const ArmShares after = last ? shares_of(last->body, "after") : ArmShares();
  if (mode_ == Mode::shadow && !after.empty()) return fitted(algorithm_, after);
  const ArmShares seen = parts_.actuator.current();
  return fitted(algorithm_, seen.empty() ? after : seen);
}

std::string Loop::key_of(const Step& step) const {
  const bool live = mode_ == Mode::live;
  return fmt::format("{}/{}", live ? algorithm_.id : shadow_of(algorithm_.id), step.generation);
}

void Loop::finish(Step& step) {
  if (step.stage == Stage::read) propose(step);
  if (step.stage == Stage::proposed) decide(step);
  if (step.stage == Stage::decided) act(step);
  if (step.stage == Stage::acted) record(step);
}

// The counts are those that the step began with: none are added while it is open.
void Loop::propose(Step& step) {
  const ArmShares before = shares_of(step.body, "before");
  const std::vector<OptimisedSegment> optimised =
      optimise(cells_at(algorithm_, counts_, before, step.time), algorithm_.optimiser);
  put_optimised(step.body, optimised.front());
  const Naming naming{{}, algorithm_.id};
  List actions;
  for (const Value& action : weight_actions(optimised, naming, key_of(step))) {
    actions.emplace_back(to_json(action));
  }
  step.body["actions"] = std::move(actions);
  step.stage = Stage::proposed;
  keep(step);
}

void Loop::decide(Step& step) {
  std::string text;
  std::vector<std::size_t> begins;
  for (const Value& action : step.body["actions"].as_list()) {
    begins.push_back(text.size());
    text += action.as_string() + "\n";
  }
  const std::size_t size = text.size();
  text.append(kPadding, ' ');
  std::vector<decide::InputLine> lines;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    const std::size_t end = i + 1 < begins.size() ? begins[i + 1] : size;
    lines.push_back({std::string_view(text).substr(begins[i], end - 1 - begins[i]), i + 1});
  }
  decide::RecorderSettings settings = parts_.recorder;
  settings.run = key_of(step);
  decide::Recorder recorder(parts_.database, parts_.world, parts_.policies, settings);
  std::string out;
  std::vector<decide::LineFault> faults;
  recorder.decide(lines, out, faults);
  if (!faults.empty()) {
    throw Error(ErrorKind::invalid, fmt::format("an action of {} cannot be decided: {}",
                                                algorithm_.id, faults.front().message));
  }
  put_decisions(step.body, out);
  step.stage = Stage::decided;
  keep(step);
}

// What was seen of it. Throws Error(outside) when it was not moved, or does not hold.
deploy::SplitCheck Loop::moved(const Order& order) {
  const auto stays_open = [&](const std::string& why) {
    return Error(ErrorKind::outside,
                 fmt::format("generation {} of {} is not in force: {}", order.generation,
                             order.algorithm, why),
                 "the step stays open: the next run tries again");
  };
  try {
    parts_.actuator.set(order);
    deploy::SplitCheck check = parts_.actuator.verify(order);
    if (!check.holds) throw stays_open(check.why);
    return check;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::outside || e.hint().starts_with("the step stays")) throw;
    throw stays_open(e.hint().empty() ? e.what() : fmt::format("{}; {}", e.what(), e.hint()));
  }
}

void Loop::act(Step& step) {
  const ArmShares after = shares_of(step.body, "after");
  const Order order{algorithm_.id, step.generation, key_of(step), after};
  if (mode_ != Mode::live) {
    step.body["acted"] = Map{{"moved", false}, {"why", "only live runs move anything"}};
  } else if (after == shares_of(step.body, "before")) {
    step.body["acted"] = Map{{"moved", false}, {"why", "nothing changes"}};
  } else {
    const deploy::SplitCheck check = moved(order);
    step.body["acted"] = Map{{"moved", true}, {"why", check.why}, {"observed", check.observed}};
  }
  step.body["acted_at"] = parts_.world.clock.now().micros();
  step.stage = Stage::acted;
  keep(step);
}

void Loop::record(Step& step) {
  step.stage = Stage::done;
  if (mode_ == Mode::dry_run) return;
  Map shares;
  for (const auto& [arm, share] : shares_of(step.body, "after")) shares.append(arm, share / 1e4);
  WriteTransaction transaction(parts_.database);
  store_.put(step);
  append_audit(parts_.database, "loop_step",
               Map{{"algorithm", algorithm_.id},
                   {"generation", step.generation},
                   {"mode", std::string(to_string(mode_))},
                   {"weights", std::move(shares)}},
               parts_.recorder.actor, parts_.world.clock.now());
  transaction.commit();
}

void Loop::keep(const Step& step) {
  if (mode_ == Mode::dry_run) return;
  WriteTransaction transaction(parts_.database);
  store_.put(step);
  transaction.commit();
}

}  // namespace autopilot::loop
