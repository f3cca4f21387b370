#pragma once
// A small HTTP server in the process of the test, on a free port of the loopback. It speaks what
// the test tells it to, nonsense included: the answer is given as bytes.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace autopilot::testing {

struct WebRequest {
  std::string method, target;  // "/path?query"
  std::string head;            // the whole head, as sent
  std::string body;

  // The value of a header, or "". `name` as the client writes it.
  std::string header(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

struct WebAnswer {
  std::string bytes;                      // as they go out
  std::chrono::milliseconds delay{0};     // before they do
  std::chrono::milliseconds per_byte{0};  // between them: a slow server
  bool close = false;                     // afterwards

  static WebAnswer says(int status, const std::string& body,
                        const std::string& type = "application/json",
                        const std::string& more_headers = {}) {
    return {"HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: " + type +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers +
                "\r\n" + body,
            {},
            {},
            false};
  }
};

// Each connection has a thread; the handler may be called by several at once.
class WebServer {
 public:
  using Handler = std::function<WebAnswer(const WebRequest&)>;

  explicit WebServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1024);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~WebServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& t : threads_) t.join();
    ::close(listener_);
  }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  std::vector<WebRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool readable(int fd) {
    while (!stopping_) {
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void accept_all() {
    while (readable(listener_)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string buffer;
    WebRequest request;
    while (read_request(fd, buffer, request)) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const WebAnswer answer = handler_(request);
      if (!nap(answer.delay) || !send(fd, answer) || answer.close) break;
    }
    ::close(fd);
  }

  bool read_request(int fd, std::string& buffer, WebRequest& request) {
    std::size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!more(fd, buffer)) return false;
    }
    request.head = buffer.substr(0, end + 2);
    request.method = request.head.substr(0, request.head.find(' '));
    const std::size_t target = std::min(request.method.size() + 1, request.head.size());
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    const std::string length = request.header("Content-Length");
    const std::size_t body = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < end + 4 + body) {
      if (!more(fd, buffer)) return false;
    }
    request.body = buffer.substr(end + 4, body);
    buffer.erase(0, end + 4 + body);
    return true;
  }

  bool more(int fd, std::string& buffer) {
    char piece[65536];
    if (!readable(fd)) return false;
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n > 0) buffer.append(piece, static_cast<std::size_t>(n));
    return n > 0;
  }

  bool nap(std::chrono::milliseconds time) {
    for (auto left = time; left.count() > 0 && !stopping_;) {
      const auto one = std::min(left, std::chrono::milliseconds(20));
      std::this_thread::sleep_for(one);
      left -= one;
    }
    return !stopping_;
  }

  bool send(int fd, const WebAnswer& answer) {
    const std::size_t piece = answer.per_byte.count() > 0 ? 1 : answer.bytes.size();
    for (std::size_t at = 0; at < answer.bytes.size();) {
      const std::size_t size = std::min(piece, answer.bytes.size() - at);
      const ssize_t n = ::send(fd, answer.bytes.data() + at, size, MSG_NOSIGNAL);
      if (n <= 0 || !nap(answer.per_byte)) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::vector<WebRequest> requests_;
};

// A port of the loopback where nothing listens.
inline int unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace autopilot::testing
