#include "core/loop/event_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/base/error.h"

namespace autopilot::loop {
namespace {

// Clocks of machines differ by less; what claims to be later is wrong.
constexpr Duration kSkew = Duration::seconds(300);
constexpr std::size_t kMostAhead = 4'000'000;  // plays that are kept in memory
constexpr std::int64_t kFewBad = 1;            // one bad line is no reason to stop
constexpr std::int64_t kManyLone = 20;         // rewards without a play: no accident

using events::FollowedLog;

struct Play {
  Event event;
  double reward = 0;
  bool over = false;  // and taken
};

class Reader {
 public:
  Reader(const Algorithm& algorithm, const std::string& root, const Reading& reading)
      : algorithm_(algorithm),
        root_(root),
        reading_(reading),
        bucket_(bucket_seconds(algorithm.memory)),
        segments_(reading.segments) {}

  void read(FollowedLog& log) {
    if (log.was_cut()) out_.cut.push_back(shown(log.path()));
    bool all_over = true;
    std::string_view line;
    while (log.next(line)) {
      const bool over = take(line, log, all_over);
      all_over = all_over && over;
      if (all_over) log.mark();
      if (!all_over && algorithm_.columns.id.empty()) break;  // nothing ahead is of use
    }
    if (log.fault().empty()) return;
    std::string why = log.fault();
    if (const std::size_t at = why.find(log.path()); at != std::string::npos) {
      why.replace(at, log.path().size(), shown(log.path()));
    }
    out_.damaged.push_back({shown(log.path()), std::move(why)});
  }

  EventBatch finish(const events::FollowedLogs& logs) {
    for (const std::string& path : logs.copies()) out_.copies.push_back(shown(path));
    out_.cursors = logs.cursors(reading_.now);
    for (Play& play : plays_) {
      if (play.over) count(play.event, play.reward);
    }
    refuse_too_bad();
    out_.lone = lone();
    return std::move(out_);
  }

 private:
  // Whether the line is over.
  bool take(std::string_view line, FollowedLog& log, bool all_over) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
    std::string fault;
    const auto event = read_event(line, algorithm_, fault);
    if (event && event->time > reading_.now + kSkew) fault = "its time is yet to come";
    if (fault.empty() && event) fault = generation_fault(*event);
    if (fault.empty() && event && event->reward) fault = range_fault(*event->reward);
    if (!fault.empty()) {
      if (all_over) note_bad(log, fault);
      return true;
    }
    const bool over = event->time + algorithm_.attribution <= reading_.now;
    const bool taken = over && all_over;
    out_.lines += taken;
    if (!event->arm.empty()) {
      play(*event, taken);
    } else {
      reward(*event);
    }
    return over;
  }

  // As the document names it: from the project's root.
  std::string shown(const std::string& path) const {
    const std::string folder = root_ + "/";
    return path.starts_with(folder) ? path.substr(folder.size()) : path;
  }

  std::string range_fault(double reward) const {
    const OptimiserSpec& o = algorithm_.optimiser;
    if (takes_any_reward(o.method) || (reward >= o.low && reward <= o.high)) return {};
    return fmt::format("a reward of {} is not within objective.range, {} to {}", reward, o.low,
                       o.high);
  }

  // Joined with other weights than it was served under, it would tell lies.
  std::string generation_fault(const Event& event) const {
    if (!event.generation) return {};
    if (*event.generation >= 0 && *event.generation <= reading_.newest) return {};
    return fmt::format("there is no generation {} of weights: the newest is {}", *event.generation,
                       reading_.newest);
  }

  void note_bad(FollowedLog& log, const std::string& fault) {
    ++out_.lines;
    ++out_.bad;
    if (out_.examples.size() >= kBadExamples) return;
    out_.examples.push_back({fmt::format("{}:{}", shown(log.path()), log.line()), fault});
  }

  void play(const Event& event, bool taken) {
    if (!algorithm_.has_arm(event.arm)) return note_foreign(event.arm, taken);
    if (event.id.empty()) {
      if (taken) count(event, *event.reward);
      out_.waiting += !taken;
      return;
    }
    const auto [at, is_new] = by_id_.try_emplace(event.id, plays_.size());
    if (!is_new) {
      out_.repeated += taken;
      return;
    }
    if (plays_.size() >= kMostAhead) {
      throw Error(ErrorKind::invalid,
                  fmt::format("more than {} plays are new or wait for rewards", kMostAhead),
                  "run it more often, or shorten events.attribution");
    }
    plays_.push_back({event, event.reward.value_or(0), taken});
    out_.waiting += !taken;
    if (const auto early = early_.find(event.id); early != early_.end()) {
      for (const Event& one : early->second) join(plays_.back(), one);
      early_.erase(early);
    }
  }

  void reward(const Event& event) {
    const auto at = by_id_.find(event.id);
    if (at == by_id_.end()) {
      early_[event.id].push_back(event);
    } else {
      join(plays_[at->second], event);
    }
  }

  void join(Play& play, const Event& reward) {
    const bool in_time =
        reward.time >= play.event.time && reward.time <= play.event.time + algorithm_.attribution;
    if (!in_time) return;
    play.reward += *reward.reward;
    out_.joined += play.over;
    any_joined_ = true;
  }

  // Rewards of plays that were counted before are here again until they are over: only where none
  // at all found its play among many, something is wrong.
  std::int64_t lone() const {
    std::int64_t out = 0;
    for (const auto& [id, rewards] : early_) out += static_cast<std::int64_t>(rewards.size());
    const bool is_odd = !any_joined_ && out >= kManyLone && std::ssize(plays_) >= kManyLone;
    return is_odd ? out : 0;
  }

  void note_foreign(const std::string& arm, bool taken) {
    if (!taken) return;
    ++out_.foreign;
    auto& some = out_.foreign_arms;
    if (some.size() < kBadExamples && std::find(some.begin(), some.end(), arm) == some.end()) {
      some.push_back(arm);
    }
  }

  void count(const Event& event, double reward) {
    const OptimiserSpec& o = algorithm_.optimiser;
    // Rewards of several lines may add up to more than one can be.
    const bool any = takes_any_reward(o.method);
    if (!any) reward = std::clamp(reward, o.low, o.high);
    if (algorithm_.minimize) reward = any ? -reward : o.low + o.high - reward;
    const std::int64_t bucket =
        bucket_ == 0 ? 0
                     : event.time.seconds - ((event.time.seconds % bucket_) + bucket_) % bucket_;
    const std::int64_t generation =
        event.generation ? *event.generation : reading_.generation_at(event.time);
    out_.counts[{generation, segment_of(event), event.arm, bucket}].add(reward);
    ++out_.events;
  }

  Segment segment_of(const Event& event) {
    if (segments_.size() < kMostSegments) segments_.insert(event.segment);
    if (segments_.contains(event.segment)) return event.segment;
    ++out_.crowded;
    return Segment(event.segment.size(), kOther);
  }

  void refuse_too_bad() const {
    const double allowed = algorithm_.max_bad * static_cast<double>(out_.lines);
    if (out_.bad <= kFewBad || static_cast<double>(out_.bad) <= allowed) return;
    const BadLine& first = out_.examples.front();
    throw Error(
        ErrorKind::invalid,
        fmt::format("{} of {} lines are wrong, more than events.max_bad; the first is {}: {}",
                    out_.bad, out_.lines, first.place, first.why),
        "events.columns says how the log calls time, arm and reward");
  }

  const Algorithm& algorithm_;
  const std::string& root_;
  const Reading& reading_;
  std::int64_t bucket_;
  std::set<Segment> segments_;
  std::vector<Play> plays_;  // with ids
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_map<std::string, std::vector<Event>> early_;  // rewards before their play
  bool any_joined_ = false;
  EventBatch out_;
};

}  // namespace

std::int64_t bucket_seconds(const Memory& memory) {
  constexpr std::int64_t kNanos = 1'000'000'000;
  std::int64_t out = 0;
  if (memory.half_life) out = std::max<std::int64_t>(1, memory.half_life->nanos / kNanos / 16);
  if (memory.window) {
    const std::int64_t of_window = std::max<std::int64_t>(1, memory.window->nanos / kNanos / 32);
    out = out == 0 ? of_window : std::min(out, of_window);
  }
  return out;
}

EventBatch read_events(Files& files, const std::string& root, const Algorithm& algorithm,
                       const Reading& reading) {
  Reader reader(algorithm, root, reading);
  const std::vector<std::string> paths = events::find_logs(files, root, algorithm.files);
  events::FollowedLogs logs(files, paths, reading.known);
  for (FollowedLog& log : logs.logs()) reader.read(log);
  EventBatch out = reader.finish(logs);
  out.has_logs = !paths.empty();
  return out;
}

}  // namespace autopilot::loop
