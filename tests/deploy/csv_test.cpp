// Rows of CSV.
#include "core/deploy/csv.h"

#include <gtest/gtest.h>

#include "core/base/json.h"

namespace autopilot::deploy {
namespace {

TEST(Csv, quotes_hold_commas_breaks_and_quotes) {
  CsvReader reader("a,\"b,\"\"c\"\"\nd\",e\r\n\n1,,\nlast");
  EXPECT_EQ(*reader.next(), (std::vector<std::string>{"a", "b,\"c\"\nd", "e"}));
  EXPECT_EQ(*reader.next(), (std::vector<std::string>{"1", "", ""}));
  EXPECT_EQ(reader.line(), 4u);
  EXPECT_TRUE(reader.ended());
  EXPECT_EQ(*reader.next(), std::vector<std::string>{"last"});
  EXPECT_FALSE(reader.ended());
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace autopilot::deploy
