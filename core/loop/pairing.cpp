#include "core/loop/pairing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace autopilot::loop {
namespace {

constexpr double kSlack = 1e-7;  // weights are sums and differences of decimals

// Cuts the moves of one sign, which add up to `total`, down to `target` in proportion. What whole
// numbers cannot divide goes to the first that were cut: less than one for each of them.
void shrink(std::vector<int>& moves, int sign, std::int64_t total, std::int64_t target) {
  std::int64_t left = target;
  std::vector<std::size_t> cut;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (moves[i] * sign <= 0) continue;
    const std::int64_t wanted = std::abs(moves[i]);
    const std::int64_t kept = wanted * target / total;
    if (kept < wanted) cut.push_back(i);
    moves[i] = static_cast<int>(sign * kept);
    left -= kept;
  }
  for (std::size_t i = 0; i < cut.size() && left > 0; ++i, --left) moves[cut[i]] += sign;
}

}  // namespace

int decided_bp(double weight, int before) {
  const double exact = std::clamp(weight, 0.0, 1.0) * 10000;
  return static_cast<int>(exact >= before ? std::floor(exact + kSlack) : std::ceil(exact - kSlack));
}

std::vector<int> paired_shares(const std::vector<int>& before, const std::vector<int>& decided) {
  std::vector<int> moves;
  std::int64_t up = 0, down = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    moves.push_back(decided[i] - before[i]);
    (moves[i] > 0 ? up : down) += std::abs(moves[i]);
  }
  if (up > down) shrink(moves, 1, up, down);
  if (down > up) shrink(moves, -1, down, up);
  std::vector<int> out;
  for (std::size_t i = 0; i < before.size(); ++i) out.push_back(before[i] + moves[i]);
  return out;
}

}  // namespace autopilot::loop
