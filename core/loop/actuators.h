#pragma once
// The kinds of actuators, one file each.

#include "core/loop/actuator.h"

namespace autopilot::loop {

std::unique_ptr<Actuator> make_haproxy_actuator(const Algorithm& algorithm, const Site& site);
std::unique_ptr<Actuator> make_split_actuator(const Algorithm& algorithm, const Site& site);
std::unique_ptr<Actuator> make_exec_actuator(const Algorithm& algorithm, const Site& site);
std::unique_ptr<Actuator> make_webhook_actuator(const Algorithm& algorithm, const Site& site);
std::unique_ptr<Actuator> make_file_actuator(const Algorithm& algorithm, const Site& site);

}  // namespace autopilot::loop
