#include "tests/live/rig.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <stdexcept>

#include "core/base/text.h"

namespace autopilot::live {
namespace {

// A blocking connection to a port of this machine, given up after twenty seconds of silence.
class Connection {
 public:
  explicit Connection(int port, int silence_seconds = 20)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval most{silence_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_open() const { return is_open_; }
  bool send(const std::string& text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  std::string receive() const {
    char buffer[4096];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : "";
  }
  // Reads until `end` stands there.
  bool receive_until(const std::string& end, std::string& text) const {
    while (text.find(end) == std::string::npos) {
      const std::string more = receive();
      if (more.empty()) return false;
      text += more;
    }
    return true;
  }

 private:
  int fd_;
  bool is_open_ = false;
};

std::string get(int port, const std::string& path) {
  const Connection connection(port);
  connection.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string text;
  for (std::string more; !(more = connection.receive()).empty();) text += more;
  return text;
}

std::int64_t number_after(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) return 0;
  return std::atoll(match[1].str().c_str());
}

}  // namespace

bool is_installed(const std::string& program) {
  for (const std::string& folder : split(std::getenv("PATH"), ':')) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

std::int64_t monotonic_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

void sleep_ms(std::int64_t ms) { ::usleep(static_cast<useconds_t>(ms * 1000)); }

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "autopilot-live-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
  ::chmod(path_.c_str(), 0755);  // nginx's workers may be another user
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
}

std::string Folder::read(const std::string& name) const {
  std::ifstream file(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Program::Program(std::vector<std::string> words, const std::string& output) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Program::~Program() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 500; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return;
    sleep_ms(10);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const { ::kill(pid_, number); }

void Program::wait() {
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool wait_for_port(int port) {
  for (int i = 0; i < 1000; ++i) {
    if (Connection(port).is_open()) return true;
    sleep_ms(10);
  }
  return false;
}

Rig::Rig(Proxy proxy, const std::vector<std::string>& backend_options)
    : kind_(proxy), port_(free_port()) {
  ::signal(SIGPIPE, SIG_IGN);
  site_ = {"shop", {{"blue", free_port()}, {"green", free_port()}}, folder_.path("site")};
  proxy == Proxy::nginx ? configure_nginx() : configure_haproxy();
  start_proxy();
  traffic_ = deploy::make_traffic(traffic_spec_, site_, world());
  List words{LIVE_BACKEND, "{{port}}", "{{version}}"};
  for (const std::string& option : backend_options) words.push_back(option);
  process_ = deploy::make_process(Map{{"provider", "exec"}, {"argv", words}, {"grace", "40s"}},
                                  site_, world());
}

Rig::~Rig() {
  for (const deploy::Slot& slot : site_.slots) process_->stop(slot, Duration::seconds(1));
}

void Rig::configure_nginx() {
  folder_.write("shop.conf", "");
  folder_.write(
      "nginx.conf",
      fmt::format("daemon off;\nworker_processes 2;\npid {0}/nginx.pid;\nerror_log {0}/error.log;\n"
                  "worker_shutdown_timeout 60s;\nevents {{ worker_connections 4096; }}\n"
                  "http {{\n  access_log off;\n  keepalive_requests 100000000;\n"
                  "  client_body_temp_path {0}/t1;\n  proxy_temp_path {0}/t2;\n"
                  "  fastcgi_temp_path {0}/t3;\n  uwsgi_temp_path {0}/t4;\n"
                  "  scgi_temp_path {0}/t5;\n  include {0}/shop.conf;\n}}\n",
                  folder_.path()));
  proxy_words_ = {"nginx", "-p", folder_.path(), "-c", folder_.path("nginx.conf")};
  List words(proxy_words_.begin(), proxy_words_.end());
  traffic_spec_ = Map{{"provider", "nginx"},
                      {"config", folder_.path("shop.conf")},
                      {"listen", fmt::format("127.0.0.1:{}", port_)},
                      {"key", Map{{"cookie", "uid"}}},
                      {"missing", "request_id"},
                      {"nginx", words}};
}

void Rig::configure_haproxy() {
  folder_.write(
      "haproxy.cfg",
      fmt::format("global\n  stats socket {0} mode 600 level admin\n  server-state-file {1}\n"
                  "  maxconn 4000\n"
                  "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
                  "  timeout server 60s\n  timeout tunnel 1h\n"
                  "  load-server-state-from-file global\n"
                  "frontend web\n  bind 127.0.0.1:{2}\n  default_backend shop\n"
                  "backend shop\n  balance roundrobin\n  server blue 127.0.0.1:{3}\n"
                  "  server green 127.0.0.1:{4} weight 0\n",
                  socket(), folder_.path("state"), port_, site_.slots[0].port,
                  site_.slots[1].port));
  proxy_words_ = {"haproxy", "-db", "-f", folder_.path("haproxy.cfg")};
  traffic_spec_ = Map{{"provider", "haproxy"},
                      {"socket", socket()},
                      {"backend", "shop"},
                      {"state_file", folder_.path("state")}};
}

void Rig::start_proxy() {
  for (const char* left : {"nginx.pid", "admin.sock"}) ::unlink(folder_.path(left).c_str());
  proxy_ = std::make_unique<Program>(proxy_words_, folder_.path("proxy.log"));
  // nginx listens only once the traffic is installed; its pid file says that it is there.
  for (int i = 0; i < 1000; ++i) {
    const std::string sign = kind_ == Proxy::nginx ? folder_.path("nginx.pid") : socket();
    if (::access(sign.c_str(), F_OK) == 0) return sleep_ms(50);
    sleep_ms(10);
  }
  throw std::runtime_error("the proxy does not start: " + folder_.read("proxy.log"));
}

const deploy::Slot& Rig::slot(const std::string& name) const {
  return site_.slots[0].name == name ? site_.slots[0] : site_.slots[1];
}

void Rig::start(const std::string& name, const std::string& version) {
  process_->start(slot(name), version);
  if (!wait_for_port(slot(name).port)) throw std::runtime_error(name + " does not start");
}

bool Rig::drain_and_stop(const std::string& name, int seconds) {
  const std::int64_t deadline = monotonic_ms() + seconds * 1000;
  bool is_drained = false;
  while (!is_drained && monotonic_ms() < deadline) {
    is_drained = traffic_->open_connections(name) == 0;
    if (!is_drained) sleep_ms(50);
  }
  process_->stop(slot(name), Duration::seconds(5));
  return is_drained && !process_->observe(slot(name)).running;
}

double Rig::switch_to(const std::string& canary, const std::string& stable, int bp) {
  const deploy::Split split{canary, stable, bp};
  const std::int64_t begin = world().clock.monotonic_nanos();
  for (int i = 0; i < 20; ++i) {
    traffic_->set(split);
    const deploy::SplitCheck check = traffic_->verify(split);
    last_why_ = check.why;
    if (check.holds) return static_cast<double>(world().clock.monotonic_nanos() - begin) / 1e6;
    sleep_ms(100);
  }
  return -1;
}

std::int64_t Rig::served(const std::string& name) {
  return number_after(get(slot(name).port, "/metrics"), "requests_total\\{[^}]*\\} ([0-9]+)");
}

Load::Load(Rig& rig, Tool tool, int seconds) : rig_(rig), tool_(tool) {
  static std::atomic<int> count{0};
  output_ = fmt::format("load-{}", ++count);
  const std::string url = fmt::format("http://127.0.0.1:{}/", rig.port());
  std::vector<std::string> words{"hey", "-z", fmt::format("{}s", seconds), "-c", "16", "-q",
                                 "60",  url};
  if (tool == Tool::wrk) {
    rig.folder().write("cookies.lua",
                       "local n = 0\n"
                       "function setup(thread) n = n + 1; thread:set('id', n) end\n"
                       "function init() math.randomseed(os.time() * 7 + id) end\n"
                       "function request()\n"
                       "  wrk.headers['Cookie'] = 'uid=' .. math.random(1, 1000000000)\n"
                       "  return wrk.format('GET', '/')\n"
                       "end\n");
    words = {"wrk",       "-t2", "-c64", fmt::format("-d{}s", seconds),
             "--timeout", "10s", "-s",   rig.folder().path("cookies.lua"),
             url};
  }
  program_ = std::make_unique<Program>(words, rig.folder().path(output_));
}

Load::Result Load::wait() {
  program_->wait();
  Result result;
  result.text = rig_.folder().read(output_);
  if (tool_ == Tool::wrk) {
    result.requests = number_after(result.text, "([0-9]+) requests in");
    for (const char* kind : {"connect ([0-9]+)", "read ([0-9]+)", "write ([0-9]+)",
                             "timeout ([0-9]+)", "Non-2xx or 3xx responses: ([0-9]+)"}) {
      result.failed += number_after(result.text, kind);
    }
    return result;
  }
  for (const std::string& line : split(result.text, '\n')) {
    // "  [200]	1234 responses", "  [3]	Get \"http…\": EOF"
    const std::int64_t status = number_after(line, "^ *\\[([0-9]+)\\]\\s+[0-9]+ responses");
    const std::int64_t count = number_after(line, "^ *\\[[0-9]+\\]\\s+([0-9]+) responses");
    if (status >= 200 && status < 300) result.requests += count;
    if (status != 0 && (status < 200 || status >= 300)) result.failed += count;
    if (status == 0) result.failed += number_after(line, "^ *\\[([0-9]+)\\]\\s+\\S");
  }
  result.requests += result.failed;
  return result;
}

Load::Result Load::stop() {
  program_->signal(SIGINT);
  return wait();
}

LongClients::LongClients(int port, int stream_seconds)
    : port_(port), stream_seconds_(stream_seconds) {
  // Two streams, half a length apart.
  threads_.emplace_back([this] { stream(); });
  threads_.emplace_back([this] {
    sleep_ms(stream_seconds_ * 500);
    stream();
  });
  threads_.emplace_back([this] { talk(); });
}

LongClients::~LongClients() {
  ending_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void LongClients::stream() {
  while (!ending_) {
    const Connection connection(port_, 10);
    connection.send(fmt::format("GET /stream?{} HTTP/1.1\r\nHost: x\r\n\r\n", stream_seconds_));
    std::string text;
    connection.receive_until("\r\n0\r\n\r\n", text) ? ++streams : ++broken_streams;
  }
}

// Masked text frames of one letter; the server sends them back.
void LongClients::talk() {
  while (!ending_) {
    reopen_ = false;
    const Connection connection(port_, 10);
    std::string head;
    bool is_good =
        connection.send(
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n") &&
        connection.receive_until("\r\n\r\n", head) && head.find(" 101 ") != std::string::npos;
    while (is_good && !ending_ && !reopen_) {
      is_good = connection.send(std::string("\x81\x81\0\0\0\0a", 7)) && connection.receive() ==
                                                                            "\x81\x01"
                                                                            "a";
      echoes += is_good;
      sleep_ms(20);
    }
    if (!is_good) ++broken_websockets;
    if (!is_good) sleep_ms(100);
  }
}

}  // namespace autopilot::live
