#include "core/base/capture.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace autopilot {
namespace {

constexpr std::int64_t kNanosPerMillisecond = 1'000'000;
constexpr Duration kBetweenLooks = Duration::milliseconds(5);
constexpr int kFirstOther = 3;     // the descriptor after the standard ones
constexpr int kMostOthers = 4096;  // that are looked at where the kernel has no close_range

std::int64_t monotonic_nanos() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// Both ends of a pipe, closed at the end of their scope.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool is_open() const { return ends_[0] >= 0; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

// Readable once a child of ours has ended; -1 where the kernel has no such thing.
class ProcessEnd {
 public:
  explicit ProcessEnd(pid_t child) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))) {}
  ~ProcessEnd() {
    if (fd_ >= 0) ::close(fd_);
  }
  ProcessEnd(const ProcessEnd&) = delete;
  ProcessEnd& operator=(const ProcessEnd&) = delete;
  int descriptor() const { return fd_; }

 private:
  int fd_;
};

void close_others_at_exec() {
  if (::close_range(kFirstOther, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = kFirstOther; fd < kMostOthers; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// One run of a program: started, fed and listened to at once, ended when it breaks a limit.
class Run {
 public:
  Run(std::string_view input, const CaptureLimits& limits)
      : limits_(limits), input_(input), deadline_(monotonic_nanos() + limits.time.nanos) {}

  Captured run(Program& program) {
    if (!start(program)) return std::move(result_);
    exchange();
    if (result_.end == Captured::End::exited) wait_until_deadline();
    finish();
    return std::move(result_);
  }

 private:
  bool start(Program& program) {
    if (!in_.is_open() || !out_.is_open() || !err_.is_open() || !failure_.is_open())
      return not_started(errno);
    // Between fork and exec nothing is allocated: another thread may have held the allocator.
    const std::vector<char*> words = pointers(program.words);
    const std::vector<char*> environment = pointers(program.environment);
    child_ = ::fork();
    if (child_ < 0) return not_started(errno);
    if (child_ == 0) become(program.path.c_str(), words.data(), environment.data());
    in_.close_reader();
    out_.close_writer();
    err_.close_writer();
    failure_.close_writer();
    int code = 0;
    if (::read(failure_.reader(), &code, sizeof code) != sizeof code) return true;
    ::waitpid(child_, nullptr, 0);
    return not_started(code);
  }

  bool not_started(int code) {
    result_.end = Captured::End::not_started;
    result_.status = code;
    return false;
  }

  [[noreturn]] void become(const char* path, char* const* words, char* const* environment) const {
    if (!limits_.at_terminal) ::setsid();
    ::dup2(in_.reader(), STDIN_FILENO);
    ::dup2(out_.writer(), STDOUT_FILENO);
    if (!limits_.at_terminal) ::dup2(err_.writer(), STDERR_FILENO);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);  // its words may hold a secret
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGXFSZ, SIG_DFL);
    sigset_t nothing;  // is blocked in it, whatever is in us
    ::sigemptyset(&nothing);
    ::sigprocmask(SIG_SETMASK, &nothing, nullptr);
    close_others_at_exec();
    ::execve(path, words, environment);
    const int code = errno;
    [[maybe_unused]] const ssize_t n = ::write(failure_.writer(), &code, sizeof code);
    ::_exit(127);
  }

  // Until both of its streams are closed, or it has ended and they hold no more: what it leaves
  // behind (the shared connection of ssh is one) may keep them open for ever.
  void exchange() {
    for (const int fd : {in_.writer(), out_.reader(), err_.reader()})
      ::fcntl(fd, F_SETFL, O_NONBLOCK);
    const ProcessEnd its_end(child_);
    if (input_.empty()) in_.close_writer();
    while (out_.reader() >= 0 || err_.reader() >= 0) {
      // poll leaves out the negative ones.
      pollfd ends[] = {{in_.writer(), POLLOUT, 0},
                       {out_.reader(), POLLIN, 0},
                       {err_.reader(), POLLIN, 0},
                       {its_end.descriptor(), POLLIN, 0},
                       {asked_ ? -1 : limits_.wake_descriptor, POLLIN, 0}};
      const std::int64_t left = (deadline_ - monotonic_nanos()) / kNanosPerMillisecond;
      if (left <= 0) return end(Captured::End::timed_out);
      if (::poll(ends, 5, static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) continue;
      if (ends[4].revents != 0) ask_to_end();
      if (ends[0].revents != 0) write_some();
      if (ends[1].revents != 0) read_some(out_, result_.out);
      if (ends[2].revents != 0) read_some(err_, result_.err);
      if (result_.end != Captured::End::exited) return;
      if (ends[3].revents != 0 && ends[1].revents == 0 && ends[2].revents == 0) return;
    }
  }

  void ask_to_end() {
    asked_ = true;
    ::kill(child_, SIGINT);
    deadline_ = std::min(deadline_, monotonic_nanos() + limits_.grace.nanos);
  }

  void write_some() {
    const ssize_t n = ::write(in_.writer(), input_.data(), input_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) input_.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 || input_.empty()) in_.close_writer();  // it need not read all
  }

  void read_some(Pipe& pipe, std::string& text) {
    char buffer[16384];
    const ssize_t n = ::read(pipe.reader(), buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) return pipe.close_reader();
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() <= limits_.output) return;
    text.resize(limits_.output);
    end(Captured::End::too_long);
  }

  void end(Captured::End how) { result_.end = how; }

  // A program may close its streams long before it ends.
  void wait_until_deadline() {
    while (!has_ended()) {
      if (monotonic_nanos() > deadline_) return end(Captured::End::timed_out);
      const timespec pause{0, kBetweenLooks.nanos};
      ::nanosleep(&pause, nullptr);
    }
  }

  bool has_ended() const {
    siginfo_t info{};
    const int options = WEXITED | WNOHANG | WNOWAIT;
    return ::waitid(P_PID, static_cast<id_t>(child_), &info, options) != 0 || info.si_pid != 0;
  }

  // Ends what is left of it before the child is waited for: its number is nobody else's till then.
  void finish() {
    if (!limits_.at_terminal) ::kill(-child_, SIGKILL);
    if (result_.end != Captured::End::exited) ::kill(child_, SIGKILL);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    if (result_.end != Captured::End::exited) return;
    if (WIFSIGNALED(status)) result_.end = Captured::End::killed;
    result_.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  }

  const CaptureLimits& limits_;
  std::string_view input_;  // what it has not read yet
  std::int64_t deadline_;
  Pipe in_, out_, err_, failure_;
  pid_t child_ = -1;
  bool asked_ = false;
  Captured result_;
};

}  // namespace

Captured run_captured(Program program, std::string_view input, const CaptureLimits& limits) {
  return Run(input, limits).run(program);
}

}  // namespace autopilot
