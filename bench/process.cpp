#include "bench/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

extern char** environ;

namespace autopilot::bench {
namespace {

[[noreturn]] void give_up(const Command& command, const std::string& why) {
  std::fprintf(stderr, "bench: %s: %s\n", command.words.front().c_str(), why.c_str());
  std::exit(1);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

pid_t start(const Command& command) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (!command.folder.empty()) posix_spawn_file_actions_addchdir_np(&files, command.folder.c_str());
  posix_spawn_file_actions_addopen(&files, 0, command.input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, command.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  // Remarks and warnings would bury the table; what fails says so by its status.
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = 0;
  const int fault = ::posix_spawnp(&child, words[0], &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (fault != 0) give_up(command, "cannot be started");
  return child;
}

}  // namespace

Cost run(const Command& command) {
  const pid_t child = start(command);
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) give_up(command, "cannot be waited for");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    give_up(command, fmt::format("failed with status {}", status));
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

double cpu_of(const Command& command) { return run(command).cpu_seconds; }

}  // namespace autopilot::bench
