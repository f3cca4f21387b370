#include "bench/project.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "bench/samples.h"

namespace autopilot::bench {

Setting setting_from(int count, char** words) {
  if (count < 3 || (count == 4 && std::string(words[3]) != "--full") || count > 4) {
    std::fprintf(stderr, "usage: %s AUTOPILOT FOLDER [--full]\n", words[0]);
    std::exit(2);
  }
  return {words[1], words[2], count == 4};
}

Command autopilot_command(const Setting& setting, const std::string& folder,
                          std::vector<std::string> words) {
  Command command;
  command.words = std::move(words);
  command.words.insert(command.words.begin(), setting.autopilot);
  command.folder = folder;
  return command;
}

std::string tool(const Setting& setting, const std::string& name) {
  return setting.autopilot.substr(0, setting.autopilot.rfind('/')) + "/bench/" + name;
}

std::string decide_project(const Setting& setting, Files& files, const std::string& name) {
  const std::string project = setting.folder + "/" + name;
  write_project(files, project, kPolicies, policy_document);
  run(autopilot_command(setting, project, {"-q", "apply", "--yes"}));
  return project;
}

std::string state_of(const std::string& project) { return project + "/.autopilot/state.db"; }

void remove_state(Files& files, const std::string& project) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) files.remove(state_of(project) + suffix);
}

void copy_state(Files& files, const std::string& from, const std::string& to) {
  remove_state(files, to);
  files.make_directories(to + "/.autopilot");
  for (const char* suffix : {"", "-wal"}) {
    const std::string source = state_of(from) + suffix;
    if (files.exists(source)) put_file(state_of(to) + suffix, files.read(source));
  }
}

void write_actions(const std::string& path, std::size_t count) {
  std::ofstream out(path);
  Rng rng(1);
  for (std::uint64_t i = 0; i < count; ++i) out << action_line(rng, i) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace autopilot::bench
