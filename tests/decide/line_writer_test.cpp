// Lines are written piece by piece into room made ahead: what is written must not depend on it.
#include "core/decide/line_writer.h"

#include <gtest/gtest.h>

namespace autopilot::decide {
namespace {

const std::string kWide(100, 'x');

std::string written_with(std::size_t room) {
  std::string out = "before ";
  {
    LineWriter line(out, room);
    line.put("{\"a\":");
    line.text("plain");
    line.put("");
    line.text(std::string_view());
    line.text(kWide + "\"\\\n\x01");
    line.integer(INT64_MIN);
    line.put(",");
    line.real(-1.0 / 3);
    line.put(",");
    line.micros(-2'500'000);
    line.put(",");
    line.micros(3'000'000);
    line.time(*parse_rfc3339("2026-11-20T10:01:00.123456789Z"));
    line.put("}");
  }
  return out;
}

TEST(LineWriter, writes_the_same_whatever_room_it_was_given) {
  std::string expected = "before {\"a\":\"plain\"\"\"\"";
  expected += kWide;
  expected +=
      "\\\"\\\\\\n\\u0001\"-9223372036854775808,-0.3333333333333333,-2.5,3"
      "\"2026-11-20T10:01:00.123456789Z\"}";
  for (std::size_t room = 0; room < 400; ++room) EXPECT_EQ(written_with(room), expected) << room;
}

}  // namespace
}  // namespace autopilot::decide
