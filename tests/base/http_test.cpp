#include "core/base/http.h"

#include <gtest/gtest.h>

namespace autopilot {
namespace {

std::string v4(int a, int b, int c, int d) {
  return {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)};
}

std::string v6(std::initializer_list<int> bytes) {
  std::string out;
  for (const int b : bytes) out += static_cast<char>(b);
  out.resize(16);
  return out;
}

// ::ffff:a.b.c.d
std::string mapped(const std::string& four) {
  return v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255}).substr(0, 12) + four;
}

const std::string kLoopback6 = v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
const std::string kNat64 = v6({0, 0x64, 0xff, 0x9b}).substr(0, 12);

TEST(Http, nothing_private_is_public_however_it_is_written) {
  for (const std::string& four :
       {v4(127, 0, 0, 1), v4(10, 1, 2, 3), v4(172, 31, 255, 255), v4(192, 168, 0, 1),
        v4(169, 254, 169, 254), v4(100, 64, 0, 1), v4(0, 0, 0, 0), v4(224, 0, 0, 1),
        v4(255, 255, 255, 255), v4(198, 19, 0, 1)}) {
    EXPECT_FALSE(within_reach(HttpReach::public_only, four));
    EXPECT_FALSE(within_reach(HttpReach::public_only, mapped(four)));
    EXPECT_FALSE(within_reach(HttpReach::public_only, kNat64 + four));
  }
  for (const std::string& six :
       {kLoopback6, v6({}), v6({0xfe, 0x80}), v6({0xfd, 0x12}), v6({0xff, 2}),
        v6({0x20, 2, 10, 0, 0, 1}), v6({0x20, 1, 0x0d, 0xb8})}) {
    EXPECT_FALSE(within_reach(HttpReach::public_only, six));
  }
}

TEST(Http, what_is_public_is_within_every_reach_but_loopback) {
  for (const std::string& address : {v4(93, 184, 216, 34), v4(172, 32, 0, 1), v4(100, 128, 0, 1),
                                     mapped(v4(8, 8, 8, 8)), v6({0x26, 6, 0x28, 0})}) {
    EXPECT_TRUE(within_reach(HttpReach::public_only, address));
    EXPECT_TRUE(within_reach(HttpReach::no_metadata, address));
    EXPECT_FALSE(within_reach(HttpReach::loopback_only, address));
  }
}

TEST(Http, metadata_services_are_out_of_every_reach_and_private_networks_are_not) {
  const std::string aws6 = v6({0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54});
  for (const std::string& address :
       {v4(169, 254, 169, 254), mapped(v4(169, 254, 169, 254)), aws6, v6({0xfe, 0xbf})}) {
    EXPECT_FALSE(within_reach(HttpReach::no_metadata, address));
    EXPECT_FALSE(within_reach(HttpReach::loopback_only, address));
  }
  EXPECT_TRUE(within_reach(HttpReach::no_metadata, v4(10, 0, 0, 1)));
  EXPECT_TRUE(within_reach(HttpReach::no_metadata, v4(127, 0, 0, 1)));
  EXPECT_TRUE(within_reach(HttpReach::loopback_only, v4(127, 9, 9, 9)));
  EXPECT_TRUE(within_reach(HttpReach::loopback_only, kLoopback6));
}

TEST(Http, a_url_is_shown_without_password_query_and_control_characters) {
  EXPECT_EQ(shown_url("http://ada:secret@host:80/path?token=secret#secret"), "http://host:80/path");
  EXPECT_EQ(shown_url("http://a@b@host"), "http://host");
  EXPECT_EQ(shown_url("https://host?k=secret"), "https://host");
  EXPECT_EQ(shown_url("http://host/a@b"), "http://host/a@b");
  EXPECT_EQ(shown_url("http://h/\x1b[2J"), "http://h/?[2J");
  EXPECT_EQ(shown_url(""), "");
}

}  // namespace
}  // namespace autopilot
