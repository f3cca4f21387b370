#include "cli/context.h"

#include <gtest/gtest.h>

#include "cli/output.h"
#include "core/base/error.h"
#include "tests/fakes.h"

namespace autopilot::cli {
namespace {

class ContextTest : public ::testing::Test {
 protected:
  testing::FakeWorld fake;
  Output output{fake.world};
  Globals globals;
  std::unique_ptr<Context> context;

  Context& at(const std::string& directory) {
    fake.environment.directory = directory;
    context = std::make_unique<Context>(fake.world, globals, output);
    return *context;
  }
};

TEST_F(ContextTest, the_root_is_the_nearest_folder_with_a_project_file) {
  fake.files.texts["/a/autopilot.yaml"] = "";
  fake.files.texts["/a/b/c/autopilot.yaml"] = "";
  EXPECT_EQ(at("/a").root(), "/a");
  EXPECT_EQ(at("/a/b").root(), "/a");
  EXPECT_EQ(at("/a/b/c/d").root(), "/a/b/c");
}

TEST_F(ContextTest, paths_under_the_root_are_as_one_would_type_them) {
  fake.files.texts["/a/autopilot.yaml"] = "";
  EXPECT_EQ(at("/a").in_root("policies"), "policies");
  EXPECT_EQ(at("/a/b/c").in_root("policies"), "../../policies");
  EXPECT_EQ(at("/a/b").state_path(), "../.autopilot/state.db");
}

TEST_F(ContextTest, outside_of_a_project_the_hint_is_init) {
  EXPECT_FALSE(at("/a/b").in_project());
  try {
    at("/a/b").root();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid);
    EXPECT_STREQ(e.what(), "/a/b is in no project: there is no autopilot.yaml here or above");
    EXPECT_EQ(e.hint(), "run autopilot init to start a project");
  }
}

TEST_F(ContextTest, a_project_may_be_at_the_root_of_the_file_system) {
  fake.files.texts["/autopilot.yaml"] = "";
  EXPECT_EQ(at("/a").root(), "/");
  EXPECT_EQ(at("/").root(), "/");
  EXPECT_EQ(at("/a").in_root("policies"), "../policies");
}

TEST_F(ContextTest, a_state_that_is_named_needs_no_project) {
  globals.state = "other.db";
  EXPECT_EQ(at("/nowhere").state_path(), "other.db");
}

TEST_F(ContextTest, the_actor_is_who_is_named_or_the_user) {
  EXPECT_EQ(at("/").actor(), "ada");
  globals.actor = "ci";
  EXPECT_EQ(at("/").actor(), "ci");
}

TEST_F(ContextTest, a_state_that_is_absent_is_named_with_what_makes_it) {
  globals.state = "/no/such/state.db";
  try {
    at("/").existing_store();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::storage);
    EXPECT_STREQ(e.what(), "there is no state at /no/such/state.db yet");
  }
}

struct ColorCase {
  const char* when;
  std::map<std::string, std::string> variables;
  bool terminal;
  bool color;
};

TEST(Output, colour_follows_the_flag_then_the_environment_then_the_terminal) {
  const ColorCase cases[] = {{"auto", {{"TERM", "xterm"}}, true, true},
                             {"auto", {{"TERM", "xterm"}}, false, false},
                             {"auto", {{"TERM", "dumb"}}, true, false},
                             {"auto", {}, true, false},
                             {"auto", {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, true, false},
                             {"auto", {{"TERM", "xterm"}, {"NO_COLOR", ""}}, true, true},
                             {"auto", {{"CLICOLOR_FORCE", "1"}}, false, true},
                             {"auto", {{"CLICOLOR_FORCE", "0"}}, false, false},
                             {"auto", {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}, false, false},
                             {"always", {{"NO_COLOR", "1"}}, false, true},
                             {"never", {{"TERM", "xterm"}, {"CLICOLOR_FORCE", "1"}}, true, false}};
  for (const ColorCase& c : cases) {
    testing::FakeWorld fake;
    fake.environment.variables = c.variables;
    if (c.terminal) fake.environment.terminals = {1};
    Output output(fake.world);
    output.set_talk({c.when, false, false, false});
    EXPECT_EQ(output.style(1).color, c.color)
        << c.when << ::testing::PrintToString(c.variables) << c.terminal;
  }
}

TEST(Output, width_is_columns_then_the_terminal_then_eighty) {
  testing::FakeWorld fake;
  testing::FakeEnvironment& environment = fake.environment;
  Output output(fake.world);
  EXPECT_EQ(output.style(1).width, 80u);
  environment.columns = 120;
  EXPECT_EQ(output.style(1).width, 120u);
  environment.variables["COLUMNS"] = "100";
  EXPECT_EQ(output.style(1).width, 100u);
  environment.variables["COLUMNS"] = "5";
  EXPECT_EQ(output.style(1).width, 40u);
  environment.variables["COLUMNS"] = "wide";
  EXPECT_EQ(output.style(1).width, 120u);
}

TEST(Output, trees_are_ascii_on_a_terminal_without_utf8) {
  testing::FakeWorld fake;
  testing::FakeEnvironment& environment = fake.environment;
  Output output(fake.world);
  EXPECT_TRUE(output.style(1).unicode);  // a pipe: bytes for another program
  environment.terminals = {1};
  EXPECT_FALSE(output.style(1).unicode);
  environment.variables["LANG"] = "en_GB.UTF-8";
  EXPECT_TRUE(output.style(1).unicode);
  environment.variables["LC_ALL"] = "C";
  EXPECT_FALSE(output.style(1).unicode);
}

std::string told(const Talk& talk, Level level, const char* message, const char* hint) {
  testing::FakeWorld fake;
  Output output(fake.world);
  output.set_talk(talk);
  ::testing::internal::CaptureStderr();
  output.tell(level, message, hint);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Output, says_what_the_level_allows) {
  EXPECT_EQ(told({}, Level::info, "done", ""), "done\n");
  EXPECT_EQ(told({"auto", false, true, false}, Level::info, "done", ""), "");
  EXPECT_EQ(told({}, Level::debug, "opened", ""), "");
  EXPECT_EQ(told({"auto", false, false, true}, Level::debug, "opened", ""), "opened\n");
  EXPECT_EQ(told({"auto", false, true, false}, Level::error, "no", "do"),
            "autopilot: no\n  hint: do\n");
}

TEST(Output, log_lines_are_json_when_asked_for) {
  const Talk json{"auto", true, false, true};
  EXPECT_EQ(told(json, Level::error, "no \x1b", "do"),
            "{\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"error\",\"message\":\"no "
            "\\u001b\",\"hint\":\"do\"}\n");
  EXPECT_EQ(told(json, Level::debug, "opened\n", ""),
            "{\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"debug\",\"message\":\"opened\"}\n");
}

}  // namespace
}  // namespace autopilot::cli
