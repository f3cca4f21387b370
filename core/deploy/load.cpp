#include "core/deploy/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "core/base/error.h"
#include "core/deploy/load_request.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kLate = Duration::milliseconds(1);
constexpr double kMostRequests = 1e9;
constexpr std::int64_t kSecond = 1'000'000'000;

void check_plan(const LoadPlan& plan) {
  const double requests = plan.rate * static_cast<double>(plan.duration.nanos) / 1e9;
  if (!(plan.rate > 0) || plan.duration.nanos <= 0)
    throw Error(ErrorKind::usage, "a load needs a rate and a duration above 0");
  if (!(requests <= kMostRequests)) {
    throw Error(ErrorKind::usage, fmt::format("{:.0f} requests are too many", requests),
                fmt::format("at most {:.0f} in one run", kMostRequests));
  }
  if (plan.connections < 1 || plan.connections > 20'000)
    throw Error(ErrorKind::usage, "--connections must be between 1 and 20000");
}

class LoadRun {
 public:
  LoadRun(const LoadPlan& plan, World& world,
          const std::function<void(const LoadResult&)>& on_second)
      : plan_(plan), clock_(world.clock), on_second_(on_second) {
    check_plan(plan);
    WireOpened opened = world.sockets.open_wire(wire_plan(plan));
    if (opened.wire == nullptr) {
      throw Error(
          ErrorKind::outside, opened.why,
          plan.allow_remote ? std::string() : "only this machine is loaded without --allow-remote");
    }
    wire_ = std::move(opened.wire);
    flights_.resize(static_cast<std::size_t>(plan.connections));
    for (int i = plan.connections; i > 0; --i) free_.push_back(i - 1);
    total_ = std::max<std::int64_t>(
        1, std::llround(plan.rate * static_cast<double>(plan.duration.nanos) / 1e9));
  }

  LoadResult run() {
    start_ = clock_.monotonic_nanos();
    next_report_ = start_ + kSecond;
    const std::int64_t end = start_ + plan_.duration.nanos;
    bool open = true;
    for (std::int64_t now = start_;;) {
      // Once after the end, for what was due before it while nobody looked.
      if (open) start_due(now);
      open = now < end;
      if (!open && busy_ == 0) break;
      const bool stop = wait(now < end ? std::min(next_due(), end) : now + plan_.timeout.nanos);
      now = clock_.monotonic_nanos();
      expire(now);
      report(now);
      if (!stop) continue;
      result_.interrupted = true;
      break;
    }
    finish(std::min(clock_.monotonic_nanos(), end));
    return std::move(result_);
  }

 private:
  struct Flight {
    std::int64_t due = 0, sent = 0;
    std::uint32_t turn = 0;  // tells this request from others on the same connection
    bool on = false;
  };
  struct Sent {
    int connection;
    std::uint32_t turn;
    std::int64_t at;
  };

  // When the n-th request is due: computed anew each time, so that nothing adds up.
  std::int64_t due_at(std::int64_t n) const {
    return start_ + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / plan_.rate);
  }

  std::int64_t next_due() const {
    if (started_ >= total_) return start_ + plan_.duration.nanos;
    // Without a free connection there is nothing to do until one answers.
    return free_.empty() ? start_ + plan_.duration.nanos : due_at(started_);
  }

  void start_due(std::int64_t now) {
    while (started_ < total_ && !free_.empty() && due_at(started_) <= now) {
      const int connection = free_.back();
      free_.pop_back();
      Flight& flight = flights_[static_cast<std::size_t>(connection)];
      flight = {due_at(started_++), now, flight.turn + 1, true};
      order_.push_back({connection, flight.turn, now});
      result_.most_connections = std::max(result_.most_connections, static_cast<int>(++busy_));
      ++result_.sent;
      const Duration behind{now - flight.due};
      if (behind > kLate) ++result_.late;
      result_.latest = std::max(result_.latest, behind);
      wire_->start(connection);
      if ((result_.sent & 15) == 0) now = clock_.monotonic_nanos();
    }
  }

  bool wait(std::int64_t until) {
    if (!order_.empty()) until = std::min(until, order_.front().at + plan_.timeout.nanos);
    events_.clear();
    const bool stop = wire_->wait(std::min(until, next_report_), events_);
    for (const WireEvent& event : events_) take(event);
    return stop;
  }

  void take(const WireEvent& event) {
    Flight& flight = flights_[static_cast<std::size_t>(event.connection)];
    if (!flight.on) return;
    result_.bytes += event.bytes;
    result_.latency.record(Duration{event.at - flight.due});
    switch (event.fault) {
      case WireEvent::Fault::none:
        take_answer(event, flight);
        break;
      case WireEvent::Fault::refused:
        ++result_.refused;
        break;
      case WireEvent::Fault::closed:
        ++result_.closed;
        break;
      case WireEvent::Fault::malformed:
        ++result_.malformed;
        break;
      case WireEvent::Fault::local:
        ++result_.local;
        break;
    }
    if (event.fault != WireEvent::Fault::none) ++result_.failed;
    release(event.connection, flight);
  }

  void take_answer(const WireEvent& event, const Flight& flight) {
    ++result_.answered;
    if (event.at <= start_ + plan_.duration.nanos) ++result_.in_time;
    ++result_.statuses[static_cast<std::size_t>(std::clamp(event.status, 0, 999))];
    if (event.status >= 400) ++result_.failed;
    result_.service.record(Duration{event.at - flight.sent});
  }

  void release(int connection, Flight& flight) {
    flight.on = false;
    --busy_;
    free_.push_back(connection);
  }

  // The queue is in the order of sending, so the first that waits is the first to time out.
  void expire(std::int64_t now) {
    while (!order_.empty()) {
      const Sent& first = order_.front();
      Flight& flight = flights_[static_cast<std::size_t>(first.connection)];
      if (flight.on && flight.turn == first.turn) {
        if (now - first.at < plan_.timeout.nanos) return;
        wire_->drop(first.connection);
        ++result_.timed_out;
        ++result_.failed;
        result_.latency.record(Duration{now - flight.due});
        release(first.connection, flight);
      }
      order_.pop_front();
    }
  }

  void report(std::int64_t now) {
    if (now < next_report_) return;
    next_report_ = now + kSecond;
    result_.took = Duration{now - start_};
    if (on_second_) on_second_(result_);
  }

  // What was due and never sent waited all the same; what was on its way when the user stopped it
  // is nobody's fault.
  void finish(std::int64_t now) {
    result_.took = Duration{std::max<std::int64_t>(now - start_, 1)};
    while (started_ < total_ && due_at(started_) < now) {
      result_.latency.record(Duration{now - due_at(started_++)});
      ++result_.unsent;
      ++result_.failed;
    }
    result_.due = started_;
    result_.sent -= static_cast<std::int64_t>(busy_);
    result_.due -= static_cast<std::int64_t>(busy_);
  }

  const LoadPlan& plan_;
  Clock& clock_;
  const std::function<void(const LoadResult&)>& on_second_;
  std::unique_ptr<HttpWire> wire_;
  std::vector<Flight> flights_;
  std::vector<int> free_;  // the last one used first: few connections suffice for a fast server
  std::deque<Sent> order_;
  std::vector<WireEvent> events_;
  LoadResult result_;
  std::int64_t start_ = 0, next_report_ = 0, started_ = 0, total_ = 0;
  std::size_t busy_ = 0;
};

}  // namespace

double LoadResult::error_share() const {
  return due == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(due);
}

double LoadResult::throughput() const {
  return took.nanos <= 0 ? 0 : static_cast<double>(in_time) * 1e9 / static_cast<double>(took.nanos);
}

LoadResult run_load(const LoadPlan& plan, World& world,
                    const std::function<void(const LoadResult&)>& on_second) {
  return LoadRun(plan, world, on_second).run();
}

}  // namespace autopilot::deploy
