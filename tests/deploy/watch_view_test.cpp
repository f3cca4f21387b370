// What `deploy watch` draws, on screens of all sizes.
#include "core/deploy/watch_view.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base/text.h"
#include "core/deploy/frame.h"
#include "tests/deploy/machine_world.h"

namespace autopilot::deploy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> numbered(int count, const std::string& name) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(fmt::format("{}{}", name, i));
  return out;
}

TEST(frame, has_an_empty_line_between_sections_where_all_has_room) {
  const Frame frame = fitted({{{"a"}}, {}, {{"b"}}}, 3);
  EXPECT_THAT(frame.lines, ElementsAre("a", "", "b"));
  EXPECT_EQ(frame.hidden, 0U);
}

TEST(frame, gives_up_empty_lines_before_lines) {
  EXPECT_THAT(fitted({{{"a"}}, {{"b"}}}, 2).lines, ElementsAre("a", "b"));
}

TEST(frame, gives_each_section_its_least_and_the_rest_to_the_first) {
  const Frame frame = fitted({{numbered(9, "a"), 1, 0}, {numbered(9, "b"), 2, 8}}, 5);
  EXPECT_THAT(frame.lines, ElementsAre("a0", "a1", "a2", "b7", "b8"));
  EXPECT_EQ(frame.hidden, 13U);
}

TEST(frame, keeps_the_focus_in_the_middle) {
  EXPECT_THAT(fitted({{numbered(9, "a"), 1, 5}}, 3).lines, ElementsAre("a4", "a5", "a6"));
}

TEST(frame, never_has_more_lines_than_rows) {
  for (std::size_t rows = 0; rows < 40; ++rows) {
    for (std::size_t focus = 0; focus < 12; ++focus) {
      const Frame frame = fitted({{numbered(12, "a"), 3, focus}, {numbered(9, "b"), 4, 0}}, rows);
      EXPECT_LE(frame.lines.size(), rows);
      if (rows > 0) {
        EXPECT_THAT(frame.lines, Contains(fmt::format("a{}", focus)));
      }
    }
  }
}

TEST(frame, a_line_is_cut_by_the_columns_that_it_takes) {
  EXPECT_EQ(clipped("abcdef", 4), "abcd");
  EXPECT_EQ(clipped("日本語", 5), "日本");
  EXPECT_EQ(clipped("\x1b[31mred and more\x1b[0m", 3), "\x1b[31mred\x1b[0m");
  EXPECT_EQ(clipped("", 4), "");
  EXPECT_EQ(clipped("abc", 0), "");
}

TEST(screen, arrow_and_function_keys_are_no_letters) {
  EXPECT_EQ(without_sequences("q"), "q");
  EXPECT_EQ(without_sequences("\x1b[Ap\x1b[15~y\x1bOPa"), "pya");
  EXPECT_EQ(without_sequences("\x1b"), "");
  EXPECT_EQ(without_sequences("\x1b["), "");
}

class WatchView : public ::testing::Test {
 protected:
  testing::MachineWorld world;
  std::vector<JournalEvent> events;
  std::vector<Sample> samples;

  void SetUp() override {
    ASSERT_TRUE(world.until([&] { return world.rollout.weight_bp == 500; }));
    for (int i = 0; i < 12; ++i) {
      const Instant t = world.now + Duration::seconds(10 * i);
      events.push_back({fmt::format("r1/{}", i), "r1", "weight", fmt::format("event {}", i), t});
      for (const char* arm : {"canary", "stable"})
        samples.push_back({"errors", arm, t - Duration::seconds(10), t, i, 100, {}, ""});
    }
  }
  std::vector<std::string> frame(std::size_t columns, std::size_t rows, std::string message = {}) {
    const Watched seen{
        world.rollout, *world.strategy, {{}, events, world.now}, samples, std::move(message)};
    return watch_frame(seen, {}, {columns, rows});
  }
};

TEST_F(WatchView, shows_state_steps_metrics_events_and_keys) {
  const std::string text = join(frame(100, 50), "\n");
  for (const char* part : {"r1  v1 -> v2  stepping  5%", "◷ in progress  weight canary", "▁", "█",
                           "event 11", "p promote  a abort  q quit"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("hidden")));
}

TEST_F(WatchView, on_a_small_screen_it_keeps_what_matters_and_says_how_much_is_hidden) {
  const std::vector<std::string> lines = frame(40, 10);
  const std::string text = join(lines, "\n");
  EXPECT_EQ(lines.size(), 10U) << text;
  for (const char* part : {"r1  v1 -> v2", "in progress", "errors  canary", "event 11", "q quit  "})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(lines.back(), HasSubstr(" hidden"));
}

TEST_F(WatchView, a_message_about_a_key_has_its_place_on_every_screen) {
  EXPECT_THAT(join(frame(40, 10, "take everything back?"), "\n"),
              HasSubstr("take everything back?"));
}

TEST_F(WatchView, never_passes_the_edge_of_the_screen) {
  for (std::size_t columns = 1; columns < 120; columns += 7) {
    for (std::size_t rows = 1; rows < 40; ++rows) {
      const std::vector<std::string> lines = frame(columns, rows, "asked");
      EXPECT_LE(lines.size(), rows);
      for (const std::string& line : lines) EXPECT_LE(display_width(line), columns) << line;
    }
  }
}

}  // namespace
}  // namespace autopilot::deploy
