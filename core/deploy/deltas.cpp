#include "core/deploy/deltas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostSeries = 5000;
constexpr Duration kForgetAfter = Duration::seconds(86'400);  // a series that is not seen
constexpr double kMostEvents = 9e15;  // in one sample: whole numbers are exact in a double

struct Last {
  std::int64_t at = 0;  // µs
  double value = 0;
};
using LastBySeries = std::map<std::string, Last>;

// The cursor, unpacked. Times are µs since 1970.
struct State {
  std::optional<std::int64_t> through;  // up to where events were counted
  std::optional<std::int64_t> told;     // up to where samples were given, without data included
  std::optional<std::int64_t> covered;  // since when the source is known to be read
  LastBySeries bad, good, total;
  double carried_bad = 0, carried_total = 0;  // counted, and in no sample yet
  std::int64_t failed_in_a_row = 0;
};

std::optional<std::int64_t> optional_int(const Value& from, std::string_view key) {
  const Value* found = from.get(key);
  return found == nullptr || found->is_null() ? std::nullopt : std::optional(found->as_int());
}

double cursor_number(const Value& from, std::string_view key) {
  const Value* found = from.get(key);
  return found == nullptr ? 0 : found->as_double();
}

LastBySeries unpack_series(const Value& from, std::string_view key) {
  LastBySeries out;
  const Value* found = from.get(key);
  if (found == nullptr) return out;
  for (const auto& [name, last] : found->as_map())
    out[name] = {last.as_list()[0].as_int(), last.as_list()[1].as_double()};
  return out;
}

State unpack(const Value& cursor) {
  State state;
  if (cursor.is_null()) return state;
  state.through = optional_int(cursor, "through");
  state.told = optional_int(cursor, "told");
  state.covered = optional_int(cursor, "covered");
  state.bad = unpack_series(cursor, "bad");
  state.good = unpack_series(cursor, "good");
  state.total = unpack_series(cursor, "total");
  state.carried_bad = cursor_number(cursor, "carried_bad");
  state.carried_total = cursor_number(cursor, "carried_total");
  state.failed_in_a_row = optional_int(cursor, "failed_in_a_row").value_or(0);
  return state;
}

Value pack_series(const LastBySeries& series, std::int64_t now) {
  Map out;
  for (const auto& [key, last] : series) {
    if (last.at < now - kForgetAfter.nanos / 1000) continue;
    out.append(key, List{Value(last.at), Value(last.value)});
  }
  return out;
}

Value pack(const State& state) {
  const std::int64_t now = state.told.value_or(0);
  Map out;
  if (state.through) out.append("through", Value(*state.through));
  if (state.told) out.append("told", Value(*state.told));
  if (state.covered) out.append("covered", Value(*state.covered));
  if (!state.bad.empty()) out.append("bad", pack_series(state.bad, now));
  if (!state.good.empty()) out.append("good", pack_series(state.good, now));
  if (!state.total.empty()) out.append("total", pack_series(state.total, now));
  if (state.carried_bad != 0) out.append("carried_bad", state.carried_bad);
  if (state.carried_total != 0) out.append("carried_total", state.carried_total);
  if (state.failed_in_a_row != 0) out.append("failed_in_a_row", Value(state.failed_in_a_row));
  return out;
}

// A series' points by time, each time once (the last one given wins), without what is no number.
std::map<std::int64_t, double> sound_points(const Series& series, std::int64_t until) {
  std::map<std::int64_t, double> out;
  for (const Point& p : series.points) {
    if (std::isfinite(p.value) && p.value >= 0 && p.at.micros() <= until)
      out[p.at.micros()] = p.value;
  }
  return out;
}

// One run over an answer.
class Taking {
 public:
  Taking(const Query& query, const Reply& reply, const Value& cursor)
      : query_(query), reply_(reply), state_(unpack(cursor)), until_(query.to.micros()) {
    if (!state_.through) state_.through = query.from.micros();
    if (!state_.told) state_.told = state_.through;
    first_ = cursor.is_null();
  }

  Taken run() {
    taken_.warnings = reply_.warnings;
    if (!reply_.no_data.empty()) {
      say_nothing(reply_.no_data);
    } else if (reply_.reading == Reading::values) {
      take_values();
    } else if (reply_.reading == Reading::health) {
      take_health();
    } else {
      take_counts();
    }
    taken_.cursor = pack(state_);
    return std::move(taken_);
  }

 private:
  Sample sample(std::int64_t from, std::int64_t to) const {
    Sample out;
    out.metric = query_.metric;
    out.arm = query_.arm;
    out.from = Instant::from_micros(from);
    out.to = Instant::from_micros(to);
    return out;
  }

  void say_nothing(const std::string& why) {
    if (until_ <= *state_.told) return;
    Sample out = sample(*state_.told, until_);
    out.no_data = why;
    taken_.samples.push_back(std::move(out));
    state_.told = until_;
  }

  void give(Sample out) {
    state_.told = std::max(*state_.told, out.to.micros());
    state_.through = std::max(*state_.through, out.to.micros());
    taken_.samples.push_back(std::move(out));
  }

  // Values and health: one series, one sample for each point.
  const Series* only_series() {
    if (reply_.values.size() == 1) return &reply_.values[0];
    say_nothing(reply_.values.empty()
                    ? std::string("there is no value")
                    : fmt::format("there are {} series where one is wanted; aggregate them, such "
                                  "as with sum() or max()",
                                  reply_.values.size()));
    return nullptr;
  }

  std::map<std::int64_t, double> new_points(const Series& series) const {
    std::map<std::int64_t, double> out;
    for (const Point& p : series.points) {
      const std::int64_t at = p.at.micros();
      if (at > *state_.through && at <= until_) out[at] = p.value;
    }
    return out;
  }

  void take_values() {
    const Series* series = only_series();
    if (series == nullptr) return;
    const auto points = new_points(*series);
    if (points.empty()) return say_nothing("there is no new value");
    for (const auto& [at, value] : points) {
      Sample out = sample(*state_.through, at);
      if (std::isfinite(value)) {
        out.value = value;
      } else {
        out.no_data = fmt::format("the value is {}", std::isnan(value) ? "NaN" : "infinite");
      }
      give(std::move(out));
    }
  }

  void take_health() {
    const Series* series = only_series();
    if (series == nullptr) return;
    const auto points = new_points(*series);
    if (points.empty()) return say_nothing("there was no check");
    for (const auto& [at, value] : points) {
      const bool passed = value >= 0.5;
      state_.failed_in_a_row = passed ? 0 : state_.failed_in_a_row + 1;
      Sample out = sample(*state_.through, at);
      out.bad = passed ? 0 : 1;
      out.total = 1;
      out.value = static_cast<double>(state_.failed_in_a_row);
      give(std::move(out));
    }
  }

  struct Counts {
    double bad = 0, good = 0, total = 0;
  };
  using Count = double Counts::*;

  void take_counts() {
    if (reply_.bad.size() + reply_.good.size() + reply_.total.size() > kMostSeries) {
      return say_nothing(
          fmt::format("there are more than {} series; narrow the query", kMostSeries));
    }
    if (reply_.reading == Reading::counters) {
      find_coverage();
      for (const auto& [role, last, count] : roles()) {
        for (const Series& s : *role) count_counter(s, *last, count);
      }
    } else {
      for (const auto& [role, last, count] : roles()) {
        for (const Series& s : *role) count_increments(s, count);
      }
    }
    give_counts();
  }

  struct Role {
    const std::vector<Series>* series;
    LastBySeries* last;
    Count count;
  };
  std::vector<Role> roles() {
    return {{&reply_.bad, &state_.bad, &Counts::bad},
            {&reply_.good, &state_.good, &Counts::good},
            {&reply_.total, &state_.total, &Counts::total}};
  }

  // From when on an absent series is known to have been absent.
  void find_coverage() {
    for (const auto& [role, last, count] : roles()) {
      for (const Series& s : *role) {
        for (const Point& p : s.points) {
          const std::int64_t at = p.at.micros();
          if (std::isfinite(p.value) && (!state_.covered || at < *state_.covered))
            state_.covered = at;
        }
      }
    }
  }

  void count_counter(const Series& series, LastBySeries& lasts, Count count) {
    const auto points = sound_points(series, until_);
    const auto known = lasts.find(series.key);
    std::optional<Last> last;
    if (known != lasts.end()) last = known->second;
    for (const auto& [at, value] : points) {
      if (last && at <= last->at) continue;
      if (at > *state_.through) boundaries_.insert(at);
      double events = 0;
      if (last) {
        events = value >= last->value ? value - last->value : value;
      } else if (state_.covered && *state_.covered < at) {
        events = first_ && at <= *state_.through ? 0 : value;
      }
      counts_[std::max(at, *state_.through)].*count += events;
      last = Last{at, value};
    }
    if (last) lasts[series.key] = *last;
  }

  void count_increments(const Series& series, Count count) {
    for (const auto& [at, value] : sound_points(series, until_)) {
      if (at <= *state_.through) continue;
      boundaries_.insert(at);
      counts_[at].*count += value;
    }
  }

  void give_counts() {
    if (boundaries_.empty()) return say_nothing("there is nothing new since the last reading");
    // What belongs to before the first boundary goes into the first sample.
    Counts early;
    if (const auto at = counts_.find(*state_.through); at != counts_.end()) early = at->second;
    for (const std::int64_t at : boundaries_) {
      Counts c = counts_[at];
      c.bad += early.bad;
      c.good += early.good;
      c.total += early.total;
      early = {};
      give_count(at, c);
    }
    // A few may be a matter of which was read first.
    if (state_.carried_bad < 10 || state_.carried_bad <= all_total_) return;
    Sample& final = taken_.samples.back();
    final.no_data = "more bad events than events in all; does the total count them, too?";
  }

  // Whole numbers, never more bad than total: what is over goes into the next sample.
  void give_count(std::int64_t at, const Counts& counts) {
    const double bad = reply_.good.empty() ? counts.bad : counts.total - counts.good;
    state_.carried_total = std::min(state_.carried_total + counts.total, kMostEvents);
    state_.carried_bad = std::min(state_.carried_bad + bad, kMostEvents);
    Sample out = sample(*state_.through, at);
    out.total = static_cast<std::int64_t>(state_.carried_total);
    const double most = static_cast<double>(out.total);
    out.bad = static_cast<std::int64_t>(std::clamp(state_.carried_bad, 0.0, most));
    state_.carried_total -= most;
    state_.carried_bad -= static_cast<double>(out.bad);
    all_total_ += most;
    give(std::move(out));
  }

  const Query& query_;
  const Reply& reply_;
  State state_;
  const std::int64_t until_;
  bool first_ = false;
  std::set<std::int64_t> boundaries_;  // after the cursor's time: where samples end
  std::map<std::int64_t, Counts> counts_;
  double all_total_ = 0;
  Taken taken_;
};

}  // namespace

Taken take_samples(const Query& query, const Reply& reply, const Value& cursor) {
  return Taking(query, reply, cursor).run();
}

Taken read_samples(Metrics& metrics, Query query, const Value& cursor) {
  if (const Value* through = cursor.get("through"))
    query.from = Instant::from_micros(through->as_int());
  if (const Value* place = cursor.get("place")) query.place = *place;
  Reply reply = metrics.read(query);
  Taken taken = take_samples(query, reply, cursor);
  if (!reply.place.is_null() && taken.cursor.is_map()) {
    taken.cursor.as_map()["place"] = std::move(reply.place);
  }
  return taken;
}

}  // namespace autopilot::deploy
