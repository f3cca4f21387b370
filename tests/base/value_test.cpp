#include "core/base/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace autopilot {
namespace {

TEST(Value, knows_its_kind) {
  const std::pair<Value, Value::Kind> cases[] = {
      {Value(), Value::Kind::null},
      {Value(nullptr), Value::Kind::null},
      {Value(true), Value::Kind::boolean},
      {Value(1), Value::Kind::integer},
      {Value(1u), Value::Kind::integer},
      {Value(1ul), Value::Kind::integer},
      {Value(~0ull), Value::Kind::unsigned_integer},
      {Value(1.0), Value::Kind::real},
      {Value("a"), Value::Kind::string},
      {Value(std::string_view("a")), Value::Kind::string},
      {Value(List{}), Value::Kind::list},
      {Value(Map{}), Value::Kind::map}};
  for (const auto& [value, kind] : cases) EXPECT_EQ(value.kind(), kind) << to_string(kind);
}

TEST(Value, numbers_are_equal_by_value_whatever_their_spelling) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_EQ(Value(Real{1, "1.00"}), Value(Real{1, "1e0"}));
  EXPECT_EQ(Value(0), Value(-0.0));
  EXPECT_EQ(Value(~0ull), Value(~0ull));
  EXPECT_FALSE(Value(1) == Value(2));
  EXPECT_FALSE(Value(1) == Value(true));
  EXPECT_FALSE(Value(1) == Value("1"));
}

TEST(Value, integers_that_no_double_holds_are_compared_exactly) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(Value((1LL << 53) + 1) == Value(9007199254740992.0));
  EXPECT_EQ(Value(1LL << 53), Value(9007199254740992.0));
  EXPECT_FALSE(Value(kMax) == Value(9223372036854775808.0));
  EXPECT_FALSE(Value(kMax) == Value(static_cast<unsigned long long>(kMax) + 1));
  EXPECT_EQ(Value(9223372036854775808ull), Value(9223372036854775808.0));
  EXPECT_FALSE(Value(~0ull) == Value(18446744073709551616.0));
  EXPECT_FALSE(Value(1) == Value(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(Value(1) == Value(1.5));
}

TEST(Value, maps_are_equal_in_any_order_and_lists_in_one) {
  EXPECT_EQ(Value(Map{{"a", 1}, {"b", 2}}), Value(Map{{"b", 2}, {"a", 1}}));
  EXPECT_FALSE(Value(Map{{"a", 1}}) == Value(Map{{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(Value(Map{{"a", 1}}) == Value(Map{{"b", 1}}));
  EXPECT_FALSE(Value(List{1, 2}) == Value(List{2, 1}));
}

TEST(Value, a_map_keeps_the_order_of_insertion) {
  Map map;
  map["z"] = 1;
  map["a"] = 2;
  map["z"] = 3;
  ASSERT_EQ(map.size(), 2u);
  EXPECT_EQ(map.begin()->first, "z");
  EXPECT_EQ(map.find("z")->as_int(), 3);
  EXPECT_TRUE(map.erase("z"));
  EXPECT_FALSE(map.erase("z"));
  EXPECT_EQ(map.begin()->first, "a");
}

TEST(Value, get_walks_only_maps) {
  const Value value = Map{{"a", Map{{"b", 1}}}};
  ASSERT_NE(value.get("a"), nullptr);
  EXPECT_EQ(value.get("a")->get("b")->as_int(), 1);
  EXPECT_EQ(value.get("a")->get("b")->get("c"), nullptr);
  EXPECT_EQ(value.get("x"), nullptr);
  EXPECT_EQ(Value(List{}).get("a"), nullptr);
}

}  // namespace
}  // namespace autopilot
