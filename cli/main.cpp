// The process: signals, standard descriptors, the World, and nothing else.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/app.h"
#include "commands/registry.h"
#include "core/base/system.h"

namespace {

// A descriptor that was closed by the caller would be given to the next file opened, and messages
// would end up in the state. Opened for the wrong direction, its use still fails.
void keep_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Every write is safe against a crash, so the default action will do; but the first process of a
// container has none.
void end_by(int signal) {
  ::raise(signal);  // by now with its default action
  ::_exit(130);
}

void set_signals() {
  ::signal(SIGPIPE, SIG_IGN);  // write() then says EPIPE
  ::signal(SIGXFSZ, SIG_IGN);  // … and EFBIG
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;  // nohup and background jobs keep theirs
    struct sigaction action {};
    action.sa_handler = end_by;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  set_signals();
  autopilot::System system;
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return autopilot::cli::run(system.world(), words, autopilot::commands::registry(),
                             autopilot::commands::roles());
}
