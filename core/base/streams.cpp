#include "core/base/streams.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace autopilot {
namespace {

constexpr int kFirstOther = 3;  // the descriptor after the standard ones
constexpr std::size_t kUsualPipe = 65'536, kMostPipe = 1 << 20;  // bytes, of Linux
constexpr int kMostOthers = 4096;  // that are looked at where the kernel has no close_range

void close_end(int& end) {
  if (end >= 0) ::close(end);
  end = -1;
}

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

}  // namespace

Pipe::Pipe() {
  if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
}
Pipe::~Pipe() {
  close_reader();
  close_writer();
}
void Pipe::close_reader() { close_end(ends_[0]); }
void Pipe::close_writer() { close_end(ends_[1]); }

void Streams::prepare(std::string_view& input) {
  if (!in.is_open()) return;
  ::fcntl(in.writer(), F_SETFL, O_NONBLOCK);
  // Beyond what the system grants, the rest follows while it reads.
  if (input.size() > kUsualPipe) ::fcntl(in.writer(), F_SETPIPE_SZ, static_cast<int>(kMostPipe));
  while (!input.empty()) {
    const ssize_t n = ::write(in.writer(), input.data(), input.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    input.remove_prefix(static_cast<std::size_t>(n));
  }
  in.close_writer();
}

int Streams::start(Program& program, bool at_terminal) {
  at_terminal_ = at_terminal;
  if (in.reader() < 0 || !out.is_open() || !err.is_open() || !failure_.is_open()) return errno;
  // Between fork and exec nothing is allocated: another thread may have held the allocator.
  const std::vector<char*> words = pointers(program.words);
  const std::vector<char*> environment = pointers(program.environment);
  const pid_t us = ::getpid();
  child_ = ::fork();
  if (child_ < 0) return errno;
  if (child_ == 0 && program.ends_with_us) end_with(us);
  if (child_ == 0) become(program.path.c_str(), words.data(), environment.data());
  in.close_reader();
  out.close_writer();
  err.close_writer();
  failure_.close_writer();
  int code = 0;
  if (::read(failure_.reader(), &code, sizeof code) == sizeof code) {
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
    return code;
  }
  for (const int fd : {in.writer(), out.reader(), err.reader()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return 0;
}

// In the child.
void Streams::end_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it was gone before that
}

void Streams::become(const char* path, char* const* words, char* const* environment) const {
  if (!at_terminal_) ::setsid();
  ::dup2(in.reader(), STDIN_FILENO);
  ::dup2(out.writer(), STDOUT_FILENO);
  if (!at_terminal_) ::dup2(err.writer(), STDERR_FILENO);
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

bool Streams::has_ended() const {
  siginfo_t info{};
  const int options = WEXITED | WNOHANG | WNOWAIT;
  return ::waitid(P_PID, static_cast<id_t>(child_), &info, options) != 0 || info.si_pid != 0;
}

int Streams::finish(bool kill) {
  if (!at_terminal_) ::kill(-child_, SIGKILL);
  if (kill) ::kill(child_, SIGKILL);
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace autopilot
