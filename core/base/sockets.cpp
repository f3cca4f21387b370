#include "core/base/sockets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "core/base/http_wire.h"

namespace autopilot {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

struct Deadline {
  explicit Deadline(const SocketLimits& limits)
      : at(std::chrono::steady_clock::now() + std::chrono::nanoseconds(limits.time.nanos)),
        stop_descriptor(limits.stop_descriptor) {}
  std::chrono::steady_clock::time_point at;
  int stop_descriptor;
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Waits until the socket is ready for `events`; 0, or an errno.
int wait_for(int fd, short events, const Deadline& deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline.at - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    // poll leaves out the negative one.
    pollfd waiting[] = {{fd, events, 0}, {deadline.stop_descriptor, POLLIN, 0}};
    const int n = ::poll(waiting, 2, static_cast<int>(left.count()));
    if (n > 0) return waiting[1].revents != 0 ? ECANCELED : 0;
    if (n == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

int connect_to(int fd, const sockaddr* address, socklen_t length, const Deadline& deadline) {
  if (::connect(fd, address, length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (const int fault = wait_for(fd, POLLOUT, deadline)) return fault;
  int fault = 0;
  socklen_t size = sizeof fault;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 ? fault : errno;
}

int send_all(int fd, std::string_view text, const Deadline& deadline) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    if (n >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    if (const int fault = wait_for(fd, POLLOUT, deadline)) return fault;
  }
  return 0;
}

int receive_all(int fd, std::string& text, const Deadline& deadline) {
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n == 0) return 0;
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMostBytes) return EMSGSIZE;
    if (n > 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    if (const int fault = wait_for(fd, POLLIN, deadline)) return fault;
  }
}

constexpr int kFlags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

class SystemSockets final : public Sockets {
 public:
  WireOpened open_wire(const WirePlan& plan) override { return open_http_wire(plan); }

  SocketAnswer exchange(const std::string& address, std::string_view text,
                        const SocketLimits& limits) override {
    return reach(address, text, Deadline(limits));
  }

  SocketAnswer connect(const std::string& address, const SocketLimits& limits) override {
    return reach(address, std::nullopt, Deadline(limits));
  }

 private:
  using Text = std::optional<std::string_view>;  // nothing: only connect

  static SocketAnswer reach(const std::string& address, Text text, const Deadline& deadline) {
    std::string where = address;
    for (const char* prefix : {"unix@", "ipv4@", "ipv6@"}) {
      if (where.rfind(prefix, 0) == 0) where.erase(0, 5);
    }
    const bool is_path = where.find('/') != where.npos || where.find(':') == where.npos;
    return is_path ? over_unix(where, text, deadline) : over_tcp(where, text, deadline);
  }

  static SocketAnswer over_unix(const std::string& path, Text text, const Deadline& deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      return {{},
              fmt::format("cannot connect to {}: the path has more than {} bytes", path,
                          sizeof address.sun_path - 1)};
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const Descriptor fd(::socket(AF_UNIX, kFlags, 0));
    const int fault = fd.get() < 0 ? errno
                                   : connect_to(fd.get(), reinterpret_cast<sockaddr*>(&address),
                                                sizeof address, deadline);
    return fault != 0 ? failed("cannot connect to", path, fault)
                      : talk(fd.get(), path, text, deadline);
  }

  static SocketAnswer over_tcp(const std::string& where, Text text, const Deadline& deadline) {
    const std::size_t colon = where.rfind(':');
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int unresolved = ::getaddrinfo(where.substr(0, colon).c_str(),
                                         where.substr(colon + 1).c_str(), &wanted, &found);
    if (unresolved != 0) {
      return {{}, fmt::format("cannot find {}: {}", where, ::gai_strerror(unresolved))};
    }
    int fault = ECONNREFUSED;
    SocketAnswer answer;
    for (const addrinfo* one = found; one != nullptr && fault != 0; one = one->ai_next) {
      const Descriptor fd(::socket(one->ai_family, kFlags, 0));
      fault = fd.get() < 0 ? errno : connect_to(fd.get(), one->ai_addr, one->ai_addrlen, deadline);
      if (fault == 0) answer = talk(fd.get(), where, text, deadline);
    }
    ::freeaddrinfo(found);
    return fault != 0 ? failed("cannot connect to", where, fault) : answer;
  }

  static SocketAnswer talk(int fd, const std::string& where, Text text, const Deadline& deadline) {
    SocketAnswer answer;
    if (!text) return answer;
    int fault = send_all(fd, *text, deadline);
    if (fault == 0) fault = receive_all(fd, answer.text, deadline);
    return fault != 0 ? failed("no answer from", where, fault) : answer;
  }

  static SocketAnswer failed(const char* what, const std::string& where, int fault) {
    return {{},
            fmt::format("{} {}: {}", what, where,
                        fault == ETIMEDOUT ? "it took too long" : std::strerror(fault))};
  }
};

}  // namespace

std::unique_ptr<Sockets> system_sockets() { return std::make_unique<SystemSockets>(); }

}  // namespace autopilot
