#pragma once
// Independent pieces of work on all cores. Results must not depend on who does which.

#include <cstddef>
#include <functional>

namespace autopilot::evaluate {

// Calls `work` with each number below `count`, from several threads. REQUIRES that it does not
// throw.
void share_out(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace autopilot::evaluate
