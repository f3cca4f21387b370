#include "core/base/stop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace autopilot {

Stop::Stop() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Stop::~Stop() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Stop::ask() {
  asked_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

}  // namespace autopilot
