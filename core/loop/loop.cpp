#include "core/loop/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/audit.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/units.h"
#include "core/loop/due.h"
#include "core/loop/learning.h"
#include "core/loop/optimised_report.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

// Basis points that a share may differ from what it was when somebody was asked to approve its
// change: proxies round, and other arms move.
constexpr int kMoved = 100;

// Counts of so many generations are kept apart; those before are one.
constexpr std::int64_t kGenerationsApart = 100;
// Which generation was in force when: that of the last step that had acted by then.
class Generations {
 public:
  // The newest first.
  explicit Generations(std::vector<Start> starts) : starts_(std::move(starts)) {
    std::reverse(starts_.begin(), starts_.end());
  }
  std::int64_t at(Instant time) const {
    const auto after =
        std::upper_bound(starts_.begin(), starts_.end(), time,
                         [](Instant t, const Start& start) { return t < start.time; });
    return after == starts_.begin() ? 0 : std::prev(after)->generation;
  }

 private:
  std::vector<Start> starts_;
};

const ArmShares& of_segment(const SegmentShares& shares, const Segment& segment) {
  static const ArmShares nothing;
  const auto at = shares.find(segment);
  return at == shares.end() ? nothing : at->second;
}

Value weights_data(const ArmShares& shares) {
  Map out;
  for (const auto& [arm, share] : shares) out.append(arm, share / 1e4);
  return out;
}

// Whether a step is about the arms and the segments that the algorithm has.
bool fits(const Step& step, const Algorithm& algorithm) {
  if (keys_of(step.body) != algorithm.segment) return false;
  for (const auto& [segment, shares] : shares_of(step.body, "before")) {
    if (shares.size() != algorithm.arms.size()) return false;
    for (const AlgorithmArm& arm : algorithm.arms) {
      if (!shares.contains(arm.name)) return false;
    }
  }
  return true;
}

Map events_data(const EventBatch& batch) {
  return Map{{"lines", batch.lines},       {"events", batch.events},  {"waiting", batch.waiting},
             {"joined", batch.joined},     {"bad", batch.bad},        {"foreign", batch.foreign},
             {"repeated", batch.repeated}, {"crowded", batch.crowded}};
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
      database_(parts_.store.database()),
      agreements_(parts_.store, parts_.world, parts_.root, parts_.who),
      store_(database_, mode == Mode::shadow ? shadow_of(algorithm.id) : algorithm.id),
      live_(database_, algorithm.id) {
  parts_.recorder.dry_run = mode != Mode::live;
}

LoopResult Loop::run() {
  LoopResult out;
  std::optional<Step> last = store_.last();
  if (last && last->stage != Stage::done) {
    counts_ = store_.counts(algorithm_.segment);
    if (!fits(*last, algorithm_)) close(*last);
    finish(*last);
    out.resumed = last;
  }
  if (last) out.waiting = looked_at(last->body);
  const bool agreed = std::any_of(out.waiting.begin(), out.waiting.end(), [&](const Pending& one) {
    return agreements_.look(one).status == Agreement::Status::granted;
  });
  const Instant now = parts_.world.clock.now();
  std::optional<Instant> begun;
  if (last) begun = last->time;
  if (!agreed) out.waits = why_not_due(algorithm_.schedule, begun, now);
  if (out.waits.empty()) out.waits = read(last, agreed, out);
  if (!out.step) return out;
  finish(*out.step);
  out.waiting = pending_in(out.step->body, "waiting");
  return out;
}

// A step that began before the algorithm was changed has nothing to move any more.
void Loop::close(Step& step) {
  if (step.stage == Stage::acted) return;
  set_shares(step.body, "after", shares_of(step.body, "before"));
  step.body["acted"] =
      Map{{"moved", false}, {"why", "the algorithm has other arms or segments by now"}};
  step.stage = Stage::acted;
  keep(step);
}

// What waits since an earlier step, with how it stands. A shadow asks nobody.
std::vector<Pending> Loop::looked_at(const Map& body) {
  if (mode_ == Mode::shadow) return {};
  std::vector<Pending> out = pending_in(body, "waiting");
  for (Pending& one : out) one.why = agreements_.look(one).why;
  return out;
}

// Why there is no step yet, or "". What was agreed to is acted on whether or not there is news.
std::string Loop::read(const std::optional<Step>& last, bool agreed, LoopResult& result) {
  const Generations generations(live_.starts(LoopStore::kKnown));
  counts_ = store_.counts(algorithm_.segment);
  const EventBatch& batch =
      result.read.emplace(read_events(parts_.world.files, parts_.root, algorithm_,
                                      reading([&](Instant time) { return generations.at(time); })));
  result.served = served_shares(batch.counts, live_, algorithm_.segment);
  for (const auto& [key, rewards] : batch.counts) counts_.push_back({key, rewards});
  const double total = trials_of(counts_);
  const Value* seen = last ? last->body.find("total") : nullptr;
  const double before = seen == nullptr ? 0 : seen->as_double();
  const double needed = std::max(algorithm_.min_events, algorithm_.growth * before);
  std::string waits;
  if (!agreed && total - before < needed) {
    waits = fmt::format("{} new events since the last step, it waits for {:.0f}", total - before,
                        std::ceil(needed));
  } else if (!algorithm_.segment.empty() && counts_.empty()) {
    waits = "no segment is known yet";
  } else {
    result.step = begin(last, batch, total);
  }
  if (mode_ == Mode::dry_run) return waits;
  WriteTransaction transaction(database_);
  store_.put(batch.cursors);
  store_.add(batch.counts, algorithm_.segment);
  if (result.step) {
    store_.put(*result.step);
    const Instant oldest = oldest_that_counts(algorithm_.memory, result.step->time);
    store_.fold(result.step->generation - kGenerationsApart,
                oldest.seconds - bucket_seconds(algorithm_.memory));
    store_.prune(result.step->generation);
  }
  transaction.commit();
  return waits;
}

Reading Loop::reading(std::function<std::int64_t(Instant)> generation_at) {
  Reading out;
  out.known = store_.cursors();
  out.now = parts_.world.clock.now();
  out.generation_at = std::move(generation_at);
  // A shadow that was never live does not know whose generations the log tells.
  const std::int64_t newest = live_.newest_generation();
  if (newest > 0 || mode_ != Mode::shadow) out.newest = newest;
  for (const StoredCount& one : counts_) out.segments.insert(one.key.segment);
  return out;
}

Step Loop::begin(const std::optional<Step>& last, const EventBatch& batch, double total) {
  Step step;
  step.generation = last ? last->generation + 1 : 1;
  step.time = Instant::from_micros(parts_.world.clock.now().micros());
  if (!algorithm_.segment.empty()) {
    List keys;
    for (const std::string& key : algorithm_.segment) keys.emplace_back(key);
    step.body["keys"] = std::move(keys);
  }
  set_shares(step.body, "before", shares_before(last));
  step.body["events"] = events_data(batch);
  step.body["total"] = total;
  carry(last, step);
  return step;
}

// What still waits is held; the rest is told once and proposed anew.
void Loop::carry(const std::optional<Step>& last, Step& step) {
  std::vector<Pending> held, dropped;
  const bool same_keys = last && keys_of(last->body) == keys_of(step.body);
  const SegmentShares before = shares_of(step.body, "before");
  if (last && mode_ != Mode::shadow) {
    for (Pending& one : pending_in(last->body, "waiting")) {
      const Agreement agreement = agreements_.look(one);
      one.why = agreement.why;
      bool over = agreement.status == Agreement::Status::over;
      const ArmShares& now = of_segment(before, one.segment);
      const auto at = now.find(one.arm);
      if (!same_keys || at == now.end()) {
        over = true;
        one.why = "there is no such arm any more";
      } else if (!over && std::abs(at->second - one.before) > kMoved) {
        over = true;
        one.why = fmt::format("its share was moved meanwhile, from {} to {}",
                              format_share(one.before / 1e4), format_share(at->second / 1e4));
      }
      (over ? dropped : held).push_back(std::move(one));
    }
  }
  if (!held.empty()) put_pending(step.body, "held", held);
  if (!dropped.empty()) put_pending(step.body, "dropped", dropped);
}

SegmentShares Loop::in_force() {
  try {
    return parts_.actuator.current();
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("{}: what is in force cannot be read: {}", algorithm_.id, error.what()),
                error.hint());
  }
}

// What is in force, seen where it can be; a shadow goes on from where it would be.
SegmentShares Loop::shares_before(const std::optional<Step>& last) {
  SegmentShares known;
  if (last && keys_of(last->body) == algorithm_.segment) known = shares_of(last->body, "after");
  if (mode_ != Mode::shadow || known.empty()) {
    for (auto& [segment, shares] : in_force()) {
      if (segment.size() == algorithm_.segment.size()) known[segment] = shares;
    }
  }
  for (const StoredCount& one : counts_) known.try_emplace(one.key.segment);
  if (algorithm_.segment.empty()) known.try_emplace({});
  for (auto& [segment, shares] : known) shares = fitted(algorithm_, shares);
  return known;
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

// The counts are those that the step began with: none are added while it is open. What waits for
// approval is not put to the policies again.
void Loop::propose(Step& step) {
  const SegmentShares before = shares_of(step.body, "before");
  const std::vector<OptimisedSegment> optimised =
      optimise(cells_at(algorithm_, counts_, before, step.time), algorithm_.optimiser);
  put_optimised(step.body, optimised);
  std::set<std::pair<Segment, std::string>> held;
  for (const Pending& one : pending_in(step.body, "held")) held.emplace(one.segment, one.arm);
  List actions;
  for (const Value& action :
       weight_actions(optimised, {algorithm_.segment, algorithm_.id}, key_of(step))) {
    std::string text = to_json(action);
    const Target target = target_of(text, algorithm_.segment);
    if (!held.contains({target.segment, target.arm})) actions.emplace_back(std::move(text));
  }
  step.body["actions"] = std::move(actions);
  step.stage = Stage::proposed;
  keep(step);
}

void Loop::decide(Step& step) {
  decide::RecorderSettings settings = parts_.recorder;
  settings.run = key_of(step);
  decide::Recorder recorder(database_, parts_.world, parts_.policies, settings);
  std::vector<std::string> actions;
  for (const Value& action : step.body["actions"].as_list()) actions.push_back(action.as_string());
  put_decisions(step.body, actions, answers_to(actions, recorder));
  std::vector<Pending> waiting = settle_held(step, recorder, actions);
  for (Pending& one : newly_pending(step.body, actions, step.generation, step.time)) {
    if (mode_ == Mode::live) one.why = agreements_.look(one).why;
    waiting.push_back(std::move(one));
  }
  if (mode_ != Mode::shadow && !waiting.empty()) put_pending(step.body, "waiting", waiting);
  put_after(step.body);
  step.stage = Stage::decided;
  keep(step);
}

// A decision line for each action.
std::vector<std::string> Loop::answers_to(const std::vector<std::string>& actions,
                                          decide::Recorder& recorder) const {
  std::string text;
  for (const std::string& action : actions) text += action + "\n";
  text.append(kPadding, ' ');
  std::vector<decide::InputLine> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    lines.push_back({std::string_view(text).substr(begin, actions[i].size()), i + 1});
    begin += actions[i].size() + 1;
  }
  std::string out;
  std::vector<decide::LineFault> faults;
  recorder.decide(lines, out, faults);
  if (!faults.empty()) {
    throw Error(ErrorKind::invalid, fmt::format("an action of {} cannot be decided: {}",
                                                algorithm_.id, faults.front().message));
  }
  std::vector<std::string> answers;
  for (std::string_view rest = out; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    answers.emplace_back(rest.substr(0, rest.find('\n')));
  }
  return answers;
}

// What was approved is decided anew, and its action is among the step's from then on; the rest
// stays. Those that still wait.
std::vector<Pending> Loop::settle_held(Step& step, decide::Recorder& recorder,
                                       std::vector<std::string>& actions) {
  std::vector<Pending> waiting;
  for (Pending& one : pending_in(step.body, "held")) {
    const Agreement agreement = agreements_.look(one);
    one.why = agreement.why;
    if (agreement.status != Agreement::Status::granted) {
      const bool is_over = agreement.status == Agreement::Status::over;
      put_held(step.body, one, is_over ? "refused" : "waiting");
      if (!is_over) waiting.push_back(std::move(one));
    } else if (mode_ != Mode::live) {
      put_held(step.body, one, "approved", weight_of_line(agreements_.recorded(one)));
    } else {
      put_decisions(step.body, {one.action}, {agreements_.resume(one, recorder)});
      actions.push_back(one.action);
    }
  }
  return waiting;
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
    throw stays_open(e.with_hint());
  }
}

// Whether shares that nobody meant to change are not what can be seen: a file was deleted, a
// command's store was wiped.
bool Loop::is_lost(const SegmentShares& shares) {
  return parts_.actuator.can_be_read() &&
         !compare_shares(in_force(), shares, algorithm_.segment).holds;
}

void Loop::act(Step& step) {
  const SegmentShares after = shares_of(step.body, "after");
  const Order order{algorithm_.id, step.generation, key_of(step), after};
  if (mode_ != Mode::live) {
    step.body["acted"] = Map{{"moved", false}, {"why", "only live runs move anything"}};
  } else if (const bool same = after == shares_of(step.body, "before"); same && !is_lost(after)) {
    step.body["acted"] = Map{{"moved", false}, {"why", "nothing changes"}};
  } else {
    const deploy::SplitCheck check = moved(order);
    step.body["acted"] = Map{{"moved", true},
                             {"why", (same ? "they were not in force any more; " : "") + check.why},
                             {"observed", check.observed}};
  }
  step.body["acted_at"] = parts_.world.clock.now().micros();
  step.stage = Stage::acted;
  keep(step);
}

void Loop::record(Step& step) {
  step.stage = Stage::done;
  step.body.erase("actions");  // they are in the decisions
  if (mode_ == Mode::dry_run) return;
  Map entry{{"algorithm", algorithm_.id},
            {"generation", step.generation},
            {"mode", std::string(to_string(mode_))}};
  const std::vector<std::string> keys = keys_of(step.body);
  List segments;
  for (const auto& [segment, shares] : shares_of(step.body, "after")) {
    if (keys.empty()) entry.append("weights", weights_data(shares));
    segments.emplace_back(
        Map{{"segment", segment_map(keys, segment)}, {"weights", weights_data(shares)}});
  }
  if (!keys.empty()) entry.append("segments", std::move(segments));
  WriteTransaction transaction(database_);
  store_.put(step);
  append_audit(database_, "loop_step", std::move(entry), parts_.recorder.actor,
               parts_.world.clock.now());
  transaction.commit();
}

void Loop::keep(const Step& step) {
  if (mode_ == Mode::dry_run) return;
  WriteTransaction transaction(database_);
  store_.put(step);
  transaction.commit();
}

}  // namespace autopilot::loop
