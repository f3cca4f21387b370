#pragma once
// Published figures that tests read in place, where they are.

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace autopilot::stats {

// The path of a file of the shared test data, if it is there.
inline std::optional<std::string> shared_file(const std::string& name) {
  const char* folder = std::getenv("AUTOPILOT_SHARED");
  const std::string path =
      std::string(folder != nullptr ? folder : "../shared") + "/testdata/" + name;
  return std::filesystem::exists(path) ? std::optional(path) : std::nullopt;
}

}  // namespace autopilot::stats
