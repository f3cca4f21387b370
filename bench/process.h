#pragma once
// Runs a program to its end and says what it cost: CPU time and memory of the whole process, from
// the kernel's own accounts.

#include <string>
#include <vector>

namespace autopilot::bench {

struct Command {
  std::vector<std::string> words;
  std::string input = "/dev/null";   // file on standard input
  std::string output = "/dev/null";  // file that takes standard output
  std::string folder;                // working directory, "" for the present one
};

struct Cost {
  double cpu_seconds = 0;  // user + system
  double peak_mib = 0;     // largest resident set
};

// Ends the benchmark with a message when the program does not exit with 0: a failed run has no
// time.
Cost run(const Command& command);

// `run` for interleave_measured().
double cpu_of(const Command& command);

}  // namespace autopilot::bench
