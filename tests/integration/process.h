#pragma once
// Runs the real executable as a user would: arguments, standard streams, folder, environment and
// limits, without any shell. Nothing waits for ever: each run has a deadline.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autopilot::integration {

// broken_pipe: nobody reads any more; unread: nobody reads yet.
enum class Stdout { pipe, closed, broken_pipe, full, unread };

struct Command {
  std::vector<std::string> arguments;  // after the program's name
  std::string input;                   // standard input, closed at its end
  std::string folder;                  // working directory
  std::vector<std::pair<std::string, std::string>> environment = {};  // besides the usual
  std::optional<std::uint64_t> max_file_bytes = {};                   // RLIMIT_FSIZE
  Stdout standard_output = Stdout::pipe;
  bool as_nobody = false;  // without root's power to read and write everything; REQUIRES is_root()
  int timeout_seconds = 120;  // for what takes one second, on a busy machine under sanitizers
};

struct Ended {
  int exit = 0;            // 0 when a signal ended it
  int signal = 0;          // 0 when it exited
  bool timed_out = false;  // and was killed for it
  std::string out;
  std::string err;
};

// A running process. Destroying it kills it.
class Process {
 public:
  // `keep_input`: the input stays open after Command::input, for feed().
  explicit Process(const Command& command, bool keep_input = false);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // What stands on its standard output up to now.
  const std::string& out() const { return out_; }

  // Queues more input.
  void feed(std::string_view text) { input_ += text; }
  bool input_is_empty() const { return input_.empty(); }
  void close_input() { close_when_written_ = true; }

  // Moves bytes in and out for at most `nanos`, returning as soon as something moved. False when
  // both outputs are closed.
  bool pump(std::int64_t nanos);
  // Pumps for so long, or until the process closes its outputs.
  void pump_for(std::int64_t microseconds);

  void send(int signal);
  Ended wait();

 private:
  void write_some();
  static bool read_some(int& fd, std::string& text);

  pid_t pid_ = -1;
  int in_ = -1, out_fd_ = -1, err_fd_ = -1;
  int unread_ = -1;
  std::string input_;
  bool close_when_written_ = true;
  std::string out_, err_;
  std::int64_t deadline_nanos_ = 0;
};

Ended run(const Command& command);

std::int64_t monotonic_nanos();

bool is_root();
// From here on this process and those it starts see mounts of their own. False when the system does
// not allow it.
bool make_mounts_private();

// "exit 9" or "signal 11" or "timed out", with both streams: for messages of failing tests.
std::string describe(const Ended& ended);

}  // namespace autopilot::integration
