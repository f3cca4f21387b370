#include "core/base/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace autopilot {

CaughtSignals::CaughtSignals(std::initializer_list<int> signals) {
  ::sigemptyset(&signals_);
  for (const int signal : signals) ::sigaddset(&signals_, signal);
  ::sigprocmask(SIG_BLOCK, &signals_, &before_);
  descriptor_ = ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
}

CaughtSignals::~CaughtSignals() {
  take();
  ::close(descriptor_);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool CaughtSignals::any_came() const {
  pollfd signal{descriptor_, POLLIN, 0};
  return ::poll(&signal, 1, 0) > 0;
}

std::vector<int> CaughtSignals::take() {
  std::vector<int> out;
  signalfd_siginfo what{};
  while (::read(descriptor_, &what, sizeof what) > 0)
    out.push_back(static_cast<int>(what.ssi_signo));
  return out;
}

}  // namespace autopilot
