#include "core/stats/bandit_shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/stats/bandit_belief.h"
#include "core/stats/bandit_lookahead.h"

namespace autopilot::stats {
namespace {

constexpr double kSlack = 1e-12;   // sums of shares are no exacter
constexpr double kNothing = 1e-9;  // a share so small is none
constexpr int kWhole = 10000;

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double at_or(const std::vector<double>& values, std::size_t i, double otherwise) {
  return values.empty() ? otherwise : values[i];
}

std::vector<double> bayesian_shares(Bandit method, const BestArm& best,
                                    const BanditSettings& settings) {
  if (method != Bandit::top_two) return best.probability;
  return top_two_shares(best.probability, settings.leader_share);
}

// Arms that are known well enough share by the method; the others get an even share each.
std::vector<double> with_unknown(Bandit method, std::span<const ArmRewards> arms,
                                 const BanditSettings& settings, double least, std::size_t batch) {
  std::vector<ArmRewards> known;
  for (const ArmRewards& arm : arms) {
    if (arm.count >= least) known.push_back(arm);
  }
  if (known.size() == arms.size()) return method_shares(method, arms, settings, batch);
  const double even = 1 / static_cast<double>(arms.size());
  std::vector<double> out(arms.size(), even);
  if (known.empty()) return out;
  const std::vector<double> of_known = method_shares(method, known, settings, batch);
  const double rest = even * static_cast<double>(known.size());
  std::size_t next = 0;
  for (std::size_t j = 0; j < arms.size(); ++j) {
    if (arms[j].count >= least) out[j] = rest * of_known[next++];
  }
  return out;
}

// What `excess` adds to the shares that are below their caps. Returns whether some now exceed it.
bool spread(std::vector<double>& shares, const ShareBounds& bounds, double excess) {
  double open = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] >= at_or(bounds.cap, i, 1)) continue;
    open += shares[i];
    ++count;
  }
  bool over = false;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double cap = at_or(bounds.cap, i, 1);
    if (shares[i] >= cap) continue;
    shares[i] += open > 0 ? excess * shares[i] / open : excess / static_cast<double>(count);
    over = over || shares[i] > cap;
  }
  return over;
}

}  // namespace

const char* fault_of(const ShareBounds& bounds, std::size_t arms) {
  double floors = 0, caps = 0;
  for (std::size_t i = 0; i < arms; ++i) {
    const double floor = at_or(bounds.floor, i, 0), cap = at_or(bounds.cap, i, 1);
    if (!(floor >= 0 && floor <= 1 && cap >= 0 && cap <= 1)) return "a share is outside of 0 to 1";
    if (floor > cap) return "a floor is above its cap";
    floors += floor;
    caps += cap;
  }
  if (floors > 1 + kSlack) return "the floors add up to more than the whole";
  if (caps < 1 - kSlack) return "the caps add up to less than the whole";
  return "";
}

std::vector<double> top_two_shares(std::span<const double> best, double leader_share) {
  std::vector<double> out(best.begin(), best.end());
  if (best.size() == 1) return out;
  double odds = 0;  // sum of p_j / (1 - p_j)
  std::vector<double> ratio;
  for (std::size_t i = 0; i < best.size(); ++i) {
    double others = 0;  // 1 - p_i without its loss of digits
    for (std::size_t j = 0; j < best.size(); ++j) others += j == i ? 0 : best[j];
    // Nobody else is ever drawn: the runner-up is each of the others as often.
    ratio.push_back(others > 0 ? best[i] / others : 0);
    odds += ratio.back();
  }
  for (std::size_t i = 0; i < best.size(); ++i) {
    out[i] = best[i] * (leader_share + (1 - leader_share) * (odds - ratio[i]));
  }
  const double sum = sum_of(out);
  for (double& share : out) share /= sum;
  return out;
}

std::vector<double> method_shares(Bandit method, std::span<const ArmRewards> arms,
                                  const BanditSettings& settings, std::size_t batch) {
  if (!is_bayesian(method)) return lookahead_shares(method, arms, settings, batch);
  return bayesian_shares(method, best_arm(beliefs(method, arms, settings)), settings);
}

std::vector<double> bounded_shares(std::vector<double> shares, const ShareBounds& bounds) {
  const double floors = bounds.floor.empty() ? 0 : sum_of(bounds.floor);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    shares[i] = at_or(bounds.floor, i, 0) + std::max(0.0, 1 - floors) * shares[i];
  }
  // Each round fills one cap at least.
  for (std::size_t round = 0; round <= shares.size(); ++round) {
    double excess = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double cap = at_or(bounds.cap, i, 1);
      excess += std::max(0.0, shares[i] - cap);
      shares[i] = std::min(shares[i], cap);
    }
    if (excess <= kSlack || !spread(shares, bounds, excess)) break;
  }
  return shares;
}

Shares shares_of(Bandit method, std::span<const ArmRewards> arms, const BanditSettings& settings,
                 const ShareBounds& bounds, std::size_t batch) {
  double least = bounds.min_count;
  // Without a prior nothing is believed of an arm that was never played.
  const bool flat = method == Bandit::gaussian && settings.noise > 0;
  if (flat) least = std::max(least, 1.0);
  const auto fewest =
      std::min_element(arms.begin(), arms.end(),
                       [](const ArmRewards& a, const ArmRewards& b) { return a.count < b.count; });
  BanditSettings informed = settings;
  if (flat && fewest->count <= 0) informed.noise = 0;
  Shares out;
  out.best = best_arm(beliefs(method, arms, informed));
  const bool all_known = fewest->count >= least;
  out.wanted = all_known && is_bayesian(method)
                   ? bayesian_shares(method, out.best, settings)
                   : with_unknown(method, arms, settings, least, batch);
  out.share = bounded_shares(out.wanted, bounds);
  return out;
}

std::vector<int> basis_points(std::span<const double> shares) {
  std::vector<int> out;
  std::vector<std::pair<double, std::size_t>> remainders;
  int left = kWhole;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double exact = shares[i] * kWhole;
    int whole = static_cast<int>(std::floor(exact + kSlack));
    if (whole == 0 && shares[i] > kNothing) whole = 1;
    out.push_back(whole);
    left -= whole;
    remainders.emplace_back(whole - exact, i);
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; left > 0; i = (i + 1) % out.size(), --left) ++out[remainders[i].second];
  // Shares that were raised to the least one are paid for by the largest.
  for (; left < 0; ++left) --*std::max_element(out.begin(), out.end());
  return out;
}

}  // namespace autopilot::stats
