#include "core/base/http_wire.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/monotonic.h"
#include "core/base/signals.h"

namespace autopilot {
namespace {

using Fault = WireEvent::Fault;

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// The first address within reach; why there is none, or "".
std::string resolve(const WirePlan& plan, Target& target) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault =
      ::getaddrinfo(plan.host.c_str(), std::to_string(plan.port).c_str(), &wanted, &found);
  if (fault != 0)
    return fmt::format("no address is known for {}: {}", plan.host, ::gai_strerror(fault));
  for (const addrinfo* one = found; one != nullptr && target.size == 0; one = one->ai_next) {
    const bool four = one->ai_family == AF_INET;
    const char* bytes = four ? reinterpret_cast<const char*>(
                                   &reinterpret_cast<const sockaddr_in*>(one->ai_addr)->sin_addr)
                             : reinterpret_cast<const char*>(
                                   &reinterpret_cast<const sockaddr_in6*>(one->ai_addr)->sin6_addr);
    if (!within_reach(plan.reach, {bytes, four ? 4U : 16U})) continue;
    std::memcpy(&target.address, one->ai_addr, one->ai_addrlen);
    target.size = one->ai_addrlen;
  }
  ::freeaddrinfo(found);
  if (target.size != 0) return {};
  return plan.host + (plan.reach == HttpReach::loopback_only
                          ? " is another machine"
                          : " is at an address that is never asked: one of the local link, where "
                            "clouds keep their credentials, or a reserved one");
}

// Each connection takes a descriptor; the limit that is usual suffices for a thousand.
void allow_descriptors(int wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto needed = static_cast<rlim_t>(wanted) + 64;
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

struct Connection {
  int fd = -1;
  std::size_t sent = 0;  // bytes of the request; all of it when none is on its way
  bool waiting = false;  // for an answer
  bool connecting = false;
  std::uint64_t bytes = 0;
  ResponseReader reader;
};

class EpollWire final : public HttpWire {
 public:
  EpollWire(const WirePlan& plan, const Target& target)
      : plan_(plan), target_(target), connections_(static_cast<std::size_t>(plan.connections)) {
    allow_descriptors(plan.connections);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(signals_.descriptor(), kSignal);
    if (plan_.stop_descriptor >= 0) watch(plan_.stop_descriptor, kStop);
  }
  ~EpollWire() override {
    for (Connection& c : connections_) close(c);
    ::close(epoll_);
  }
  EpollWire(const EpollWire&) = delete;
  EpollWire& operator=(const EpollWire&) = delete;

  void start(int connection) override {
    Connection& c = connections_[static_cast<std::size_t>(connection)];
    c.sent = 0;
    c.bytes = 0;
    c.waiting = true;
    c.reader.begin(plan_.has_body);
    if (c.fd < 0 && !open(c, connection)) return;
    if (!c.connecting) send(c, connection);
  }

  bool wait(std::int64_t until, std::vector<WireEvent>& events) override {
    events.insert(events.end(), pending_.begin(), pending_.end());
    const bool at_once = !pending_.empty();
    pending_.clear();
    const int n = poll(at_once ? 0 : until);
    bool stop = false;
    for (int i = 0; i < n; ++i) {
      const epoll_event& e = ready_[static_cast<std::size_t>(i)];
      if (e.data.u32 == kSignal || e.data.u32 == kStop) {
        stop = true;
        signals_.take();
      } else {
        handle(static_cast<int>(e.data.u32), e.events);
      }
    }
    events.insert(events.end(), pending_.begin(), pending_.end());
    pending_.clear();
    return stop;
  }

  void drop(int connection) override {
    Connection& c = connections_[static_cast<std::size_t>(connection)];
    c.waiting = false;
    close(c);
  }

 private:
  static constexpr std::uint32_t kSignal = 0xffffffff, kStop = 0xfffffffe;

  void watch(int fd, std::uint32_t what) {
    epoll_event e{};
    e.events = what >= kStop ? static_cast<std::uint32_t>(EPOLLIN)
                             : static_cast<std::uint32_t>(EPOLLIN | EPOLLOUT | EPOLLRDHUP) |
                                   static_cast<std::uint32_t>(EPOLLET);
    e.data.u32 = what;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e);
  }

  // Waits with the precision of the kernel's timers.
  int poll(std::int64_t until) {
    const std::int64_t left = std::max<std::int64_t>(0, until - monotonic_nanos());
    const timespec time{left / 1'000'000'000, left % 1'000'000'000};
    int n = ::epoll_pwait2(epoll_, ready_, kMostReady, &time, nullptr);
    if (n < 0 && errno == ENOSYS)
      n = ::epoll_wait(epoll_, ready_, kMostReady, static_cast<int>((left + 999'999) / 1'000'000));
    return n;
  }

  bool open(Connection& c, int connection) {
    c.fd = ::socket(target_.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c.fd < 0) return fail(c, connection, Fault::local);
    const int on = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(c.fd, static_cast<std::uint32_t>(connection));
    if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&target_.address), target_.size) == 0)
      return true;
    c.connecting = errno == EINPROGRESS;
    if (c.connecting) return true;
    return fail(c, connection, errno == EADDRNOTAVAIL ? Fault::local : Fault::refused);
  }

  bool fail(Connection& c, int connection, Fault fault) {
    const bool told = c.waiting;
    c.waiting = false;
    if (told) pending_.push_back({connection, fault, 0, monotonic_nanos(), c.bytes});
    close(c);
    return false;
  }

  static void close(Connection& c) {
    if (c.fd >= 0) ::close(c.fd);
    c.fd = -1;
    c.connecting = false;
  }

  void send(Connection& c, int connection) {
    while (c.waiting && c.sent < plan_.request.size()) {
      const ssize_t n =
          ::send(c.fd, plan_.request.data() + c.sent, plan_.request.size() - c.sent, MSG_NOSIGNAL);
      if (n >= 0) {
        c.sent += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN) {
        return;
      } else if (errno != EINTR) {
        fail(c, connection, Fault::closed);
        return;
      }
    }
  }

  void handle(int connection, std::uint32_t events) {
    Connection& c = connections_[static_cast<std::size_t>(connection)];
    if (c.fd < 0) return;
    if (c.connecting) {
      int fault = 0;
      socklen_t size = sizeof fault;
      ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &fault, &size);
      if (fault != 0) {
        fail(c, connection, fault == EADDRNOTAVAIL ? Fault::local : Fault::refused);
        return;
      }
      if ((events & EPOLLOUT) == 0) return;
      c.connecting = false;
    }
    if ((events & EPOLLOUT) != 0) send(c, connection);
    const bool closed = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (closed || (events & EPOLLIN) != 0) receive(c, connection, closed);
  }

  // Until the socket is empty: what comes later is an event of its own.
  void receive(Connection& c, int connection, bool closed) {
    while (c.fd >= 0) {
      const ssize_t n = ::recv(c.fd, buffer_, sizeof buffer_, 0);
      if (n > 0) {
        take(c, connection, {buffer_, static_cast<std::size_t>(n)});
        if (static_cast<std::size_t>(n) < sizeof buffer_ && !closed) return;
      } else if (n == 0) {
        finish(c, connection);
      } else if (errno == EAGAIN) {
        return;
      } else if (errno != EINTR) {
        fail(c, connection, Fault::closed);
      }
    }
  }

  void take(Connection& c, int connection, std::string_view text) {
    if (!c.waiting) return close(c);  // nobody asked
    c.bytes += text.size();
    const ResponseReader::State state = c.reader.take(text);
    if (state == ResponseReader::State::malformed) fail(c, connection, Fault::malformed);
    if (state == ResponseReader::State::done) answered(c, connection);
  }

  void answered(Connection& c, int connection) {
    c.waiting = false;
    pending_.push_back({connection, Fault::none, c.reader.status(), monotonic_nanos(), c.bytes});
    if (!c.reader.keeps_connection()) close(c);
  }

  // The other side closed.
  void finish(Connection& c, int connection) {
    if (!c.waiting) return close(c);
    if (c.reader.end() == ResponseReader::State::done) return answered(c, connection);
    fail(c, connection, Fault::closed);
  }

  static constexpr int kMostReady = 512;

  const WirePlan plan_;
  const Target target_;
  std::vector<Connection> connections_;
  std::vector<WireEvent> pending_;
  int epoll_ = -1;
  CaughtSignals signals_{SIGINT, SIGTERM};
  epoll_event ready_[kMostReady];
  char buffer_[65536];
};

}  // namespace

WireOpened open_http_wire(const WirePlan& plan) {
  Target target;
  std::string why = resolve(plan, target);
  if (!why.empty()) return {nullptr, std::move(why)};
  return {std::make_unique<EpollWire>(plan, target), {}};
}

}  // namespace autopilot
