#include "core/base/children.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot {
namespace {

constexpr const char* kToken = "AUTOPILOT_CHILD";

// "" when it is gone or not ours to read.
std::string contents_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  char buffer[16384];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return text;
}

ProcessStat stat_of(std::int64_t pid) {
  return parse_process_stat(contents_of(fmt::format("/proc/{}/stat", pid)));
}

bool lives(const ProcessStat& stat) {
  return stat.pid != 0 && stat.state != 'Z' && stat.state != 'X';
}

std::string boot_id() { return std::string(trim(contents_of("/proc/sys/kernel/random/boot_id"))); }

std::string start_of(const ProcessStat& stat) {
  return fmt::format("{}/{}", boot_id(), stat.start_ticks);
}

bool has_token(std::int64_t pid, const std::string& token) {
  const std::string all = '\0' + contents_of(fmt::format("/proc/{}/environ", pid));
  return all.find(fmt::format("{}{}={}{}", '\0', kToken, token, '\0')) != std::string::npos;
}

template <class Visit>
void for_each_process(const Visit& visit) {
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder)) {
    const std::int64_t pid = std::atoll(entry->d_name);
    if (pid > 0) visit(pid);
  }
  ::closedir(folder);
}

// What the child needs, made before fork(): between fork() and exec() nothing may allocate.
struct Prepared {
  std::vector<std::string> texts;
  std::vector<char*> words, environment;
  int log = -1;
  const char* folder = nullptr;
  std::vector<std::string> candidates;  // paths to try
};

std::vector<std::string> candidates_of(const Launch& launch) {
  const std::string& name = launch.words.at(0);
  if (name.find('/') != std::string::npos) return {name};
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& [key, value] : launch.environment) {
    if (key == "PATH") path = value;
  }
  std::vector<std::string> found;
  for (const std::string& folder : split(path, ':')) found.push_back(folder + "/" + name);
  return found;
}

// A descriptor out of the way of those that become_program() sets up.
int above_the_usual(int fd) {
  if (fd < 0) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
  ::close(fd);
  return moved;
}

Prepared prepare(const Launch& launch) {
  Prepared p;
  p.candidates = candidates_of(launch);
  for (const auto& [name, value] : launch.environment) p.texts.push_back(name + "=" + value);
  p.texts.push_back(fmt::format("{}={}", kToken, launch.token));
  for (std::string& text : p.texts) p.environment.push_back(text.data());
  for (const std::string& word : launch.words) p.words.push_back(const_cast<char*>(word.c_str()));
  p.words.push_back(nullptr);
  p.environment.push_back(nullptr);
  if (!launch.folder.empty()) p.folder = launch.folder.c_str();
  const int log = ::open(launch.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  p.log = above_the_usual(log);
  if (p.log < 0) {
    throw Error(ErrorKind::storage,
                fmt::format("cannot write {}: {}", launch.log, std::strerror(errno)));
  }
  return p;
}

// No descriptor of ours stays open in the program, whoever opened it and however.
void close_all_from(unsigned first) {
  if (::syscall(SYS_close_range, first, ~0u, 0) == 0) return;
  for (int fd = static_cast<int>(first); fd < 1024; ++fd) ::close(fd);
}

// In the child. Waits for a byte from `go`; the end of it means that our parent is dead. Whatever
// goes wrong is written to `fault` as an errno.
[[noreturn]] void become_program(const Prepared& p, int go, int fault) {
  ::setsid();
  char byte = 0;
  ssize_t n = 0;
  while ((n = ::read(go, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (n != 1) ::_exit(127);
  for (int s = 1; s < NSIG; ++s) {
    if (s != SIGKILL && s != SIGSTOP) ::signal(s, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(p.log, 1);
  ::dup2(p.log, 2);
  ::dup2(fault, 3);
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  close_all_from(4);
  int code = 0;
  if (p.folder != nullptr && ::chdir(p.folder) != 0) code = errno;
  for (std::size_t i = 0; code == 0 && i < p.candidates.size(); ++i) {
    ::execve(p.candidates[i].c_str(), p.words.data(), p.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) code = errno;
  }
  if (code == 0) code = ENOENT;
  [[maybe_unused]] const ssize_t told = ::write(3, &code, sizeof code);
  ::_exit(127);
}

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(ErrorKind::outside, "cannot open a pipe");
    for (int& end : ends) end = above_the_usual(end);
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close(int end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

class SystemChildren final : public Children {
 public:
  Child start(const Launch& launch, const Recording& record) override {
    const Prepared prepared = prepare(launch);
    Pipe go, fault;
    const pid_t pid = ::fork();
    if (pid == 0) {
      go.close(1);
      become_program(prepared, go.ends[0], fault.ends[1]);
    }
    ::close(prepared.log);
    go.close(0);
    fault.close(1);
    if (pid < 0) throw Error(ErrorKind::outside, "cannot start another process");
    const Child child{pid, start_of(stat_of(pid)), launch.token};
    try {
      record(child);
    } catch (...) {
      go.close(1);
      ::waitpid(pid, nullptr, 0);
      throw;
    }
    [[maybe_unused]] const ssize_t told = ::write(go.ends[1], "g", 1);
    int code = 0;
    ssize_t n = 0;
    while ((n = ::read(fault.ends[0], &code, sizeof code)) < 0 && errno == EINTR) {
    }
    if (n == sizeof code) {
      ::waitpid(pid, nullptr, 0);
      throw Error(ErrorKind::outside,
                  fmt::format("cannot run {}: {}", launch.words.at(0), std::strerror(code)));
    }
    return child;
  }

  bool runs(const Child& child) override {
    if (child.pid <= 0) return false;
    ::waitpid(static_cast<pid_t>(child.pid), nullptr, WNOHANG);  // when it is ours, forget it
    const ProcessStat stat = stat_of(child.pid);
    return lives(stat) && start_of(stat) == child.started;
  }

  std::vector<std::int64_t> members(const Child& child) override {
    const bool leads = runs(child);
    std::vector<std::int64_t> found;
    for_each_process([&](std::int64_t pid) {
      const ProcessStat stat = stat_of(pid);
      // Once the leader is gone its group's number may belong to others; the token cannot.
      if (!lives(stat)) return;
      if ((leads && stat.group == child.pid) || has_token(pid, child.token)) found.push_back(pid);
    });
    return found;
  }

  void signal(const Child& child, int number) override {
    const bool leads = runs(child);
    for (const std::int64_t pid : members(child)) send(pid, child, leads, number);
  }

 private:
  // Through a descriptor that stands for the process seen now, looked at again behind it.
  static void send(std::int64_t pid, const Child& child, bool leads, int number) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
    if (fd < 0) return;
    const ProcessStat stat = stat_of(pid);
    const bool is_member = pid == child.pid
                               ? start_of(stat) == child.started
                               : (leads && stat.group == child.pid) || has_token(pid, child.token);
    if (is_member) ::syscall(SYS_pidfd_send_signal, fd, number, nullptr, 0);
    ::close(fd);
  }
};

}  // namespace

ProcessStat parse_process_stat(std::string_view text) {
  const std::size_t open = text.find('('), close = text.rfind(')');  // names hold anything
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const std::vector<std::string> fields = split(trim(text.substr(close + 1)), ' ');
  if (fields.size() < 20 || fields[0].size() != 1) return {};
  ProcessStat stat;
  stat.pid = std::atoll(std::string(text.substr(0, open)).c_str());
  stat.state = fields[0][0];
  stat.group = std::atoll(fields[2].c_str());
  stat.start_ticks = fields[19];
  return stat;
}

std::unique_ptr<Children> system_children() { return std::make_unique<SystemChildren>(); }

}  // namespace autopilot
