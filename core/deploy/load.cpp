#include "core/deploy/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <deque>

#include "core/base/error.h"
#include "core/deploy/json_path.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kLate = Duration::milliseconds(1);
constexpr double kMostRequests = 1e9;
constexpr std::int64_t kSecond = 1'000'000'000;

struct Target {
  std::string host, authority, path;
  int port = 80;
};

[[noreturn]] void refuse_url(const std::string& url, const std::string& why) {
  throw Error(ErrorKind::usage, fmt::format("{} {}", shown_url(url), why),
              "write http://127.0.0.1:8080/path");
}

Target target_of(const std::string& url) {
  if (url.starts_with("https://")) {
    throw Error(ErrorKind::usage, "the generator of load speaks plain HTTP, not https",
                "load the service behind its TLS proxy, at its own port");
  }
  if (!url.starts_with("http://")) refuse_url(url, "is no URL that starts with http://");
  const std::string_view rest = std::string_view(url).substr(7);
  for (const char c : rest) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      refuse_url(url, "holds a space or a control character; write %20");
  }
  Target out;
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  out.authority = rest.substr(0, end);
  out.path = rest.substr(end, rest.find('#') - end);
  if (!out.path.starts_with('/')) out.path = "/" + out.path;
  if (out.authority.find('@') != std::string::npos)
    refuse_url(url, "holds a password; give --header 'Authorization: …'");
  const std::size_t bracket = out.authority.find(']');
  const std::size_t colon = out.authority.find(':', bracket == std::string::npos ? 0 : bracket);
  out.host = out.authority.substr(0, colon);
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) refuse_url(url, "names no host");
  if (colon == std::string::npos) return out;
  const auto port = parse_number(std::string_view(out.authority).substr(colon + 1));
  if (!port || *port < 1 || *port > 65535 || *port != std::floor(*port))
    refuse_url(url, "has no port between 1 and 65535");
  out.port = static_cast<int>(*port);
  return out;
}

bool has_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string request_text(const LoadPlan& plan, const Target& target) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", plan.method, target.path);
  bool has_host = false;
  for (const auto& [name, value] : plan.headers) {
    if (!is_token(name) || has_break(value)) {
      throw Error(ErrorKind::usage, "a header is not of the form NAME: VALUE");
    }
    has_host = has_host || name == "Host" || name == "host";
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!has_host) head += fmt::format("Host: {}\r\n", target.authority);
  if (!plan.body.empty() || plan.method == "POST" || plan.method == "PUT")
    head += fmt::format("Content-Length: {}\r\n", plan.body.size());
  return head + "User-Agent: autopilot/" AUTOPILOT_VERSION "\r\n\r\n" + plan.body;
}

void check_plan(const LoadPlan& plan) {
  if (!is_token(plan.method))
    throw Error(ErrorKind::usage, fmt::format("{} is no method of HTTP", plan.method),
                "write GET, POST, PUT or DELETE");
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
    const Target target = target_of(plan.url);
    WirePlan wire;
    wire.host = target.host;
    wire.port = target.port;
    wire.request = request_text(plan, target);
    wire.has_body = plan.method != "HEAD";
    wire.connections = plan.connections;
    wire.reach = plan.allow_remote ? HttpReach::no_metadata : HttpReach::loopback_only;
    WireOpened opened = world.sockets.open_wire(wire);
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
