#include "core/loop/pairing.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace autopilot::loop {
namespace {

TEST(Pairing, gains_are_what_others_lose) {
  // One may gain 500, the others would lose 6,000: they lose in proportion.
  EXPECT_EQ(paired_shares({2500, 2500, 2500, 2500}, {500, 500, 500, 3000}),
            (std::vector<int>{2333, 2333, 2334, 3000}));
  EXPECT_EQ(paired_shares({5000, 5000}, {5000, 9000}), (std::vector<int>{5000, 5000}));
  EXPECT_EQ(paired_shares({5000, 5000}, {4000, 6000}), (std::vector<int>{4000, 6000}));
}

TEST(Pairing, no_share_goes_further_than_decided_and_all_add_up) {
  std::mt19937_64 engine(1);
  const auto below = [&](int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); };
  for (int i = 0; i < 5000; ++i) {
    const int arms = 1 + below(8);
    std::vector<int> before(static_cast<std::size_t>(arms), 0), decided;
    for (int left = 10000; left > 0;) {
      const int part = 1 + below(left);
      before[static_cast<std::size_t>(below(arms))] += part;
      left -= part;
    }
    for (const int share : before) decided.push_back(below(3) == 0 ? share : below(10001));
    const std::vector<int> after = paired_shares(before, decided);
    ASSERT_EQ(std::accumulate(after.begin(), after.end(), 0), 10000);
    for (std::size_t j = 0; j < after.size(); ++j) {
      ASSERT_GE(after[j], std::min(before[j], decided[j]));
      ASSERT_LE(after[j], std::max(before[j], decided[j]));
    }
  }
}

TEST(Pairing, decided_weights_are_rounded_towards_where_they_were) {
  EXPECT_EQ(decided_bp(0.30005, 2500), 3000);
  EXPECT_EQ(decided_bp(0.19995, 2500), 2000);
  EXPECT_EQ(decided_bp(0.25 + 0.05, 2500), 3000);
  EXPECT_EQ(decided_bp(0.1 + 0.2, 2500), 3000);
  EXPECT_EQ(decided_bp(7, 2500), 10000);
  EXPECT_EQ(decided_bp(-1, 2500), 0);
}

}  // namespace
}  // namespace autopilot::loop
