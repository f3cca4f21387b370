#pragma once
// Linear programs and their answers as bytes, for a solver in a process of its own on this machine.

#include <string>
#include <string_view>

#include "core/optimize/lp.h"

namespace autopilot::optimize {

std::string pack(const LpModel& model, double seconds);
// False when the bytes are none.
bool unpack(std::string_view bytes, LpModel& model, double& seconds);
std::string pack(const LpAnswer& answer);
bool unpack(std::string_view bytes, LpAnswer& answer);

}  // namespace autopilot::optimize
