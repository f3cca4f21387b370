#pragma once
// A project in a temporary folder, for tests that run the executable in it. Removed at the end.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/process.h"

namespace autopilot::integration {

class Project {
 public:
  Project();  // with an autopilot.yaml and no documents
  ~Project();
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  const std::string& root() const { return root_; }
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  std::string state_path() const { return path(".autopilot/state.db"); }

  // Creates folders as needed. Throws on failure.
  void write(const std::string& name, std::string_view text) const;
  std::string read(const std::string& name) const;  // "" when there is none
  // Every file and folder below the root, sorted, as names from the root.
  std::set<std::string> files() const;

  Command command(std::vector<std::string> arguments, std::string input = {}) const;
  Ended run(std::vector<std::string> arguments, std::string input = {}) const;
  // As run(), by the user nobody. REQUIRES is_root() and share_with_nobody().
  Ended run_as_nobody(std::vector<std::string> arguments) const;
  // The folder and its state for two users of one group, as docs/state.md says.
  void share_with_nobody() const;
  // run() of something that has to work: throws with all it said when it did not exit 0.
  Ended must(std::vector<std::string> arguments, std::string input = {}) const;

 private:
  std::string root_;
};

std::vector<std::string> lines_of(std::string_view text);  // without their ends

// The smallest policy: allows everything.
std::string policy(const std::string& id, std::string_view spec = "  description: nothing\n");

// An action line with its end. `key` may be empty.
std::string action_line(std::string_view algorithm, std::string_view key, double weight = 0.2);

// xorshift64*: the same numbers for the same seed everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() >> 11) % n; }

 private:
  std::uint64_t state_;
};

}  // namespace autopilot::integration
