#include "core/base/stoppable.h"

#include <signal.h>

#include <algorithm>

namespace autopilot {
namespace {

constexpr Duration kNap = Duration::milliseconds(50);
constexpr const char* kStopped = "it was stopped";

class StoppableClock final : public Clock {
 public:
  StoppableClock(Clock& clock, const Stop& stop) : clock_(clock), stop_(stop) {}
  Instant now() override { return clock_.now(); }
  std::int64_t monotonic_nanos() override { return clock_.monotonic_nanos(); }
  void sleep(Duration d) override {
    for (std::int64_t left = d.nanos; left > 0 && !stop_.is_asked(); left -= kNap.nanos)
      clock_.sleep({std::min(left, kNap.nanos)});
  }

 private:
  Clock& clock_;
  const Stop& stop_;
};

class StoppableProcesses final : public Processes {
 public:
  StoppableProcesses(Processes& processes, const Stop& stop) : processes_(processes), stop_(stop) {}
  std::string find(const std::string& name) override { return processes_.find(name); }
  std::optional<int> feed(const std::vector<std::string>& words, std::string_view input) override {
    return processes_.feed(words, input);
  }
  Captured capture(const std::vector<std::string>& words, std::string_view input,
                   const CaptureLimits& limits) override {
    if (stop_.is_asked()) return {Captured::End::killed, SIGTERM, {}, {}};
    CaptureLimits own = limits;
    own.wake_descriptor = stop_.descriptor();
    own.wake_signal = SIGTERM;
    return processes_.capture(words, input, own);
  }
  void keep_memory_private() override { processes_.keep_memory_private(); }
  void become(const std::vector<std::string>& words,
              const std::vector<std::pair<std::string, std::string>>& environment) override {
    processes_.become(words, environment);
  }

 private:
  Processes& processes_;
  const Stop& stop_;
};

class StoppableHttp final : public Http {
 public:
  StoppableHttp(Http& http, const Stop& stop) : http_(http), stop_(stop) {}
  HttpResult send(const HttpRequest& request) override {
    if (stop_.is_asked()) return {HttpResult::Fault::stopped, kStopped, {}, {}};
    HttpRequest own = request;
    own.stop_descriptor = stop_.descriptor();
    return http_.send(own);
  }

 private:
  Http& http_;
  const Stop& stop_;
};

class StoppableSockets final : public Sockets {
 public:
  StoppableSockets(Sockets& sockets, const Stop& stop) : sockets_(sockets), stop_(stop) {}
  WireOpened open_wire(const WirePlan& plan) override {
    if (stop_.is_asked()) return {nullptr, kStopped};
    WirePlan own = plan;
    own.stop_descriptor = stop_.descriptor();
    return sockets_.open_wire(own);
  }
  SocketAnswer exchange(const std::string& address, std::string_view text,
                        const SocketLimits& limits) override {
    if (stop_.is_asked()) return {{}, kStopped};
    return sockets_.exchange(address, text, stoppable(limits));
  }
  SocketAnswer connect(const std::string& address, const SocketLimits& limits) override {
    if (stop_.is_asked()) return {{}, kStopped};
    return sockets_.connect(address, stoppable(limits));
  }

 private:
  SocketLimits stoppable(const SocketLimits& limits) const {
    return {limits.time, stop_.descriptor()};
  }

  Sockets& sockets_;
  const Stop& stop_;
};

}  // namespace

struct StoppableWorld::Parts {
  Parts(const World& from, const Stop& stop)
      : clock(from.clock, stop),
        processes(from.processes, stop),
        http(from.http, stop),
        sockets(from.sockets, stop),
        world{clock,     from.files, from.environment, from.random,
              processes, http,       sockets,          from.children} {}

  StoppableClock clock;
  StoppableProcesses processes;
  StoppableHttp http;
  StoppableSockets sockets;
  World world;
};

StoppableWorld::StoppableWorld(const World& world, const Stop& stop)
    : parts_(std::make_unique<Parts>(world, stop)) {}
StoppableWorld::~StoppableWorld() = default;
World& StoppableWorld::world() { return parts_->world; }

}  // namespace autopilot
