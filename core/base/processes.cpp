#include "core/base/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core/base/capture.h"
#include "core/base/conversation.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot {
namespace {

constexpr int kCannotExecute = 127;

// A child starts with the usual signals: the ones that main ignores would stay ignored in it.
void default_signals() {
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
}

void execute(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
}

// The reader may stop early (a pager that is left): that is no fault.
void write_until_closed(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool is_executable_file(const std::string& path) {
  struct stat s {};
  return ::stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// What programs need to work at all and to speak the user's language.
constexpr const char* kPassedAlways[] = {"PATH",   "HOME",     "USER",   "LOGNAME", "LANG",
                                         "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"};

std::vector<std::string> clean_environment(const CaptureLimits& limits) {
  std::map<std::string, std::string> variables;
  const auto pass = [&](const std::string& name) {
    if (const char* value = std::getenv(name.c_str())) variables[name] = value;
  };
  for (const char* name : kPassedAlways) pass(name);
  for (const std::string& name : limits.pass) pass(name);
  for (const auto& [name, value] : limits.set) variables[name] = value;
  std::vector<std::string> all;
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

class SystemProcesses final : public Processes {
 public:
  std::string find(const std::string& name) override {
    const char* path = std::getenv("PATH");
    if (path == nullptr || name.empty() || name.find('/') != std::string::npos) return {};
    for (const std::string& folder : split(path, ':')) {
      const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
      if (is_executable_file(candidate)) return candidate;
    }
    return {};
  }

  std::optional<int> feed(const std::vector<std::string>& words, std::string_view input) override {
    int ends[2];
    if (words.empty() || ::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(ends[0], STDIN_FILENO);
      default_signals();
      execute(words);
      ::_exit(kCannotExecute);
    }
    ::close(ends[0]);
    if (child > 0) write_until_closed(ends[1], input);
    ::close(ends[1]);
    if (child < 0) return std::nullopt;
    const int status = wait_for(child);
    if (status == kCannotExecute) return std::nullopt;
    return status;
  }

  Captured capture(const std::vector<std::string>& words, std::string_view input,
                   const CaptureLimits& limits) override {
    const std::string& name = words.at(0);
    const std::string path = name.find('/') != std::string::npos ? name : find(name);
    if (path.empty()) return {Captured::End::not_started, ENOENT, {}, {}};
    return run_captured({path, words, clean_environment(limits)}, input, limits);
  }

  std::unique_ptr<Conversation> converse(const std::vector<std::string>& words) override {
    return start_conversation([this, words](const CaptureLimits& limits) {
      const std::string& name = words.at(0);
      return Program{name.find('/') != std::string::npos ? name : find(name), words,
                     clean_environment(limits)};
    });
  }

  void keep_memory_private() override {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  }

  void become(const std::vector<std::string>& words,
              const std::vector<std::pair<std::string, std::string>>& environment) override {
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    default_signals();
    execute(words);
    throw Error(ErrorKind::outside,
                fmt::format("cannot run {}: {}", words.at(0), std::strerror(errno)));
  }
};

}  // namespace

std::unique_ptr<Processes> system_processes() { return std::make_unique<SystemProcesses>(); }

}  // namespace autopilot
