#pragma once
// Timing for the benchmarks. Everything is CPU time (user + system): the machine is shared, and
// what another process does must not count. What is compared is run in turn, round by round, so
// that both meet the same machine.

#include <functional>
#include <string>
#include <vector>

namespace autopilot::bench {

// CPU seconds of this process so far, of all its threads.
double cpu_seconds();

struct Timing {
  double least = 0;   // seconds of the fastest round
  double median = 0;  // of all rounds
};

// Runs each work once a round, in turn. The first round warms up and is not counted.
std::vector<Timing> interleave(const std::vector<std::function<void()>>& works, int rounds);

// The same for works that measure themselves: each returns its seconds.
std::vector<Timing> interleave_measured(const std::vector<std::function<double()>>& works,
                                        int rounds);

// A bound on the figure itself or on its ratio to the peer's.
struct Goal {
  enum class Of { figure, ratio };
  Of of = Of::figure;
  bool at_most = true;
  double bound = 0;
};
Goal figure_at_most(double bound);
Goal figure_at_least(double bound);
Goal ratio_at_most(double bound);
Goal ratio_at_least(double bound);

// One line of the table.
struct Row {
  std::string what;
  double ours = 0;
  std::string unit;   // "ms", "ns", "/s", "MiB"
  std::string peer;   // who is compared, "" without one
  double theirs = 0;  // in the same unit
  std::vector<Goal> goals;
};

// Prints the row as one JSON line, as `table` reads it.
void report(const Row& row);

// Keeps the compiler from dropping a computation whose result nobody reads.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace autopilot::bench
