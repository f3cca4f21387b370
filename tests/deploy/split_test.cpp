// The arithmetic of splits: nginx's buckets, HAProxy's weights, the test of counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "core/deploy/counts_fit.h"
#include "core/deploy/haproxy_weights.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/nginx_split.h"

namespace autopilot::deploy {
namespace {

// MurmurHash2 with seed 0: values of the reference implementation, smhasher's MurmurHash2.cpp.
TEST(NginxSplit, hashes_like_the_reference_implementation) {
  EXPECT_EQ(murmur2(""), 0u);
  EXPECT_EQ(murmur2("a"), 0x92685f5eu);
  EXPECT_EQ(murmur2("abc"), 0x13577c9bu);
  EXPECT_EQ(murmur2("abcd"), 0x26873021u);
  EXPECT_EQ(murmur2("hello world"), 0x44a81419u);
}

TEST(NginxSplit, whoever_is_in_a_share_is_in_every_larger_one) {
  for (int user = 0; user < 4000; ++user) {
    const std::string key = "user-" + std::to_string(user);
    bool inside = false;
    for (const int bp : {1, 500, 2500, 5000, 9999, 10000}) {
      const bool now = in_first_bucket(key, bp);
      EXPECT_TRUE(now || !inside) << key << " left at " << bp;
      inside = now;
    }
  }
}

TEST(NginxSplit, probe_keys_show_both_sides_of_every_share) {
  for (const int bp : {1, 5, 500, 5000, 9995, 9999}) {
    const std::vector<std::string> keys = probe_keys(400, bp);
    const auto inside = std::count_if(keys.begin(), keys.end(),
                                      [&](const auto& key) { return in_first_bucket(key, bp); });
    EXPECT_GE(inside, 8) << bp;
    EXPECT_GE(static_cast<std::ptrdiff_t>(keys.size()) - inside, 8) << bp;
  }
}

// Which slot gets a request whose checks see the flag of `from` up to check `seen`, and that of
// `to` afterwards: what one rename in the middle of nginx's checks can do.
std::size_t slot_in_between(const std::vector<NginxState>& states, std::size_t from, std::size_t to,
                            std::size_t seen, int key_bp) {
  std::size_t slot = 0;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (i != (i < seen ? from : to)) continue;
    slot = key_bp < states[i].bp ? states[i].canary : 1 - states[i].canary;
  }
  return slot;
}

TEST(NginxStates,
     no_request_goes_where_neither_the_old_nor_the_new_split_or_a_growing_slot_takes_it) {
  const std::vector<NginxState> states = nginx_states({500, 2500, 10000});
  ASSERT_EQ(states.size(), 6u);
  const auto second_bp = [&](std::size_t i) {
    return states[i].canary == 1 ? states[i].bp : kWhole - states[i].bp;
  };
  for (std::size_t from = 0; from < states.size(); ++from) {
    for (std::size_t to = 0; to < states.size(); ++to) {
      for (std::size_t seen = 0; seen <= states.size(); ++seen) {
        for (int key = 0; key < kWhole; key += 50) {
          const std::size_t slot = slot_in_between(states, from, to, seen, key);
          const bool is_old = slot == slot_in_between(states, from, from, 0, key);
          const bool is_new = slot == slot_in_between(states, to, to, 0, key);
          const std::size_t growing = second_bp(to) > second_bp(from) ? 1 : 0;
          EXPECT_TRUE(is_old || is_new || slot == growing) << from << " to " << to;
          // A slot that is to get nothing gets nothing from anybody who did not have it.
          const bool emptied =
              (second_bp(to) == 0 && slot == 1) || (second_bp(to) == kWhole && slot == 0);
          EXPECT_TRUE(!emptied || is_old) << from << " to " << to;
        }
      }
    }
  }
}

// As above, where matches and copies may be: nginx looks for all flags twice.
struct Sent {
  std::size_t slot = 0;
  bool copied = false;
  bool operator==(const Sent&) const = default;
};

Sent sent_in_between(const std::vector<NginxState>& states, std::size_t from, std::size_t to,
                     std::size_t seen, int key_bp, const std::string& tester_of) {
  Sent sent;
  for (std::size_t look = 0; look < 2 * states.size(); ++look) {
    const std::size_t i = look % states.size();
    if (i != (look < seen ? from : to)) continue;
    const NginxState& s = states[i];
    const bool chosen = !s.match.empty() && id_of(s.match) == tester_of;
    const bool canary = chosen || key_bp < s.bp;
    sent.slot = canary ? s.canary : 1 - s.canary;
    sent.copied = !canary && key_bp < s.bp + s.mirror_bp;
  }
  return sent;
}

TEST(NginxStates, with_matches_and_copies_a_request_goes_as_the_old_flag_says_or_the_new_one) {
  const Match testers{{false, "X-Beta", Matcher::How::exact, {"1"}}};
  const Match ring{{true, "ring", Matcher::How::prefix, {"a"}}};
  const std::vector<NginxState> states = nginx_states({{0, testers},
                                                       {0, ring},
                                                       {0, {}, 2000},
                                                       {0, testers, 2000},
                                                       {500, testers},
                                                       500,
                                                       {500, ring, 100},
                                                       10000});
  ASSERT_EQ(states.size(), 2u + 2u * 7u);
  EXPECT_TRUE(looks_twice(states));
  EXPECT_FALSE(looks_twice(nginx_states({500, 2500})));
  for (std::size_t from = 0; from < states.size(); ++from) {
    for (std::size_t to = 0; to < states.size(); ++to) {
      for (const std::string& tester_of : {std::string("nobody"), id_of(testers), id_of(ring)}) {
        for (const int key : {0, 99, 499, 500, 599, 1999, 2000, 9999}) {
          const Sent old = sent_in_between(states, from, from, 0, key, tester_of);
          const Sent now = sent_in_between(states, to, to, 0, key, tester_of);
          for (std::size_t seen = 0; seen <= 2 * states.size(); ++seen) {
            const Sent sent = sent_in_between(states, from, to, seen, key, tester_of);
            ASSERT_TRUE(sent == old || sent == now) << from << " to " << to << " seen " << seen;
          }
        }
      }
    }
  }
}

TEST(NginxSplit, the_bucket_of_copies_lies_behind_that_of_the_canary_and_has_its_size) {
  int canary = 0, copies = 0;
  for (int user = 0; user < 40'000; ++user) {
    const std::string key = "user-" + std::to_string(user);
    const bool first = in_first_bucket(key, 500), second = in_second_bucket(key, 500, 2000);
    EXPECT_FALSE(first && second) << key;
    EXPECT_EQ(first || second, in_first_bucket(key, 2500)) << key;
    canary += first;
    copies += second;
  }
  EXPECT_NEAR(canary, 2000, 200);
  EXPECT_NEAR(copies, 8000, 400);
}

TEST(HaproxyWeights, are_the_closest_of_all_pairs) {
  for (const ServerCounts servers : {ServerCounts{1, 1}, ServerCounts{1, 3}, ServerCounts{2, 5}}) {
    for (int bp = 1; bp < kWhole; bp += 37) {
      const WeightPair found = closest_weights(bp, servers);
      ASSERT_GE(found.canary, 1);
      ASSERT_GE(found.stable, 1);
      double least = 2;
      for (int c = 1; c <= 256; ++c) {
        for (int s = 1; s <= 256; ++s)
          least = std::min(least, std::abs(share_of({c, s}, servers) - bp / 1e4));
      }
      EXPECT_NEAR(std::abs(share_of(found, servers) - bp / 1e4), least, 1e-12) << bp;
    }
  }
}

TEST(HaproxyWeights, of_usual_steps_are_exact_and_small) {
  EXPECT_EQ(closest_weights(500, {}), (WeightPair{1, 19}));
  EXPECT_EQ(closest_weights(2500, {}), (WeightPair{1, 3}));
  EXPECT_EQ(closest_weights(5000, {}), (WeightPair{1, 1}));
  EXPECT_EQ(closest_weights(0, {}), (WeightPair{0, 256}));
  EXPECT_EQ(closest_weights(10000, {}), (WeightPair{256, 0}));
}

TEST(HaproxyWeights, a_share_above_nothing_never_becomes_nothing) {
  EXPECT_EQ(closest_weights(1, {}), (WeightPair{1, 256}));
  EXPECT_EQ(closest_weights(9999, {}), (WeightPair{256, 1}));
}

TEST(HaproxyWeights,
     on_the_way_somebody_always_has_weight_and_the_canary_never_more_than_at_an_end) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const ServerCounts servers{1 + static_cast<int>(random() % 3),
                               1 + static_cast<int>(random() % 3)};
    const WeightPair from = closest_weights(static_cast<int>(random() % 10001), servers);
    const WeightPair to = closest_weights(static_cast<int>(random() % 10001), servers);
    const WeightPair between = canary_goes_first(from, to, servers)
                                   ? WeightPair{to.canary, from.stable}
                                   : WeightPair{from.canary, to.stable};
    EXPECT_GT(between.canary + between.stable, 0);
    EXPECT_LE(share_of(between, servers),
              std::max(share_of(from, servers), share_of(to, servers)) + 1e-12);
  }
}

TEST(CountsFit, agrees_with_a_sum_over_all_outcomes) {
  for (const double share : {0.05, 0.25, 0.5, 0.9}) {
    for (const int total : {1, 20, 100}) {
      for (int canary = 0; canary <= total; ++canary) {
        const auto p_of = [&](int k) {
          return std::exp(std::lgamma(total + 1.0) - std::lgamma(k + 1.0) -
                          std::lgamma(total - k + 1.0) + k * std::log(share) +
                          (total - k) * std::log1p(-share));
        };
        double below = 0, above = 0;
        for (int k = 0; k <= canary; ++k) below += p_of(k);
        for (int k = canary; k <= total; ++k) above += p_of(k);
        const double tail = std::min(below, above);
        if (std::abs(tail - 0.005) < 1e-9) continue;
        EXPECT_EQ(counts_fit(canary, total, share, 0.01), tail >= 0.005)
            << canary << " of " << total << " at " << share;
      }
    }
  }
}

TEST(CountsFit, a_split_that_holds_is_doubted_less_often_than_alpha) {
  std::mt19937 random(7);
  int doubted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::binomial_distribution<int> draw(400, 0.05);
    doubted += !counts_fit(draw(random), 400, 0.05, 0.01);
  }
  EXPECT_LE(doubted, 200 + 60);
}

TEST(CountsFit, large_counts_and_final_shares_are_exact) {
  EXPECT_TRUE(counts_fit(50'000, 1'000'000, 0.05));
  EXPECT_FALSE(counts_fit(52'000, 1'000'000, 0.05));
  EXPECT_FALSE(counts_fit(1, 1'000'000, 0));
  EXPECT_FALSE(counts_fit(999'999, 1'000'000, 1));
  EXPECT_TRUE(counts_fit(0, 0, 0.5));
}

}  // namespace
}  // namespace autopilot::deploy
