#pragma once
// A slot on several hosts is one thing: it runs when it runs on all of them, and is started a batch
// of hosts at a time, so that a version that does not start stops at the first batch.

#include <functional>
#include <memory>

#include "core/deploy/process.h"

namespace autopilot::deploy {

using MakeProcess =
    std::function<std::unique_ptr<Process>(const Value& spec, const Site& site, World& world)>;

// The provider of `spec` on each host of the site; `make_here` makes that of this machine. Throws
// Error(invalid) for a provider that works on this machine only.
std::unique_ptr<Process> make_process_on_hosts(const Value& spec, const Site& site, World& world,
                                               const MakeProcess& make_here);

}  // namespace autopilot::deploy
