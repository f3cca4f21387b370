// An account sums what was used in a window; a list of all entries is the oracle.
#include "core/decide/ledger.h"

#include <gtest/gtest.h>

#include <random>

namespace autopilot::decide {
namespace {

TEST(Account, sums_any_window_whatever_the_order_of_its_entries) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    Account account;
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    for (int i = 0; i < 40; ++i) {
      // Mostly in order and often at one instant, as decisions come.
      const auto at = static_cast<std::int64_t>(i / 4 + (random() % 8 == 0 ? random() % 20 : 0));
      const auto amount = static_cast<std::int64_t>(random() % 100);
      account.add(at, amount);
      all.emplace_back(at, amount);
      const auto from = static_cast<std::int64_t>(random() % 32) - 2;
      const auto to = from + static_cast<std::int64_t>(random() % 32);
      std::int64_t expected = 0;
      for (const auto& [time, used] : all) expected += time > from && time <= to ? used : 0;
      ASSERT_EQ(account.sum(from, to), expected);
    }
  }
}

}  // namespace
}  // namespace autopilot::decide
