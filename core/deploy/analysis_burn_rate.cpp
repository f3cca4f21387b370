// Multi-window, multi-burn-rate alerting (Google, The Site Reliability Workbook, chapter 5): the
// error budget is burnt so many times faster than it lasts, over a long window and still over a
// short one. Of the canary alone.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "core/base/error.h"
#include "core/deploy/analysis_method.h"

namespace autopilot::deploy {
namespace {

struct Window {
  Duration length, check;  // long and short
  double factor = 0;       // times the rate that uses up the budget just in time
};

constexpr Duration kHour = Duration::seconds(3600);
constexpr Duration kMinute = Duration::seconds(60);
// The workbook's two that page, for a budget of 30 days.
const std::vector<Window> kWindows{{kHour, {5 * kMinute.nanos}, 14.4},
                                   {{6 * kHour.nanos}, {30 * kMinute.nanos}, 6}};

// Events of (to - width, to].
struct Bucket {
  Instant to;
  std::int64_t bad = 0, total = 0;
};

std::vector<Window> windows_of(const Value& options) {
  const Value* given = options.get("windows");
  if (given == nullptr || !given->is_list()) return kWindows;
  std::vector<Window> out;
  for (const Value& one : given->as_list()) {
    const Window window{duration_option(one, "long", {}), duration_option(one, "short", {}),
                        number_option(one, "factor", 0)};
    if (window.length.nanos <= 0 || window.check.nanos <= 0 || window.factor <= 0 ||
        window.check > window.length) {
      throw Error(ErrorKind::invalid, "a burn rate's window needs long, short and factor",
                  "as in {long: 1h, short: 5m, factor: 14.4}");
    }
    out.push_back(window);
  }
  return out;
}

// Fine enough to cut a tenth of the shortest window.
Duration width_of(const std::vector<Window>& windows) {
  Duration least = windows.empty() ? kMinute : windows[0].check;
  for (const Window& w : windows) least = std::min(least, w.check);
  return {std::max<std::int64_t>(least.nanos / 10, 1'000'000'000)};
}

class Burn {
 public:
  Burn(std::vector<Window> windows, const Value* state)
      : windows_(std::move(windows)), width_(width_of(windows_)) {
    if (state == nullptr || !state->is_map()) return;
    last_ = instant_of(state->get("last"));
    const Value* buckets = state->get("buckets");
    if (buckets == nullptr || !buckets->is_list()) return;
    for (const Value& b : buckets->as_list()) {
      if (!b.is_list() || b.as_list().size() != 3) continue;
      buckets_.push_back({Instant::from_micros(integer_of(&b.as_list()[0])),
                          integer_of(&b.as_list()[1]), integer_of(&b.as_list()[2])});
    }
  }

  std::optional<Instant> last() const { return last_; }

  void add(const Tick& tick) {
    last_ = tick.to;
    const Sample* sample = tick.canary;
    if (sample == nullptr || !sample->no_data.empty() || sample->total <= 0) return;
    if (buckets_.empty() || tick.to - buckets_.back().to >= width_)
      buckets_.push_back({tick.to, 0, 0});
    buckets_.back().bad += std::min(sample->bad, sample->total);
    buckets_.back().total += sample->total;
    Duration longest{};
    for (const Window& w : windows_) longest = std::max(longest, w.length);
    while (!buckets_.empty() && tick.to - buckets_.front().to > longest) buckets_.pop_front();
  }

  Bucket over(Duration window) const {
    Bucket sum;
    for (const Bucket& b : buckets_) {
      if (*last_ - b.to >= window) continue;
      sum.bad += b.bad;
      sum.total += b.total;
    }
    return sum;
  }

  JudgedMetric judged(const std::string& metric, double budget) const {
    JudgedMetric out;
    out.metric = metric;
    if (!last_ || over(windows_.front().check).total == 0) {
      out.why = "no requests of the canary in the short window";
      return out;
    }
    out.verdict = Verdict::pass;
    out.why = "no budget is burnt too fast";
    List rates;
    for (const Window& window : windows_) {
      const double fast = rate(over(window.check)) / budget;
      const double slow = rate(over(window.length)) / budget;
      rates.emplace_back(Map{{"long", format_duration(window.length)},
                             {"short", format_duration(window.check)},
                             {"factor", window.factor},
                             {"burn_long", slow},
                             {"burn_short", fast}});
      if (out.verdict == Verdict::fail || slow < window.factor || fast < window.factor) continue;
      out.verdict = Verdict::fail;
      out.why = fmt::format("the budget of {} burns {} times too fast over {} and {} times over {}",
                            percent(budget), short_number(slow), format_duration(window.length),
                            short_number(fast), format_duration(window.check));
    }
    out.numbers = Map{{"budget", budget}, {"windows", std::move(rates)}};
    return out;
  }

  Value state() const {
    List buckets;
    for (const Bucket& b : buckets_) buckets.emplace_back(List{b.to.micros(), b.bad, b.total});
    Map out{{"buckets", std::move(buckets)}};
    if (last_) out.append("last", format_rfc3339(*last_));
    return out;
  }

 private:
  static double rate(const Bucket& b) {
    return b.total == 0 ? 0 : static_cast<double>(b.bad) / static_cast<double>(b.total);
  }

  std::vector<Window> windows_;
  Duration width_;
  std::deque<Bucket> buckets_;  // oldest first
  std::optional<Instant> last_;
};

}  // namespace

Judged judge_burn_rate(const MethodInput& input) {
  const double budget = share_option(input.analysis, "slo", 0);
  if (!(budget > 0)) {
    throw Error(ErrorKind::invalid, "a burn rate needs an objective",
                "say slo: 0.1%, the share of bad events that is allowed");
  }
  const std::vector<Window> windows = windows_of(options_of(input.analysis));
  Judged out;
  Map state;
  for (const Judgeable& metric : input.metrics) {
    Burn burn(windows, input.state.get(metric.name));
    for (const Tick& tick : ticks_of(metric.name, input.samples, burn.last())) burn.add(tick);
    out.metrics.push_back(burn.judged(metric.name, budget));
    state.append(metric.name, burn.state());
  }
  conclude(out);
  out.state = std::move(state);
  return out;
}

}  // namespace autopilot::deploy
