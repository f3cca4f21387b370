// Standard output that nobody reads, that is closed, or for which there is no room.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;

class OutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    project_.write("policies/p.yaml", policy("p"));
    project_.must({"apply", "--yes"});
    for (int i = 0; i < 100; ++i) lines_ += action_line("bandit", fmt::format("{:03}", i));
  }

  Ended run_to(Stdout where, std::vector<std::string> arguments) const {
    Command command = project_.command(std::move(arguments), lines_);
    command.standard_output = where;
    return run(command);
  }

  std::int64_t decisions() const {
    const Ended info = project_.must({"state", "info", "--json"});
    return parse_json_or_throw(info.out, "info").get("decisions")->as_int();
  }

  Project project_;
  std::string lines_;
};

const std::vector<std::vector<std::string>>& commands() {
  static const std::vector<std::vector<std::string>> all{
      {"--version"},
      {"help"},
      {"validate"},
      {"plan"},
      {"log"},
      {"state", "info"},
      {"state", "check"},
      {"schema", "Policy"},
      {"decide"},
      {"decide", "--dry-run", "--format", "text"}};
  return all;
}

TEST_F(OutputTest, a_reader_that_went_away_is_no_fault) {
  for (const auto& command : commands()) {
    const Ended ended = run_to(Stdout::broken_pipe, command);
    EXPECT_EQ(ended.exit, 0) << ::testing::PrintToString(command) << describe(ended);
    EXPECT_EQ(ended.signal, 0);
  }
}

TEST_F(OutputTest, a_full_disk_behind_it_is_a_fault) {
  for (const auto& command : commands()) {
    const Ended ended = run_to(Stdout::full, command);
    EXPECT_EQ(ended.exit, 9) << ::testing::PrintToString(command) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr("cannot write standard output: No space left on device"));
  }
}

TEST_F(OutputTest, a_closed_one_is_a_fault_and_nothing_is_written_into_the_state_instead) {
  for (const auto& command : commands()) {
    const Ended ended = run_to(Stdout::closed, command);
    EXPECT_EQ(ended.exit, 9) << ::testing::PrintToString(command) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr("cannot write standard output"));
  }
  EXPECT_EQ(project_.run({"state", "check"}).exit, 0);
}

// What could not be said was decided all the same; asking again gives the answer.
TEST_F(OutputTest, decisions_that_could_not_be_written_are_answered_when_asked_again) {
  for (const Stdout where : {Stdout::full, Stdout::broken_pipe, Stdout::closed}) {
    run_to(where, {"decide"});
    EXPECT_EQ(lines_of(project_.must({"decide"}, lines_).out).size(), 101U);
    EXPECT_EQ(decisions(), 100);
  }
}

}  // namespace
}  // namespace autopilot::integration
