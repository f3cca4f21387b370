// Bandits: the time that exact shares take, and the regret of every method against published
// figures (regret.json of the shared test data) over as many runs.
//
//   bandit_bench [REGRET.json]
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "bench/measure.h"
#include "core/base/json.h"
#include "core/stats/bandit_shares.h"
#include "core/stats/bandit_simulate.h"

