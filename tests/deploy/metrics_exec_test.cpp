// Metrics that a program prints.
#include <cmath>

#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::FakeProcesses;
using testing::Providers;

TEST_F(Providers, exec_takes_a_number_or_json_of_what_a_program_prints) {
  std::string out = " 175000.5\n";
  fake.processes.answer = [&](const FakeProcesses::Call&) {
    return Captured{Captured::End::exited, 0, out, {}};
  };
  const std::string spec = R"({"provider":"exec","argv":["./roi","{{arm}}","{{version}}"]})";
  EXPECT_EQ(value(spec), 175000.5);
  EXPECT_EQ(fake.processes.captured[0].words,
            (std::vector<std::string>{"./roi", "canary", "2.4.1"}));
  out = R"({"value": 0.94})";
  EXPECT_EQ(value(spec), 0.94);
  out = "nan\n";
  EXPECT_TRUE(std::isnan(value(spec)));
  out = R"({"bad": 3, "total": 9})";
  const Reply counts = read(R"({"provider":"exec","kind":"count","argv":["x"]})");
  EXPECT_EQ(counts.bad[0].points[0].value, 3);
  EXPECT_EQ(counts.total[0].points[0].value, 9);
}

TEST_F(Providers, every_way_in_which_a_program_fails_is_told) {
  Captured captured;
  fake.processes.answer = [&](const FakeProcesses::Call&) { return captured; };
  const auto expect = [&](Captured one, const std::string& words) {
    captured = std::move(one);
    EXPECT_EQ(why(R"({"provider":"exec","argv":["./roi"],"timeout":"3s"})"), words);
  };
  using End = Captured::End;
  expect({End::exited, 3, "1", "no database\nmore"}, "./roi exited with 3: no database");
  expect({End::killed, 9, "", ""}, "./roi was ended by signal 9");
  expect({End::timed_out, 0, "", ""}, "./roi took longer than 3s");
  expect({End::too_long, 0, "", ""}, "./roi wrote more than 1048576 bytes");
  expect({End::not_started, ENOENT, "", ""}, "./roi cannot be run: No such file or directory");
  expect({End::exited, 0, "", ""}, "./roi printed nothing");
  expect({End::exited, 0, "rather well\n", ""},
         "./roi printed neither a number nor JSON: rather well");
}

}  // namespace
}  // namespace autopilot::deploy
