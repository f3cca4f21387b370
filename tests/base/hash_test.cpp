#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace autopilot {
namespace {

// FIPS 180-4 examples.
TEST(Hash, sha256_of_published_examples) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, a_bucket_is_the_head_of_the_hash_as_a_share) {
  // printf 'policy\0key' | sha256sum → 58ea50aa…: its first 8 bytes / 2^64
  const Digest digest = sha256(std::string_view("policy\0key", 10));
  double share = 0;
  for (int i = 7; i >= 0; --i) share = (share + digest[static_cast<std::size_t>(i)]) / 256;
  EXPECT_DOUBLE_EQ(bucket("policy", "key"), share);
  EXPECT_NE(bucket("policy", "key"), bucket("policyk", "ey"));
}

TEST(Hash, buckets_spread_evenly) {
  int below = 0;
  double least = 1, most = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double share = bucket("canary", std::to_string(i));
    least = std::min(least, share);
    most = std::max(most, share);
    below += share < 0.1;
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(most, 1);
  EXPECT_NEAR(below, 2000, 4 * 43);  // four standard deviations
}

TEST(Hash, hex_of_bytes) { EXPECT_EQ(to_hex(std::string_view("\x00\xff\x10", 3)), "00ff10"); }

}  // namespace
}  // namespace autopilot
