#pragma once
// The providers of processes, one factory each. All throw Error(invalid) for a spec that they
// cannot use.

#include <functional>
#include <memory>
#include <string>

#include "core/deploy/placeholders.h"
#include "core/deploy/process.h"

namespace autopilot::deploy {

// Writes a file where the processes run.
using PutFile = std::function<void(const std::string& path, const std::string& text)>;

std::unique_ptr<Process> make_exec_process(const Value& spec, const Site& site, World& world);
std::unique_ptr<Process> make_systemd_process(const Value& spec, const Site& site, World& world,
                                              PutFile put_file);
std::unique_ptr<Process> make_compose_process(const Value& spec, const Site& site, World& world);
std::unique_ptr<Process> make_kubernetes_process(const Value& spec, const Site& site, World& world);

// What the words of a spec may name: {{version}} {{slot}} {{port}} {{host}} {{deployment}}. Throws
// Error(invalid) for a version with control characters, which no words and no file can hold.
Placeholders process_words(const Site& site, const Slot& slot, const std::string& version);

}  // namespace autopilot::deploy
