#pragma once
// The real Http, by libcurl. Part of System; nothing else needs it. The library is loaded by the
// first request, so that commands that ask nothing don't pay for it.

#include <memory>

#include "core/base/http.h"

namespace autopilot {

std::unique_ptr<Http> system_http();

}  // namespace autopilot
