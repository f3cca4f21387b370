#pragma once
// Programs that outlive us: each leads a session of its own, writes to a log file, and is known by
// its process id together with the time it started, so that a process id which the kernel gave to
// another program is never taken for it. Part of the World.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autopilot {

struct Child {
  std::int64_t pid = 0;
  std::string started;  // boot id and clock ticks since boot
  std::string token;    // of its Launch
};

struct Launch {
  std::vector<std::string>
      words;  // the program (a path, or found by PATH of `environment`) and its arguments
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  std::string folder;                                            // working directory; empty: ours
  std::string log;                                               // both outputs are appended to it
  std::string token;  // unique text, told to the program and all that it starts
};

class Children {
 public:
  using Recording = std::function<void(const Child&)>;

  virtual ~Children() = default;
  // Starts a program. `record` must keep the child where it survives: the program begins only after
  // it has returned, and never when we die before. Throws Error(outside) when it cannot be run.
  virtual Child start(const Launch& launch, const Recording& record) = 0;
  virtual bool runs(const Child& child) = 0;
  // The child and all that it started, also what left its session or outlived it.
  virtual std::vector<std::int64_t> members(const Child& child) = 0;
  virtual void signal(const Child& child, int number) = 0;  // to all members
};

// The real one. REQUIRES Linux with /proc.
std::unique_ptr<Children> system_children();

// Fields of /proc/PID/stat that tell processes apart; pid 0 when the text is none.
struct ProcessStat {
  std::int64_t pid = 0, group = 0;
  char state = '?';
  std::string start_ticks;
};
ProcessStat parse_process_stat(std::string_view text);

}  // namespace autopilot
