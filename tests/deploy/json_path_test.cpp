// Places in JSON.
#include "core/deploy/json_path.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/json.h"

namespace autopilot::deploy {
namespace {

TEST(JsonPath, leads_to_what_stands_there) {
  const Value json = parse_json(R"({"a": {"b c": [1, [2, 3]], "": 5}, "d": null})").value;
  const auto at = [&](const char* text) { return find_at(json, parse_json_path(text)); };
  EXPECT_EQ(*at("$.a[\"b c\"][1][-1]"), Value(3));
  EXPECT_EQ(*at("a['b c'][0]"), Value(1));
  EXPECT_EQ(*at("$"), json);
  EXPECT_EQ(*at("$['a']['']"), Value(5));
  EXPECT_TRUE(at("d")->is_null());
  for (const char* nothing : {"$.x", "$.a.b", "$[0]", "$.a[\"b c\"][9]", "$.a[\"b c\"][-3]", "d.e"})
    EXPECT_EQ(at(nothing), nullptr) << nothing;
  for (const char* wrong :
       {"", "$.", "$..a", "$[", "$[x]", "$['a", "$['a'", "$.a[1", "$a", "a[", "[]"})
    EXPECT_FALSE(parse_json_path(wrong).ok()) << wrong;
}

TEST(JsonPath, numbers_are_numbers_in_any_writing) {
  EXPECT_EQ(parse_number(" +1.5e3\n"), 1500);
  EXPECT_TRUE(std::isinf(*parse_number("-Inf")));
  EXPECT_TRUE(std::isnan(*parse_number("NaN")));
  EXPECT_TRUE(std::isinf(*parse_number("1e999")));
  EXPECT_EQ(parse_number("1e-999"), 0);
  for (const char* wrong : {"", "x", "1x", "1 2", "0x10", "++1", "1,5"})
    EXPECT_FALSE(parse_number(wrong)) << wrong;
}

}  // namespace
}  // namespace autopilot::deploy
