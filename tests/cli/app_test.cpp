#include "cli/app.h"

#include <gtest/gtest.h>

#include <new>

#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/secrets.h"
#include "tests/fakes.h"

namespace autopilot::cli {
namespace {

using Words = std::vector<std::string>;

// Does what its argument says.
class Does : public Invocation {
 public:
  explicit Does(Options& o) {
    o.argument("WHAT", what_, "what to do");
    o.flag("--twice", twice_, "do it twice");
  }
  Exit run(Context& context) override {
    if (what_ == "write") context.write("result\n");
    if (what_ == "inform") context.inform("remark");
    if (what_.starts_with("leak")) leak(context);
    if (what_ == "denied") return Exit::denied;
    if (what_ == "memory") throw std::bad_alloc();
    if (what_ == "exception") throw std::runtime_error("vector::at");
    if (what_ == "pipe") throw ClosedPipe{};
    if (what_ == "partly") {
      context.write("first\n");
      throw Error(ErrorKind::outside, "the provider does not answer", "try again");
    }
    if (what_ == "hostile") throw Error(ErrorKind::invalid, "bad \x1b[31mname");
    return Exit::ok;
  }

 private:
  // Resolves a secret and is careless with it.
  void leak(Context& context) const {
    SecretReference reference;
    reference.name = "TOKEN";
    const std::string value(context.secrets().value_of(reference));
    if (what_ == "leak-error") throw Error(ErrorKind::outside, "bad token " + value, value);
    context.inform("remark " + value);
    context.write("whole " + value + " and ");
    context.write(value.substr(0, 3));
    context.flush();
    context.write(value.substr(3) + " in pieces, " + value.substr(0, 3));
    context.flush();
  }

  std::string what_;
  bool twice_ = false;
};

class Refuses : public Invocation {
 public:
  explicit Refuses(Options& o) { o.option("--kind", kind_, "number of the kind"); }
  Exit run(Context&) override { throw Error(static_cast<ErrorKind>(kind_), "no"); }

 private:
  std::int64_t kind_ = 0;
};

const Command kDoes{"does", "Do it", "Does.\n", bind<Does>, {}};
const Command kRefuses{"refuses", "Refuse it", "Refuses.\n", bind<Refuses>, {}};
const Command kStateInfo{"state info", "Tell", "Tells.\n", bind<Does>, {}};
const Command kStateLock{"state lock", "Lock", "Locks.\n", bind<Does>, {}};
const Command kRowless{"rowless", "Do it", "Does.\n", bind<Does>, {}};
const Table kTable{{"ALL", {&kDoes, &kRefuses, &kStateInfo, &kStateLock, &kRowless}}};
constexpr RoleRow kRows[] = {{"does", {}}, {"refuses", {}}, {"state info", {}}, {"state lock", {}}};

struct Result {
  int exit = 0;
  std::string out, err;
};

Result result_of(const Words& words, testing::FakeWorld& fake) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Result result;
  result.exit = run(fake.world, words, kTable, kRows);
  result.out = ::testing::internal::GetCapturedStdout();
  result.err = ::testing::internal::GetCapturedStderr();
  return result;
}

Result result_of(const Words& words) {
  testing::FakeWorld fake;
  return result_of(words, fake);
}

TEST(App, every_kind_of_error_has_its_exit_code) {
  const std::pair<ErrorKind, int> cases[] = {
      {ErrorKind::invalid, 1},      {ErrorKind::usage, 2},   {ErrorKind::approval, 4},
      {ErrorKind::stale, 5},        {ErrorKind::locked, 6},  {ErrorKind::denied, 7},
      {ErrorKind::outside, 8},      {ErrorKind::storage, 9}, {ErrorKind::bug, 70},
      {ErrorKind::interrupted, 130}};
  for (const auto& [kind, exit] : cases) {
    const Result r = result_of({"refuses", "--kind", std::to_string(static_cast<int>(kind))});
    EXPECT_EQ(r.exit, exit);
    EXPECT_EQ(r.out, "");
    EXPECT_EQ(r.err.substr(0, 13), "autopilot: no");
  }
}

TEST(App, what_a_command_returns_is_the_exit_code) {
  EXPECT_EQ(result_of({"does", "denied"}).exit, 7);
  EXPECT_EQ(result_of({"does"}).exit, 0);
}

TEST(App, what_has_no_row_in_the_table_of_roles_never_runs) {
  const Result r = result_of({"rowless", "write"});
  EXPECT_EQ(r.exit, 70);
  EXPECT_EQ(r.out, "");
}

TEST(App, what_was_written_before_a_failure_is_delivered_first) {
  const Result r = result_of({"does", "partly"});
  EXPECT_EQ(r.exit, 8);
  EXPECT_EQ(r.out, "first\n");
  EXPECT_EQ(r.err, "autopilot: the provider does not answer\n  hint: try again\n");
}

TEST(App, other_exceptions_are_bugs_and_say_so) {
  const Result r = result_of({"does", "exception"});
  EXPECT_EQ(r.exit, 70);
  EXPECT_NE(r.err.find("vector::at (this is a bug in autopilot)"), std::string::npos) << r.err;
}

TEST(App, out_of_memory_is_no_bug) {
  const Result r = result_of({"does", "memory"});
  EXPECT_EQ(r.exit, 9);
  EXPECT_EQ(r.err, "autopilot: out of memory\n");
}

TEST(App, a_closed_pipe_is_a_quiet_success) {
  const Result r = result_of({"does", "pipe"});
  EXPECT_EQ(r.exit, 0);
  EXPECT_EQ(r.err, "");
}

TEST(App, a_resolved_secret_is_seen_on_neither_stream) {
  testing::FakeWorld fake;
  fake.environment.variables["TOKEN"] = "hunter2";
  const Result r = result_of({"does", "leak"}, fake);
  EXPECT_EQ(r.out, "whole *** and *** in pieces, hun");
  EXPECT_EQ(r.err, "remark ***\n");
  EXPECT_TRUE(fake.processes.memory_is_private);
  EXPECT_EQ(result_of({"does", "leak-error"}, fake).err, "autopilot: bad token ***\n  hint: ***\n");
  EXPECT_EQ(result_of({"does", "leak-error", "--log-format", "json"}, fake).err.find("hunter2"),
            std::string::npos);
}

TEST(App, messages_cannot_drive_the_terminal) {
  EXPECT_EQ(result_of({"does", "hostile"}).err, "autopilot: bad \\x1b[31mname\n");
}

TEST(App, global_options_stand_before_and_after_the_command) {
  EXPECT_EQ(result_of({"-q", "does", "inform"}).err, "");
  EXPECT_EQ(result_of({"does", "inform", "-q"}).err, "");
  EXPECT_EQ(result_of({"does", "inform"}).err, "remark\n");
  EXPECT_EQ(result_of({"does", "write", "--twice"}).out, "result\n");
  EXPECT_EQ(result_of({"--", "does", "write"}).out, "result\n");
}

TEST(App, a_directory_is_entered_before_the_command_runs) {
  testing::FakeWorld fake;
  result_of({"-C", "sub", "does"}, fake);
  EXPECT_EQ(fake.environment.directory, "/work/sub");
}

TEST(App, names_of_two_words_are_found_and_mistakes_in_them_named) {
  EXPECT_EQ(result_of({"state", "info"}).exit, 0);
  EXPECT_EQ(result_of({"state", "inof"}).err,
            "autopilot: unknown command state inof\n  hint: did you mean info?\n");
  EXPECT_EQ(result_of({"state"}).err,
            "autopilot: state alone is no command\n  hint: it goes with info, lock\n");
  EXPECT_EQ(result_of({"state", "--json"}).exit, 2);
  EXPECT_EQ(result_of({"state", ""}).exit, 2);
  EXPECT_EQ(result_of({""}).exit, 2);
  EXPECT_EQ(result_of({"dose"}).err,
            "autopilot: unknown command dose\n  hint: did you mean does?\n");
}

TEST(App, without_a_command_the_list_goes_to_standard_error) {
  const Result r = result_of({});
  EXPECT_EQ(r.exit, 2);
  EXPECT_EQ(r.out, "");
  EXPECT_NE(r.err.find("state lock"), std::string::npos);
  EXPECT_EQ(result_of({"--help"}).exit, 0);
  EXPECT_EQ(result_of({"--help"}).err, "");
}

TEST(App, version_is_told_anywhere) {
  for (const Words& words :
       {Words{"--version"}, Words{"-q", "--version"}, Words{"does", "--version"}}) {
    EXPECT_EQ(result_of(words).out.substr(0, 10), "autopilot ");
    EXPECT_EQ(result_of(words).exit, 0);
  }
}

TEST(App, help_wins_over_mistakes_but_not_inside_of_values) {
  EXPECT_EQ(result_of({"does", "--bogus", "--help"}).exit, 0);
  EXPECT_EQ(result_of({"does", "-h"}).exit, 0);
  EXPECT_EQ(result_of({"does", "--", "--help"}).out, "");
  EXPECT_EQ(result_of({"does", "--as", "--help"}).out, "");
}

TEST(App, programs_on_path_are_commands) {
  testing::FakeWorld fake;
  fake.processes.programs["autopilot-hello"] = "/bin/autopilot-hello";
  try {
    run(fake.world, {"--state", "x.db", "--as", "ada", "hello", "--there", "-q"}, kTable, kRows);
    FAIL();
  } catch (const testing::FakeProcesses::Became& became) {
    EXPECT_EQ(became.words, (Words{"/bin/autopilot-hello", "--there", "-q"}));
    EXPECT_EQ(became.environment.at("AUTOPILOT_STATE"), "x.db");
    EXPECT_EQ(became.environment.at("AUTOPILOT_ACTOR"), "ada");
  }
}

TEST(App, a_built_in_command_cannot_be_replaced_from_path) {
  testing::FakeWorld fake;
  fake.processes.programs["autopilot-does"] = "/evil";
  EXPECT_EQ(result_of({"does", "write"}, fake).out, "result\n");
}

}  // namespace
}  // namespace autopilot::cli
