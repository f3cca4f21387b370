// The provider exec for processes: with fakes for what is decided, on the real system for what is
// promised.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/system.h"
#include "core/deploy/process.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot::deploy {
namespace {

using testing::FakeWorld;

Value spec_of(const std::string& json) { return parse_json_or_throw(json, "spec"); }

class ExecProcess : public ::testing::Test {
 protected:
  std::unique_ptr<Process> process() {
    return make_process(spec_of(R"({"provider": "exec", "grace": "2s", "pass": ["DATABASE"],
        "argv": ["./shop", "--port", "{{port}}", "{{version}}"], "directory": "/srv/{{slot}}",
        "environment": {"SHOP_PORT": "{{port}}"}})"),
                        site, fakes.world);
  }

  FakeWorld fakes;
  Site site{"shop", {{"blue", 8001}, {"green", 8002}}, "/site"};
  Slot blue = site.slots[0];
};

TEST_F(ExecProcess, a_version_gets_its_port_its_folder_and_the_variables_that_were_named) {
  fakes.environment.variables = {{"DATABASE", "db"}, {"SECRET", "s"}, {"PATH", "/bin"}};
  process()->start(blue, "v1");
  ASSERT_EQ(fakes.children.launched.size(), 1u);
  const Launch& launch = fakes.children.launched[0];
  EXPECT_EQ(launch.words, (std::vector<std::string>{"./shop", "--port", "8001", "v1"}));
  EXPECT_EQ(launch.folder, "/srv/blue");
  EXPECT_EQ(launch.log, "/site/blue.log");
  EXPECT_EQ(launch.environment, (std::vector<std::pair<std::string, std::string>>{
                                    {"PATH", "/bin"}, {"DATABASE", "db"}, {"SHOP_PORT", "8001"}}));
}

TEST_F(ExecProcess, starting_what_runs_does_nothing_and_another_version_replaces_it) {
  process()->start(blue, "v1");
  process()->start(blue, "v1");
  EXPECT_EQ(fakes.children.launched.size(), 1u);
  process()->start(blue, "v2");
  EXPECT_EQ(fakes.children.launched.size(), 2u);
  EXPECT_EQ(fakes.children.living, std::set<std::int64_t>{101});
  EXPECT_EQ(process()->observe(blue).version, "v2");
}

TEST_F(ExecProcess, it_is_asked_to_stop_and_ended_when_it_does_not) {
  process()->start(blue, "v1");
  process()->stop(blue, Duration::seconds(2));
  EXPECT_EQ(fakes.children.signalled, (std::vector<std::pair<std::int64_t, int>>{{100, SIGTERM}}));
  process()->stop(blue, Duration::seconds(2));  // again: nothing to do
  EXPECT_EQ(fakes.children.signalled.size(), 1u);

  fakes.children.stubborn = true;
  process()->start(blue, "v2");
  const std::int64_t begin = fakes.clock.monotonic_nanos();
  process()->stop(blue, Duration::seconds(2));
  EXPECT_EQ(fakes.children.signalled.back(), (std::pair<std::int64_t, int>{101, SIGKILL}));
  EXPECT_GE(fakes.clock.monotonic_nanos() - begin, Duration::seconds(2).nanos);
  EXPECT_FALSE(process()->observe(blue).running);
}

TEST_F(ExecProcess, a_port_that_another_program_has_is_refused) {
  fakes.sockets.listening = {"127.0.0.1:8001"};
  try {
    process()->start(blue, "v1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "127.0.0.1:8001 is taken: another program listens there");
  }
  EXPECT_TRUE(fakes.children.launched.empty());
}

TEST_F(ExecProcess, what_does_not_run_says_why) {
  EXPECT_EQ(process()->observe(blue).why, "never started");
  process()->start(blue, "v1");
  fakes.children.living.clear();
  EXPECT_FALSE(process()->observe(blue).running);
  EXPECT_EQ(process()->observe(blue).why,
            "the machine was restarted");  // the fake's boot id differs
  EXPECT_FALSE(process()->has_ended(blue)) << "it is started again";
}

TEST_F(ExecProcess, what_has_ended_says_what_it_wrote_last_and_nothing_of_what_was_before) {
  fakes.children.boot = fakes.environment.boot_id();
  fakes.files.texts["/site/blue.log"] = "of an earlier version\n";
  process()->start(blue, "v1");
  EXPECT_FALSE(process()->has_ended(blue));
  fakes.children.living.clear();
  EXPECT_TRUE(process()->has_ended(blue));
  EXPECT_EQ(process()->observe(blue).why, "it has ended; it wrote nothing to /site/blue.log");
  fakes.files.texts["/site/blue.log"] += "listening\nout of memory\n\n";
  EXPECT_EQ(process()->observe(blue).why, "it has ended; /site/blue.log ends with: out of memory");
}

TEST_F(ExecProcess, a_version_that_no_file_can_hold_and_an_unknown_placeholder_are_refused) {
  EXPECT_THROW(process()->start(blue, "v1\nX=2"), Error);
  EXPECT_THROW(process()->start(blue, ""), Error);
  try {
    make_process(spec_of(R"({"provider": "exec", "argv": ["{{verison}}"]})"), site, fakes.world)
        ->start(blue, "v1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unknown placeholder {{verison}}");
    EXPECT_NE(e.hint().find("version"), std::string::npos);
  }
}

TEST_F(ExecProcess, a_damaged_record_is_an_error_and_no_second_start) {
  fakes.files.texts["/site/blue.process.json"] = "{\"pid\": 1";
  EXPECT_THROW(process()->start(blue, "v1"), Error);
  EXPECT_TRUE(fakes.children.launched.empty());
}

TEST(ExecProcessLive, is_found_again_by_another_process_after_ours_was_killed) {
  testing::Scratch scratch;
  const Site site{"shop", {{"blue", 0}}, scratch.path("site")};
  const Value spec = spec_of(
      R"({"provider": "exec", "argv": ["sh", "-c", "sleep 60 & sleep 61", "{{version}}"]})");
  const pid_t first = ::fork();
  if (first == 0) {
    System system;
    make_process(spec, site, system.world())->start(site.slots[0], "v1");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(first, nullptr, 0);
  System system;
  const auto process = make_process(spec, site, system.world());
  const Running running = process->observe(site.slots[0]);
  EXPECT_TRUE(running.running) << running.why;
  EXPECT_EQ(running.version, "v1");
  process->stop(site.slots[0], Duration::seconds(2));
  EXPECT_FALSE(process->observe(site.slots[0]).running);
  const std::string why = process->observe(site.slots[0]).why;
  EXPECT_EQ(why, "it has ended; it wrote nothing to " + site.folder + "/blue.log");
  EXPECT_TRUE(process->has_ended(site.slots[0]));
}

TEST(ExecProcessLive, killed_at_any_instant_of_a_start_leaves_at_most_one_known_process) {
  testing::Scratch scratch;
  const Value spec =
      spec_of(R"({"provider": "exec", "argv": ["sh", "-c", "echo up >> $UP; sleep 60"],
                                 "environment": {"UP": ")" +
              scratch.path("up") + "\"}}");
  const Site site{"shop", {{"blue", 0}}, scratch.path("site")};
  int begun = 0;
  for (int i = 0; i <= 40; ++i) {
    const int micros = i * i * 60;  // denser at the beginning; up to 0.1 s
    const pid_t starter = ::fork();
    if (starter == 0) {
      System system;
      make_process(spec, site, system.world())->start(site.slots[0], "v1");
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(micros));
    ::kill(starter, SIGKILL);
    ::waitpid(starter, nullptr, 0);
    ::usleep(20'000);
    System system;
    const auto process = make_process(spec, site, system.world());
    const bool runs = process->observe(site.slots[0]).running;
    const std::string up = scratch.read("up");
    // Whatever began is known, and runs.
    EXPECT_TRUE(up.empty() || runs) << micros;
    begun += runs;
    process->stop(site.slots[0], Duration::seconds(1));
    ::unlink(scratch.path("up").c_str());
  }
  EXPECT_GT(begun, 0);
  // What was stopped, or never known, does not come up later.
  ::usleep(200'000);
  EXPECT_EQ(scratch.read("up"), "");
}

}  // namespace
}  // namespace autopilot::deploy
