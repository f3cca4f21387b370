// One test for each exit code of docs/exit-codes.md. 70 has none here: it is kept for what no test
// knows (tests/cli/app_test.cpp shows what becomes of a bug).
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;

class ExitCodeTest : public ::testing::Test {
 protected:
  void SetUp() override { project_.write("policies/p.yaml", policy("p")); }

  void expect(int exit, const std::vector<std::string>& command,
              const std::string& input = {}) const {
    const Ended ended = project_.run(command, input);
    EXPECT_EQ(ended.exit, exit) << ::testing::PrintToString(command) << describe(ended);
    EXPECT_EQ(ended.signal, 0);
  }

  Project project_;
};

TEST_F(ExitCodeTest, zero_done) {
  expect(0, {"--version"});
  expect(0, {"validate"});
  expect(0, {"plan"});
  expect(0, {"apply", "--yes"});
  expect(0, {"plan", "--exit-code"});
  expect(0, {"plan", "--detailed-exitcode"});
  expect(0, {"decide", "--exit-code"}, action_line("bandit", ""));
}

TEST_F(ExitCodeTest, one_the_answer_is_no) {
  project_.write("policies/p.yaml", policy("p", "  guards:\n    - {name: g, deny: \"true\"}\n"));
  project_.must({"apply", "--yes"});
  expect(1, {"decide", "--exit-code"}, action_line("bandit", ""));
  expect(0, {"decide"}, action_line("bandit", ""));
  expect(1, {"decide"}, "{\n");
  project_.write("policies/p.yaml", "kind: Polcy\n");
  expect(1, {"validate"});
  expect(1, {"plan"});
  expect(1, {"plan", "--detailed-exitcode"});
}

TEST_F(ExitCodeTest, two_usage) {
  expect(2, {});
  expect(2, {"frobnicate"});
  expect(2, {"plan", "--frobnicate"});
  expect(2, {"plan", "--format", "frob"});
  expect(2, {"state"});
  expect(2, {"apply"});  // nobody can be asked
  expect(2, {"decide", "--override"});
}

TEST_F(ExitCodeTest, three_changes_are_pending) {
  expect(3, {"plan", "--exit-code"});
  expect(2, {"plan", "--detailed-exitcode"});  // Terraform's
  project_.must({"apply", "--yes"});
  expect(3, {"diff", "--exit-code", "HEAD~1", "HEAD"});
  expect(0, {"diff", "--exit-code", "HEAD", "HEAD"});
}

TEST_F(ExitCodeTest, four_approval_is_needed) {
  project_.write("policies/p.yaml", policy("p", "  guards:\n    - {name: g, approve: \"true\"}\n"));
  project_.must({"apply", "--yes"});
  expect(4, {"decide", "--exit-code"}, action_line("bandit", ""));
  expect(0, {"decide"}, action_line("bandit", ""));
}

TEST_F(ExitCodeTest, five_the_plan_is_stale) {
  project_.must({"plan", "-o", "a.plan"});
  project_.must({"apply", "--yes"});
  expect(5, {"apply", "a.plan"});
}

TEST_F(ExitCodeTest, six_locked) {
  project_.must({"--as", "ada", "state", "lock", "--reason", "incident"});
  expect(6, {"--as", "bob", "apply", "--yes"});
  expect(0, {"--as", "bob", "decide"}, action_line("bandit", ""));
  expect(0, {"--as", "ada", "apply", "--yes"});
}

// A process that hangs in the middle of its write (here: this one) shall not hang all others.
TEST_F(ExitCodeTest, six_locked_by_a_process_that_does_not_go_on) {
  project_.must({"apply", "--yes"});
  const int lock = ::open((project_.state_path() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  Command decide = project_.command({"decide"}, action_line("bandit", ""));
  decide.environment = {{"AUTOPILOT_LOCK_TIMEOUT", "300ms"}};
  const Ended ended = run(decide);
  ::close(lock);
  EXPECT_EQ(ended.exit, 6) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("state.db.lock is still locked by another process after 300ms"));
  EXPECT_EQ(run(decide).exit, 0);
  decide.environment = {{"AUTOPILOT_LOCK_TIMEOUT", "soon"}};
  EXPECT_EQ(run(decide).exit, 2);
}

TEST_F(ExitCodeTest, seven_permission_denied) {
  project_.write("policies/access.yaml",
                 "apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: access}\n"
                 "spec:\n  roles:\n    dg_ai: [ada]\n    viewer: [eve]\n  impersonate: ['*']\n");
  const Ended apply = project_.run({"--as", "ada", "apply", "--yes"});
  ASSERT_EQ(apply.exit, 0) << describe(apply);
  project_.write("policies/p.yaml", policy("p", "  priority: 7\n"));
  expect(7, {"--as", "eve", "apply", "--yes"});
  expect(7, {"--as", "eve", "decide"}, action_line("bandit", ""));
  expect(7, {"--as", "stranger", "apply", "--yes"});
}

TEST_F(ExitCodeTest, eight_something_outside_failed) {
  project_.write("bin/autopilot-broken", "#!/nowhere/interpreter\n");
  ::chmod(project_.path("bin/autopilot-broken").c_str(), 0755);
  Command command = project_.command({"broken"});
  command.environment = {{"PATH", project_.path("bin")}};
  const Ended ended = run(command);
  EXPECT_EQ(ended.exit, 8) << describe(ended);
}

TEST_F(ExitCodeTest, nine_a_file_or_the_state_cannot_be_used) {
  expect(9, {"apply", "nowhere.plan"});
  expect(9, {"validate", "nowhere.yaml"});
  expect(9, {"-C", "nowhere", "plan"});
  expect(9, {"state", "info"});
}

// The signal itself, which shells report as 130: so loops in scripts end, too.
TEST_F(ExitCodeTest, interrupted_ends_by_the_signal_and_loses_nothing) {
  project_.must({"apply", "--yes"});
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process(project_.command({"decide"}, action_line("bandit", "once")), true);
    while (lines_of(process.out()).size() < 2 && process.pump(10'000'000'000)) {
    }
    process.send(signal);
    const Ended ended = process.wait();
    EXPECT_EQ(ended.signal, signal) << describe(ended);
    EXPECT_EQ(project_.must({"decide"}, action_line("bandit", "once")).out, ended.out);
  }
  EXPECT_EQ(project_.run({"state", "check"}).exit, 0);
}

}  // namespace
}  // namespace autopilot::integration
