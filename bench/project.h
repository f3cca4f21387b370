#pragma once
// Projects in a scratch folder, made by the real executable as a user would make them.

#include <string>

#include "bench/process.h"
#include "core/base/system.h"

namespace autopilot::bench {

// What every whole-process benchmark is given on its command line: the executable, a folder to work
// in (emptied and removed by bench/run) and whether to take the long way.
struct Setting {
  std::string autopilot;
  std::string folder;
  bool full = false;
};
Setting setting_from(int count, char** words);

// `autopilot WORDS…` in a folder; output to /dev/null unless set.
Command autopilot_command(const Setting& setting, const std::string& folder,
                          std::vector<std::string> words);

// A program built beside the benchmarks.
std::string tool(const Setting& setting, const std::string& name);

// Makes `folder`/name with the 100 policies of samples.h applied. Returns its path.
std::string decide_project(const Setting& setting, Files& files, const std::string& name);

// The state of a project: copied to have a fresh one for each round.
std::string state_of(const std::string& project);
void remove_state(Files& files, const std::string& project);
void copy_state(Files& files, const std::string& from, const std::string& to);

// Writes `count` action lines to a file, piece by piece.
void write_actions(const std::string& path, std::size_t count);

}  // namespace autopilot::bench
