// A small web server to be deployed, measured and made to fail: one thread, HTTP/1.1 with
// keep-alive and pipelining, streams, WebSockets.
//   live_backend PORT NAME [--errors SHARE] [--delay MS] [--hog MIB_PER_SECOND] [--precision P]
//                [--roi EUROS] [--die-after S] [--hang-after S]   (S after its first request)
//                [--at ADDRESS]   (127.0.0.1)
// GET /            NAME (or, with --errors, some 500; after --delay)
// GET /stream?N    a chunk a second for N seconds
// GET /health      200
// GET /metrics     requests_total and errors_total in Prometheus's format, and precision
// GET /eval        precision and roi as JSON
// Upgrade          a WebSocket that sends back what it gets
// SIGTERM: no new connections, idle ones are closed, the others are served to their end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

volatile sig_atomic_t stopping = 0;
void on_term(int) { stopping = 1; }

std::int64_t now_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

struct Settings {
  std::string name, address = "127.0.0.1";
  double errors = 0, precision = 0.97, roi = 100'000;
  std::int64_t delay_ms = 0, hog_mib = 0, die_after = 0, hang_after = 0;
};

struct Connection {
  std::string in, out;
  bool websocket = false, close_after = false;
  int chunks_left = 0;
  std::int64_t due_ms = 0;  // of the next chunk or the delayed answer; 0: none
  std::string delayed;      // answer that waits
};

class Server {
 public:
  Server(int port, Settings settings) : settings_(std::move(settings)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, settings_.address.c_str(), &at.sin_addr) != 1) at.sin_port = 0;
    if (at.sin_port == 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(listener_, 1024) != 0) {
      ::perror("live_backend");
      ::exit(1);
    }
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLLIN);
  }

  void run() {
    while (!stopping || !connections_.empty()) {
      if (stopping && listener_ >= 0) stop_listening();
      epoll_event events[256];
      const int n = ::epoll_wait(poll_, events, 256, next_wait());
      for (int i = 0; i < n; ++i) {
        if (events[i].data.fd == listener_) {
          accept_all();
        } else {
          serve(events[i].data.fd);
        }
      }
      on_time();
    }
  }

 private:
  // Until the next answer is due, so that delays are what they were asked to be.
  int next_wait() const {
    std::int64_t wait = 20;
    const std::int64_t now = now_ms();
    for (const auto& [fd, c] : connections_) {
      if (c.due_ms != 0) wait = std::min(wait, std::max<std::int64_t>(0, c.due_ms - now));
    }
    return static_cast<int>(wait);
  }

  void watch(int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int yes = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      connections_[fd];
      watch(fd, EPOLLIN);
    }
  }

  // Whoever is in the queue is still served.
  void stop_listening() {
    accept_all();
    ::close(listener_);
    listener_ = -1;
    std::vector<int> idle;
    for (auto& [fd, c] : connections_) {
      if (c.in.empty() && c.out.empty() && c.due_ms == 0 && !c.websocket) idle.push_back(fd);
    }
    for (const int fd : idle) end(fd);
  }

  void end(int fd) {
    ::close(fd);
    connections_.erase(fd);
  }

  void serve(int fd) {
    Connection& c = connections_[fd];
    char buffer[16384];
    for (;;) {
      const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n == 0) return end(fd);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) return end(fd);
      c.in.append(buffer, static_cast<std::size_t>(n));
    }
    answer_all(c);
    flush(fd, c);
  }

  void flush(int fd, Connection& c) {
    while (!c.out.empty()) {
      const ssize_t n = ::send(fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        pollfd waiting{fd, POLLOUT, 0};
        ::poll(&waiting, 1, 100);
        continue;
      }
      if (n < 0) return end(fd);
      c.out.erase(0, static_cast<std::size_t>(n));
    }
    if ((c.close_after || (stopping && !c.websocket)) && c.due_ms == 0) end(fd);
  }

  void answer_all(Connection& c) {
    if (c.websocket) return echo(c);
    for (std::size_t end = 0;
         c.due_ms == 0 && (end = c.in.find("\r\n\r\n")) != std::string::npos;) {
      const std::string head = c.in.substr(0, end);
      c.in.erase(0, end + 4);
      answer(c, head);
    }
  }

  // Frames of up to 125 bytes, masked by the client (RFC 6455, section 5.2).
  void echo(Connection& c) {
    while (c.in.size() >= 6) {
      const std::size_t size = static_cast<unsigned char>(c.in[1]) & 127;
      if (c.in.size() < 6 + size) return;
      const bool closes = (c.in[0] & 15) == 8;
      c.out += c.in[0];
      c.out += static_cast<char>(size);
      for (std::size_t i = 0; i < size; ++i)
        c.out += static_cast<char>(c.in[6 + i] ^ c.in[2 + i % 4]);
      c.in.erase(0, 6 + size);
      if (closes) c.close_after = true;
    }
  }

  void answer(Connection& c, const std::string& head) {
    const std::string path =
        head.substr(head.find(' ') + 1, head.find(" HTTP") - head.find(' ') - 1);
    c.close_after = head.find("Connection: close") != std::string::npos;
    if (head.find("pgrade: websocket") != std::string::npos) {
      c.websocket = true;
      c.out +=
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          settings_.name + "\r\n\r\n";
    } else if (path.rfind("/stream?", 0) == 0) {
      c.out += "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Accel-Buffering: no\r\n\r\n";
      c.chunks_left = std::atoi(path.c_str() + 8);
      c.due_ms = now_ms() + 1000;
    } else if (path == "/health") {
      c.out += response(200, "ok\n");
    } else if (path == "/metrics") {
      c.out += response(200, metrics());
    } else if (path == "/eval") {
      c.out += response(200, "{\"precision\": " + std::to_string(settings_.precision) +
                                 ", \"roi\": " + std::to_string(settings_.roi) + "}\n");
    } else {
      work(c);
    }
  }

  void work(Connection& c) {
    if (++requests_ == 1) first_at_ = now_ms();
    owed_ += settings_.errors;
    const bool fails = owed_ >= 1;
    if (fails) owed_ -= 1, ++errors_;
    const std::string text = fails ? response(500, "no\n") : response(200, settings_.name + "\n");
    if (settings_.delay_ms == 0) {
      c.out += text;
      return;
    }
    c.delayed = text;
    c.due_ms = now_ms() + settings_.delay_ms;
  }

  std::string response(int status, const std::string& body) const {
    return "HTTP/1.1 " + std::to_string(status) +
           (status == 200 ? " OK" : " Internal Server Error") + "\r\nX-Version: " + settings_.name +
           "\r\nContent-Length: " + std::to_string(body.size()) +
           (stopping ? "\r\nConnection: close" : "") + "\r\n\r\n" + body;
  }

  std::string metrics() const {
    return "requests_total{version=\"" + settings_.name + "\"} " + std::to_string(requests_) +
           "\nerrors_total{version=\"" + settings_.name + "\"} " + std::to_string(errors_) +
           "\nprecision{version=\"" + settings_.name + "\"} " +
           std::to_string(settings_.precision) + "\n";
  }

  void on_time() {
    const std::int64_t now = now_ms();
    std::vector<int> due;
    for (auto& [fd, c] : connections_) {
      if (c.due_ms != 0 && c.due_ms <= now) due.push_back(fd);
    }
    for (const int fd : due) {
      Connection& c = connections_[fd];
      c.due_ms = 0;
      c.out += c.delayed;
      c.delayed.clear();
      if (c.chunks_left > 0) {
        const std::string chunk = settings_.name + "\n";
        char size[16];
        std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
        c.out += size + chunk + "\r\n";
        if (--c.chunks_left > 0) c.due_ms = now + 1000;
        if (c.chunks_left == 0) c.out += "0\r\n\r\n";
      }
      answer_all(c);
      flush(fd, c);
    }
    fall_over(now);
    if (settings_.hog_mib > 0 && now >= hog_at_) {
      hog_at_ = now + 1000;
      hoard_.emplace_back(static_cast<std::size_t>(settings_.hog_mib) << 20, 'x');
    }
  }

  void fall_over(std::int64_t now) const {
    if (first_at_ == 0) return;
    if (settings_.die_after > 0 && now - first_at_ >= settings_.die_after * 1000) ::_exit(3);
    const bool hangs = settings_.hang_after > 0 && now - first_at_ >= settings_.hang_after * 1000;
    while (hangs && !stopping) ::usleep(10'000);
    if (hangs) ::_exit(0);
  }

  Settings settings_;
  int listener_ = -1, poll_ = -1;
  std::map<int, Connection> connections_;
  std::int64_t requests_ = 0, errors_ = 0, hog_at_ = 0, first_at_ = 0;
  double owed_ = 0;
  std::vector<std::string> hoard_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Settings settings;
  settings.name = argv[2];
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--at") settings.address = argv[i + 1];
    if (option == "--errors") settings.errors = std::atof(argv[i + 1]);
    if (option == "--delay") settings.delay_ms = std::atoll(argv[i + 1]);
    if (option == "--hog") settings.hog_mib = std::atoll(argv[i + 1]);
    if (option == "--precision") settings.precision = std::atof(argv[i + 1]);
    if (option == "--roi") settings.roi = std::atof(argv[i + 1]);
    if (option == "--die-after") settings.die_after = std::atoll(argv[i + 1]);
    if (option == "--hang-after") settings.hang_after = std::atoll(argv[i + 1]);
  }
  struct sigaction action {};
  action.sa_handler = on_term;
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  Server(std::atoi(argv[1]), settings).run();
}
