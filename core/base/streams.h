#pragma once
// A program that was started with pipes to its three streams: what capture() and conversations have
// in common. It gets exactly the environment given, no core dumps, and a session of its own unless
// it is to ask at the terminal. REQUIRES that SIGPIPE is ignored.

#include <sys/types.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot {

struct Program {
  std::string path;  // of the executable file
  std::vector<std::string> words;
  std::vector<std::string> environment;  // "NAME=value"
  // Killed when the thread that started it is gone, so that what a killed autopilot had begun does
  // not go on beside what the next one does.
  bool ends_with_us = false;
};

// Both ends of a pipe, closed at the end of their scope.
class Pipe {
 public:
  Pipe();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool is_open() const { return ends_[0] >= 0; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_reader();
  void close_writer();

 private:
  std::array<int, 2> ends_{-1, -1};
};

class Streams {
 public:
  Pipe in, out, err;  // of the program: ours are in's writer and the readers of the others

  // Puts what fits of its standard input before it there, to be read whatever becomes of us, and
  // takes it from `input`.
  void prepare(std::string_view& input);
  // Starts the program; the errno of why it cannot be, or 0. Our ends do not block.
  int start(Program& program, bool at_terminal);
  pid_t child() const { return child_; }
  // Whether it has ended; it is still to be waited for.
  bool has_ended() const;
  // Ends what is left of all that it started, before the child is waited for: its number is
  // nobody else's till then. The status of waitpid().
  int finish(bool kill);

 private:
  [[noreturn]] void become(const char* path, char* const* words, char* const* environment) const;
  static void end_with(pid_t parent);

  Pipe failure_;
  pid_t child_ = -1;
  bool at_terminal_ = false;
};

}  // namespace autopilot
