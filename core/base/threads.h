#pragma once
// Independent pieces of work on all cores. Results must not depend on who does which.

#include <cstddef>
#include <functional>

namespace autopilot {

// How many workers are worth it: as many as there are cores, at most eight, at most one per item.
std::size_t workers_for(std::size_t items);

// Calls `work(worker, item)` for each item below `items` once, from so many threads as workers, or
// as the system grants; items go to the workers in rising order. Rethrows what a worker threw.
using Work = std::function<void(std::size_t worker, std::size_t item)>;
void share_out(std::size_t items, std::size_t workers, const Work& work);

}  // namespace autopilot
