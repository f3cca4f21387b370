#pragma once
// A folder of its own and a fixed environment, in which the commands of one transcript run one
// after the other. The working directory and exported variables last from one to the next, as in a
// shell.

#include <string>
#include <vector>

namespace autopilot::transcript {

struct Ran {
  int exit = 0;  // 128 + the signal that ended it
  std::vector<std::string> output;
  bool timed_out = false;
};

class Sandbox {
 public:
  // `autopilot` is the executable that the commands find by that name.
  explicit Sandbox(const std::string& autopilot);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  Ran run(const std::string& command);
  void write(const std::string& file, const std::string& text);
  void keep() { keep_ = true; }
  const std::string& folder() const { return work_; }

 private:
  std::string top_;  // bin/, home/, work/ and the shell's state
  std::string work_;
  bool keep_ = false;
};

bool program_exists(const std::string& name);

}  // namespace autopilot::transcript
