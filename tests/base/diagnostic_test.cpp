#include "core/base/diagnostic.h"

#include <gtest/gtest.h>

namespace autopilot {
namespace {

TEST(SourceMap, positions_are_one_based_and_count_code_points) {
  SourceMap sources;
  const auto id = sources.add("a.yaml", "ab\né€x\r\n\nz");
  const auto at = [&](std::uint32_t offset) {
    const Position p = sources.position(id, offset);
    return std::to_string(p.line) + ":" + std::to_string(p.column);
  };
  EXPECT_EQ(at(0), "1:1");
  EXPECT_EQ(at(2), "1:3");
  EXPECT_EQ(at(3), "2:1");
  EXPECT_EQ(at(8), "2:3");
  EXPECT_EQ(at(11), "3:1");
  EXPECT_EQ(at(12), "4:1");
  EXPECT_EQ(at(9999), "4:2");
  EXPECT_EQ(sources.line_at(id, 4), "é€x");
  EXPECT_EQ(sources.line_at(id, 11), "");
  EXPECT_EQ(sources.line_at(id, 9999), "z");
  EXPECT_EQ(place(sources, {id, 8, 9}), "a.yaml:2:3");
  EXPECT_EQ(place(sources, {}), "");
}

TEST(SourceMap, an_empty_text_has_one_line) {
  SourceMap sources;
  const auto id = sources.add("empty", "");
  EXPECT_EQ(place(sources, {id, 0, 0}), "empty:1:1");
  EXPECT_EQ(sources.line_at(id, 0), "");
}

TEST(Diagnostics, collects_and_counts) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.ok());
  diagnostics.warning("odd", {}, "odd");
  EXPECT_TRUE(diagnostics.ok());
  diagnostics.error("bad", {}, "bad").help = "mend it";
  EXPECT_FALSE(diagnostics.ok());
  EXPECT_EQ(diagnostics.all().back().help, "mend it");
  diagnostics.turn_warnings_into_errors();
  EXPECT_EQ(diagnostics.errors(), 2u);
  EXPECT_EQ(diagnostics.warnings(), 0u);
}

TEST(Diagnostics, keeps_a_thousand_and_counts_the_rest) {
  Diagnostics diagnostics;
  for (int i = 0; i < 1500; ++i) {
    Diagnostic& d = diagnostics.error("bad", {}, std::to_string(i));
    EXPECT_TRUE(d.related.empty());
    d.related.push_back({"first", {}});
  }
  EXPECT_EQ(diagnostics.all().size(), Diagnostics::kLimit);
  EXPECT_EQ(diagnostics.all().back().message, "999");
  EXPECT_EQ(diagnostics.dropped(), 500u);
  EXPECT_EQ(diagnostics.errors(), 1500u);
}

}  // namespace
}  // namespace autopilot
