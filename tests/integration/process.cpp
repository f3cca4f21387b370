#include "tests/integration/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace autopilot::integration {
namespace {

constexpr int kNotStarted = 126;
constexpr uid_t kNobody = 65534;
constexpr std::size_t kShown = 4000;  // bytes of a stream in a message

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> all;  // of two values the first one counts
  for (const auto& [name, value] : command.environment) all.push_back(name + "=" + value);
  for (const char* usual : {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "TZ=UTC", "COLUMNS=100",
                            "NO_COLOR=1", "LANG=C.UTF-8", "TERM=dumb"}) {
    all.emplace_back(usual);
  }
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    reader = ends[0];
    writer = ends[1];
  }
  int reader, writer;
};

void arrange_stdout(Stdout kind, int pipe_writer) {
  switch (kind) {
    case Stdout::pipe:
    case Stdout::broken_pipe:
    case Stdout::unread:
      ::dup2(pipe_writer, STDOUT_FILENO);
      return;
    case Stdout::closed:
      ::close(STDOUT_FILENO);
      return;
    case Stdout::full:
      ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO);
      return;
  }
}

// In the child, between fork and exec.
void become(const Command& command, const std::vector<char*>& arguments,
            const std::vector<char*>& environment) {
  if (command.max_file_bytes) {
    const rlimit limit{*command.max_file_bytes, *command.max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (command.as_nobody &&
      (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
    ::_exit(kNotStarted);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGXFSZ}) ::signal(signal, SIG_DFL);
  if (!command.folder.empty() && ::chdir(command.folder.c_str()) != 0) ::_exit(kNotStarted);
  ::execve(arguments[0], arguments.data(), environment.data());
  ::_exit(kNotStarted);
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

std::int64_t monotonic_nanos() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

Process::Process(const Command& command, bool keep_input)
    : input_(command.input), close_when_written_(!keep_input) {
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words{AUTOPILOT_EXECUTABLE};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> variables = environment_of(command);
  const std::vector<char*> arguments = pointers(words), environment = pointers(variables);
  const Pipe in, out, err;
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ == 0) {
    ::dup2(in.reader, STDIN_FILENO);
    ::dup2(err.writer, STDERR_FILENO);
    arrange_stdout(command.standard_output, out.writer);
    if (command.standard_output == Stdout::broken_pipe) ::close(out.reader);
    become(command, arguments, environment);
  }
  for (const int theirs : {in.reader, out.writer, err.writer}) ::close(theirs);
  in_ = in.writer;
  out_fd_ = out.reader;
  err_fd_ = err.reader;
  if (command.standard_output == Stdout::broken_pipe) close_fd(out_fd_);
  if (command.standard_output == Stdout::unread) unread_ = std::exchange(out_fd_, -1);
  for (const int ours : {in_, out_fd_, err_fd_}) {
    if (ours >= 0) set_nonblocking(ours);
  }
  deadline_nanos_ = monotonic_nanos() + command.timeout_seconds * 1'000'000'000LL;
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int* fd : {&in_, &out_fd_, &err_fd_, &unread_}) close_fd(*fd);
}

void Process::write_some() {
  while (in_ >= 0 && !input_.empty()) {
    const std::size_t piece = std::min<std::size_t>(input_.size(), 1 << 16);
    const ssize_t n = ::write(in_, input_.data(), piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {  // it reads no more
      input_.clear();
      close_fd(in_);
      return;
    }
    input_.erase(0, static_cast<std::size_t>(n));
  }
  if (input_.empty() && close_when_written_) close_fd(in_);
}

// False at the end of the stream.
bool Process::read_some(int& fd, std::string& text) {
  char buffer[65536];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) close_fd(fd);
  return fd >= 0;
}

bool Process::pump(std::int64_t nanos) {
  const bool writing = in_ >= 0 && !input_.empty();
  if (input_.empty() && close_when_written_) close_fd(in_);
  pollfd polled[3] = {{writing ? in_ : -1, POLLOUT, 0}, {out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  const timespec most{nanos / 1'000'000'000, nanos % 1'000'000'000};
  if (::ppoll(polled, 3, &most, nullptr) > 0) {
    if (polled[0].revents != 0) write_some();
    if (polled[1].revents != 0) read_some(out_fd_, out_);
    if (polled[2].revents != 0) read_some(err_fd_, err_);
  }
  return out_fd_ >= 0 || err_fd_ >= 0;
}

void Process::pump_for(std::int64_t microseconds) {
  const std::int64_t end = monotonic_nanos() + microseconds * 1000;
  for (;;) {
    const std::int64_t left = end - monotonic_nanos();
    if (left <= 0 || !pump(left)) return;
  }
}

void Process::send(int signal) { ::kill(pid_, signal); }

Ended Process::wait() {
  Ended ended;
  close_input();
  while (pump(100'000'000)) {
    if (!ended.timed_out && monotonic_nanos() > deadline_nanos_) {
      ended.timed_out = true;
      send(SIGKILL);
    }
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  (WIFSIGNALED(status) ? ended.signal : ended.exit) =
      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  ended.out = std::move(out_);
  ended.err = std::move(err_);
  return ended;
}

Ended run(const Command& command) { return Process(command).wait(); }

std::string describe(const Ended& ended) {
  std::string text = ended.timed_out     ? "timed out"
                     : ended.signal != 0 ? "signal " + std::to_string(ended.signal)
                                         : "exit " + std::to_string(ended.exit);
  text += "\n--- stdout\n" + ended.out.substr(0, kShown);
  text += "\n--- stderr\n" + ended.err.substr(0, kShown);
  return text;
}

bool is_root() { return ::geteuid() == 0; }

bool make_mounts_private() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace autopilot::integration
