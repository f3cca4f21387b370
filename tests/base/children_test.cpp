// Programs that outlive us, on the real system.
#include "core/base/children.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/base/error.h"
#include "core/base/system.h"
#include "core/base/text.h"
#include "tests/state/scratch.h"

namespace autopilot {
namespace {

class RealChildren : public ::testing::Test {
 protected:
  ~RealChildren() override {
    for (const Child& child : started) children.signal(child, SIGKILL);
  }

  Launch launch(std::vector<std::string> words) const {
    return {std::move(words),
            {{"PATH", "/usr/bin:/bin"}, {"COLOUR", "green"}},
            "",
            scratch.path("log"),
            "test-" + std::to_string(::getpid()) + "-" +
                scratch.path("").substr(scratch.path("").size() - 6)};
  }
  Child start(std::vector<std::string> words) {
    started.push_back(children.start(launch(std::move(words)), [](const Child&) {}));
    return started.back();
  }
  static bool within_five_seconds(const std::function<bool()>& holds) {
    for (int i = 0; i < 500; ++i) {
      if (holds()) return true;
      ::usleep(10'000);
    }
    return false;
  }
  bool says(const std::string& text) {
    return within_five_seconds([&] { return scratch.read("log").find(text) != std::string::npos; });
  }

  testing::Scratch scratch;
  System system;
  Children& children = system.world().children;
  std::vector<Child> started;
};

TEST_F(RealChildren, a_program_gets_its_words_its_environment_its_folder_and_nothing_else) {
  Launch l =
      launch({"sh", "-c", "echo \"$0 $COLOUR $(pwd)\"; env | wc -l; ls /proc/self/fd | wc -l; cat",
              "a b"});
  l.folder = "/usr";
  started.push_back(children.start(l, [](const Child&) {}));
  // COLOUR, PATH, PWD and the token; three streams and the folder that ls reads.
  EXPECT_TRUE(says("a b green /usr\n4\n4\n")) << scratch.read("log");
  EXPECT_TRUE(within_five_seconds([&] { return !children.runs(started.back()); }));
}

TEST_F(RealChildren, it_leads_a_session_of_its_own) {
  const Child child = start({"sleep", "60"});
  EXPECT_EQ(::getsid(static_cast<pid_t>(child.pid)), child.pid);
  EXPECT_TRUE(children.runs(child));
}

TEST_F(RealChildren, the_record_is_kept_before_the_program_begins) {
  bool had_begun = true;
  started.push_back(
      children.start(launch({"sh", "-c", "echo begun; sleep 60"}), [&](const Child& child) {
        ::usleep(100'000);
        had_begun = scratch.read("log").find("begun") != std::string::npos;
        EXPECT_TRUE(children.runs(child));
      }));
  EXPECT_FALSE(had_begun);
  EXPECT_TRUE(says("begun"));
}

TEST_F(RealChildren, a_program_whose_record_cannot_be_kept_never_begins) {
  EXPECT_THROW(children.start(launch({"sh", "-c", "echo begun"}),
                              [](const Child&) { throw Error(ErrorKind::storage, "disk full"); }),
               Error);
  ::usleep(100'000);
  EXPECT_EQ(scratch.read("log"), "");
}

TEST_F(RealChildren, a_program_never_begins_when_we_die_before_its_record_is_kept) {
  const pid_t dying = ::fork();
  if (dying == 0) {
    children.start(launch({"sh", "-c", "echo begun"}), [](const Child&) { ::_exit(0); });
  }
  ::waitpid(dying, nullptr, 0);
  ::usleep(200'000);
  EXPECT_EQ(scratch.read("log"), "");
}

TEST_F(RealChildren, it_outlives_the_process_that_started_it) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    const Child child = children.start(launch({"sleep", "60"}), [](const Child&) {});
    const std::string line = std::to_string(child.pid) + " " + child.started + " " + child.token;
    [[maybe_unused]] const ssize_t n = ::write(ends[1], line.data(), line.size());
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(starter, nullptr, 0);
  char buffer[512];
  const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
  ASSERT_GT(n, 0);
  const std::vector<std::string> words =
      split(std::string(buffer, static_cast<std::size_t>(n)), ' ');
  started.push_back({std::stoll(words[0]), words[1], words[2]});
  EXPECT_TRUE(children.runs(started.back()));
  children.signal(started.back(), SIGKILL);
  EXPECT_TRUE(within_five_seconds([&] { return children.members(started.back()).empty(); }));
}

TEST_F(RealChildren, a_process_id_that_another_program_got_is_not_taken_for_it) {
  const Child child = start({"sleep", "60"});
  Child earlier = child;
  earlier.started.back() = earlier.started.back() == '1' ? '2' : '1';
  earlier.token = "another";
  EXPECT_FALSE(children.runs(earlier));
  children.signal(earlier, SIGKILL);
  ::usleep(50'000);
  EXPECT_TRUE(children.runs(child));
  Child of_another_boot = child;
  of_another_boot.started[0] = of_another_boot.started[0] == '1' ? '2' : '1';
  EXPECT_FALSE(children.runs(of_another_boot));
}

TEST_F(RealChildren,
       what_it_started_is_ended_with_it_even_in_other_sessions_and_after_its_own_end) {
  const Child child = start(
      {"sh", "-c",
       "sleep 61 & setsid sleep 62 & echo $!; (setsid sh -c 'sleep 63 & sleep 64' &); exit 0"});
  EXPECT_TRUE(within_five_seconds([&] { return !children.runs(child); }));
  EXPECT_TRUE(within_five_seconds([&] { return children.members(child).size() == 5; }))
      << children.members(child).size();
  children.signal(child, SIGTERM);
  EXPECT_TRUE(within_five_seconds([&] { return children.members(child).empty(); }));
}

TEST_F(RealChildren, one_that_cannot_be_run_is_told) {
  for (const auto& [word, why] : {std::pair("no-such-program", "No such file"),
                                  std::pair("/etc/passwd", "ermission denied")}) {
    try {
      start({word});
      ADD_FAILURE() << word;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::outside);
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  }
}

TEST(ProcessStat, names_may_hold_anything) {
  const ProcessStat stat =
      parse_process_stat("42 (a) R (b) S 1 40 40 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 98765 1 2\n");
  EXPECT_EQ(stat.pid, 42);
  EXPECT_EQ(stat.state, 'S');
  EXPECT_EQ(stat.group, 40);
  EXPECT_EQ(stat.start_ticks, "98765");
  for (const char* text : {"", "42", "42 (a", "42 (a)", ") 1 (", "42 (a) S 1 2"})
    EXPECT_EQ(parse_process_stat(text).pid, 0);
}

}  // namespace
}  // namespace autopilot
