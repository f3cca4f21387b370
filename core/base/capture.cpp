#include "core/base/capture.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/monotonic.h"

namespace autopilot {
namespace {

constexpr std::int64_t kNanosPerMillisecond = 1'000'000;
constexpr int kLookMilliseconds = 5;  // between looks

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
    program.ends_with_us = true;
    streams_.prepare(input_);
    const int fault = streams_.start(program, limits_.at_terminal);
    if (fault == 0) return true;
    result_.end = Captured::End::not_started;
    result_.status = fault;
    return false;
  }

  // Until both of its streams are closed, or it has ended and they hold no more: what it leaves
  // behind (the shared connection of ssh is one) may keep them open for ever.
  void exchange() {
    const ProcessEnd its_end(streams_.child());
    while (streams_.out.reader() >= 0 || streams_.err.reader() >= 0) {
      // poll leaves out the negative ones.
      pollfd ends[] = {{streams_.in.writer(), POLLOUT, 0},
                       {streams_.out.reader(), POLLIN, 0},
                       {streams_.err.reader(), POLLIN, 0},
                       {its_end.descriptor(), POLLIN, 0},
                       {asked_ ? -1 : limits_.wake_descriptor, POLLIN, 0}};
      const std::int64_t left = (deadline_ - monotonic_nanos()) / kNanosPerMillisecond;
      if (left <= 0) return end(Captured::End::timed_out);
      if (::poll(ends, 5, static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) continue;
      if (ends[4].revents != 0) ask_to_end();
      if (ends[0].revents != 0) write_some();
      if (ends[1].revents != 0) read_some(streams_.out, result_.out);
      if (ends[2].revents != 0) read_some(streams_.err, result_.err);
      if (result_.end != Captured::End::exited) return;
      if (ends[3].revents != 0 && ends[1].revents == 0 && ends[2].revents == 0) return;
    }
  }

  void ask_to_end() {
    asked_ = true;
    ::kill(limits_.at_terminal ? streams_.child() : -streams_.child(), limits_.wake_signal);
    deadline_ = std::min(deadline_, monotonic_nanos() + limits_.grace.nanos);
  }

  void write_some() {
    const ssize_t n = ::write(streams_.in.writer(), input_.data(), input_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) input_.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 || input_.empty()) streams_.in.close_writer();  // it need not read all
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
    while (!streams_.has_ended()) {
      if (monotonic_nanos() > deadline_) return end(Captured::End::timed_out);
      pollfd wake{asked_ ? -1 : limits_.wake_descriptor, POLLIN, 0};
      if (::poll(&wake, 1, kLookMilliseconds) > 0) ask_to_end();
    }
  }

  void finish() {
    const int status = streams_.finish(result_.end != Captured::End::exited);
    if (result_.end != Captured::End::exited) return;
    if (WIFSIGNALED(status)) result_.end = Captured::End::killed;
    result_.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  }

  const CaptureLimits& limits_;
  std::string_view input_;  // what it has not read yet
  std::int64_t deadline_;
  Streams streams_;
  bool asked_ = false;
  Captured result_;
};

}  // namespace

Captured run_captured(Program program, std::string_view input, const CaptureLimits& limits) {
  return Run(input, limits).run(program);
}

}  // namespace autopilot
