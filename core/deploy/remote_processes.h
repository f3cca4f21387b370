#pragma once
// Programs of another machine, through the client of ssh: its configuration and its agent, never a
// password. The words go there as they are: a shell reads them there, so each is quoted for it.

#include <string>
#include <vector>

#include "core/base/world.h"

namespace autopilot::deploy {

// One word as a POSIX shell reads it back; words without special characters stay as they are.
std::string quoted_for_shell(const std::string& word);

class RemoteProcesses final : public Processes {
 public:
  // `ssh` holds the words of the client, perhaps with options. REQUIRES that `inner` outlives it.
  RemoteProcesses(Processes& inner, std::vector<std::string> ssh, std::string target);

  // Variables that are set are set there; what `pass` names stays here. The time that it takes to
  // connect comes on top of the limit.
  Captured capture(const std::vector<std::string>& words, std::string_view input,
                   const CaptureLimits& limits) override;

  // What providers on hosts have no need of: throw Error(bug).
  std::string find(const std::string& name) override;
  std::optional<int> feed(const std::vector<std::string>& words, std::string_view input) override;
  void become(const std::vector<std::string>& words,
              const std::vector<std::pair<std::string, std::string>>& environment) override;
  void keep_memory_private() override { inner_.keep_memory_private(); }

 private:
  Processes& inner_;
  std::vector<std::string> ssh_;
  std::string target_;
};

}  // namespace autopilot::deploy
