#include "cli/globals.h"

#include <gtest/gtest.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "tests/fakes.h"

namespace autopilot::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Globals, the_command_begins_after_the_options_and_their_values) {
  const std::pair<Words, std::size_t> cases[] = {{{}, 0},
                                                 {{"plan"}, 0},
                                                 {{"-q", "plan"}, 1},
                                                 {{"-C", "dir", "plan"}, 2},
                                                 {{"-Cdir", "plan"}, 1},
                                                 {{"-qC", "dir", "plan"}, 2},
                                                 {{"-qv", "plan"}, 1},
                                                 {{"--state", "plan", "plan"}, 2},
                                                 {{"--state=x", "plan", "-q"}, 1},
                                                 {{"--json", "--as", "-x", "plan"}, 3},
                                                 {{"--unknown", "plan"}, 1},
                                                 {{"-C"}, 1},
                                                 {{"--", "plan"}, 0},
                                                 {{"-", "plan"}, 0}};
  for (const auto& [words, at] : cases)
    EXPECT_EQ(leading_options(words), at) << ::testing::PrintToString(words);
}

const Command kBoth{"both", "", "", nullptr, {}};
const Command kTree{"tree", "", "", nullptr, {"tree", "json"}};
const Command kLines{"lines", "", "", nullptr, {"jsonl"}};

std::string settled(const Command& command, const std::string& format, bool json = false) {
  testing::FakeEnvironment environment;
  Said said;
  said.format = format;
  said.json = json;
  try {
    settle(said, command, environment);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return std::string(e.what()) + "; " + e.hint();
  }
  return said.globals.format;
}

TEST(Globals, a_format_is_one_that_the_command_knows) {
  EXPECT_EQ(settled(kBoth, ""), "text");
  EXPECT_EQ(settled(kBoth, "json"), "json");
  EXPECT_EQ(settled(kBoth, "", true), "json");
  EXPECT_EQ(settled(kTree, ""), "tree");
  EXPECT_EQ(settled(kLines, ""), "jsonl");
  EXPECT_EQ(settled(kBoth, "jsn"), "both has no format \"jsn\"; did you mean json?");
  EXPECT_EQ(settled(kTree, "sarif"), "tree has no format \"sarif\"; it knows tree, json");
  EXPECT_EQ(settled(kBoth, "text", true), "--json and --format exclude each other; ");
}

TEST(Globals, the_state_comes_from_the_environment_unless_it_is_said) {
  testing::FakeEnvironment environment;
  environment.variables["AUTOPILOT_STATE"] = "env.db";
  Said said;
  settle(said, kBoth, environment);
  EXPECT_EQ(said.globals.state, "env.db");
  Said other;
  other.globals.state = "flag.db";
  settle(other, kBoth, environment);
  EXPECT_EQ(other.globals.state, "flag.db");
}

TEST(Globals, the_environment_cannot_say_who_asks) {
  testing::FakeEnvironment environment;
  environment.variables["AUTOPILOT_ACTOR"] = "root";
  environment.variables["AUTOPILOT_AS"] = "root";
  Said said;
  settle(said, kBoth, environment);
  EXPECT_EQ(said.globals.actor, "");
}

}  // namespace
}  // namespace autopilot::cli
