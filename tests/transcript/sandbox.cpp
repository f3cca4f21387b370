#include "tests/transcript/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/transcript/case.h"

namespace autopilot::transcript {
namespace {

namespace fs = std::filesystem;

constexpr int kTimeoutSeconds = 120;

// Restores what the last command left, runs this one, saves what it leaves.
constexpr char kShell[] = R"sh(
if [ -f "$SANDBOX/env" ]; then . "$SANDBOX/env"; cd "$(cat "$SANDBOX/cwd")"; fi
trap 'transcript_code=$?; export -p > "$SANDBOX/env"; pwd > "$SANDBOX/cwd"; exit $transcript_code' EXIT
eval "$1"
)sh";

std::vector<std::string> environment(const std::string& top) {
  const char* path = std::getenv("PATH");
  std::vector<std::string> all{"PATH=" + top + "/bin:" + (path != nullptr ? path : "/usr/bin:/bin"),
                               "HOME=" + top + "/home",
                               "SANDBOX=" + top,
                               "TZ=UTC",
                               "COLUMNS=100",
                               "NO_COLOR=1",
                               "LANG=C.UTF-8",
                               "TERM=dumb",
                               "PAGER=cat"};
  for (const char* name :
       {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "SOURCE", "AUTOPILOT_SHARED"}) {
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

// Both streams of the child into one pipe, so that the order is the one that a user would see.
pid_t start(const std::string& command, const std::string& top, const std::string& work,
            int ends[2]) {
  std::vector<std::string> words{"/bin/sh", "-c", kShell, "sh", command};
  std::vector<std::string> variables = environment(top);
  const std::vector<char*> arguments = pointers(words), settings = pointers(variables);
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(ends[1], STDOUT_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  if (::chdir(work.c_str()) == 0) ::execve(arguments[0], arguments.data(), settings.data());
  ::_exit(127);
}

bool read_until_closed(int fd, std::string& text) {
  const std::time_t deadline = std::time(nullptr) + kTimeoutSeconds;
  char buffer[4096];
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, 1000) > 0) {
      const ssize_t n = ::read(fd, buffer, sizeof buffer);
      if (n == 0) return true;
      if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    }
    if (std::time(nullptr) > deadline) return false;
  }
}

}  // namespace

Sandbox::Sandbox(const std::string& autopilot) {
  std::string name = (fs::temp_directory_path() / "autopilot-transcript-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  top_ = name;
  work_ = top_ + "/work";
  for (const char* folder : {"/bin", "/home", "/work"}) fs::create_directory(top_ + folder);
  fs::create_symlink(fs::absolute(autopilot), top_ + "/bin/autopilot");
}

Sandbox::~Sandbox() {
  std::error_code ignored;
  if (!keep_) fs::remove_all(top_, ignored);
}

Ran Sandbox::run(const std::string& command) {
  int ends[2];
  const pid_t child = start(command, top_, work_, ends);
  ::close(ends[1]);
  std::string text;
  Ran ran;
  ran.timed_out = !read_until_closed(ends[0], text);
  ::close(ends[0]);
  if (ran.timed_out) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ran.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  ran.output = lines_of(text);
  return ran;
}

void Sandbox::write(const std::string& file, const std::string& text) {
  std::string folder = work_;
  if (std::ifstream cwd(top_ + "/cwd"); cwd) std::getline(cwd, folder);
  const fs::path path = fs::path(folder) / file;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

bool program_exists(const std::string& name) {
  const std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    if (::access((path.substr(at, end - at) + "/" + name).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace autopilot::transcript
