#include "core/base/base64.h"

#include <gtest/gtest.h>

namespace autopilot {
namespace {

TEST(Base64, the_vectors_of_rfc_4648_hold_both_ways) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, other_text_is_refused) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v\n", "Zm 9", "====", "Z===", "Zg=a", "Zh==", "Zm9="})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace autopilot
