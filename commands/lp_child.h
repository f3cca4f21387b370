#pragma once
// Linear programs solved by GLPK in a process of its own: this program, run again with the hidden
// command __lp, once for all programs. It aborts on what it does not like and can overrun its time
// limit; here that ends the child alone, and the next program gets another.

#include "core/base/world.h"
#include "core/optimize/lp.h"

namespace autopilot::commands {

// The solver may be used as long as the World lives. Once `wake_descriptor` is readable, what has
// been found is the answer, soon. It throws Error(bug) when GLPK aborts; what it
// has not ended in time comes back as stopped, without an answer.
optimize::LpSolver child_solver(World& world, int wake_descriptor = -1);

}  // namespace autopilot::commands
