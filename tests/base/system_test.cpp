#include "core/base/system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <set>

#include "core/base/error.h"
#include "core/base/signals.h"
#include "tests/state/scratch.h"

namespace autopilot {
namespace {

using testing::Scratch;

class SystemWorld : public ::testing::Test {
 protected:
  Scratch scratch;
  System system;
  Files& files = system.world().files;

  std::string fault(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::storage);
      return e.what();
    }
    return "none";
  }
};

TEST_F(SystemWorld, writes_and_reads_files_as_a_whole) {
  const std::string path = scratch.path("a.txt");
  files.write(path, "one");
  files.write(path, std::string("two\0three", 9));
  EXPECT_EQ(files.read(path), std::string("two\0three", 9));
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"a.txt"});
}

TEST_F(SystemWorld, a_file_that_is_replaced_keeps_its_mode_and_a_link_stays_a_link) {
  files.write(scratch.path("secret"), "one");
  ::chmod(scratch.path("secret").c_str(), 0600);
  ASSERT_EQ(::symlink("secret", scratch.path("link").c_str()), 0);
  files.write(scratch.path("link"), "two");
  EXPECT_EQ(scratch.read("secret"), "two");
  struct stat s {};
  ::lstat(scratch.path("link").c_str(), &s);
  EXPECT_TRUE(S_ISLNK(s.st_mode));
  ::stat(scratch.path("secret").c_str(), &s);
  EXPECT_EQ(s.st_mode & 07777, 0600u);
}

TEST_F(SystemWorld, a_device_is_written_to_and_never_replaced) {
  ASSERT_EQ(::mkfifo(scratch.path("pipe").c_str(), 0600), 0);
  const int reader = ::open(scratch.path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  files.write(scratch.path("pipe"), "hello");
  char buffer[16] = {};
  EXPECT_EQ(::read(reader, buffer, sizeof buffer), 5);
  ::close(reader);
  struct stat s {};
  ::stat(scratch.path("pipe").c_str(), &s);
  EXPECT_TRUE(S_ISFIFO(s.st_mode));
}

TEST_F(SystemWorld, create_refuses_a_file_that_exists) {
  files.create(scratch.path("a"), "one");
  EXPECT_NE(fault([&] { files.create(scratch.path("a"), "two"); }).find("File exists"),
            std::string::npos);
  EXPECT_EQ(scratch.read("a"), "one");
}

TEST_F(SystemWorld, a_full_disk_leaves_the_old_file_and_no_litter) {
  files.write(scratch.path("a"), "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string big(5000, 'x');
  const std::string on_write = fault([&] { files.write(scratch.path("a"), big); });
  const std::string on_create = fault([&] { files.create(scratch.path("b"), big); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(on_write, "cannot write " + scratch.path("a") + ": File too large");
  EXPECT_EQ(on_create, "cannot write " + scratch.path("b") + ": File too large");
  EXPECT_EQ(scratch.read("a"), "old");
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"a"});
}

TEST_F(SystemWorld, names_the_path_that_it_cannot_read) {
  EXPECT_EQ(fault([&] { files.read("/nowhere/x"); }),
            "cannot read /nowhere/x: No such file or directory");
  EXPECT_EQ(fault([&] { files.read(scratch.path("")); }),
            "cannot read " + scratch.path("") + ": Is a directory");
  EXPECT_EQ(fault([&] { files.list("/nowhere"); }),
            "cannot read folder /nowhere: No such file or directory");
}

TEST_F(SystemWorld, lists_entries_sorted_and_knows_folders) {
  files.make_directories(scratch.path("b/c"));
  files.make_directories(scratch.path("b/c"));
  scratch.write("a.yaml", "");
  scratch.write("B", "");
  ASSERT_EQ(::symlink("b", scratch.path("z").c_str()), 0);
  std::string seen;
  for (const FileEntry& e : files.list(scratch.path("")))
    seen += e.name + (e.is_directory ? "/ " : " ");
  EXPECT_EQ(seen, "B a.yaml b/ z/ ");
  EXPECT_NE(fault([&] { files.make_directories(scratch.path("a.yaml/x")); }), "none");
}

TEST_F(SystemWorld, removing_what_is_absent_is_fine) {
  files.remove(scratch.path("a"));
  scratch.write("a", "");
  files.remove(scratch.path("a"));
  EXPECT_FALSE(files.exists(scratch.path("a")));
}

TEST_F(SystemWorld, randomness_does_not_repeat) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(system.world().random.next());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST_F(SystemWorld, knows_itself) {
  Environment& environment = system.world().environment;
  EXPECT_TRUE(environment.process_alive(environment.process_id()));
  EXPECT_FALSE(environment.process_alive(0x3fffffff));
  EXPECT_NE(environment.process_start(environment.process_id()), "");
  EXPECT_EQ(environment.process_start(0x3fffffff), "");
  EXPECT_FALSE(environment.user().empty());
  EXPECT_FALSE(environment.host().empty());
  EXPECT_EQ(environment.get("AUTOPILOT_NO_SUCH_VARIABLE"), std::nullopt);
}

TEST_F(SystemWorld, feeds_a_program_and_tells_how_it_ended) {
  std::signal(SIGPIPE, SIG_IGN);  // as main does
  Processes& processes = system.world().processes;
  const std::string out = scratch.path("out");
  EXPECT_EQ(processes.feed({"sh", "-c", "cat > " + out + "; exit 3"}, "hello"), 3);
  EXPECT_EQ(scratch.read("out"), "hello");
  EXPECT_EQ(processes.feed({"sh", "-c", "kill -9 $$"}, ""), 128 + 9);
  EXPECT_EQ(processes.feed({"no-such-program-here"}, "x"), std::nullopt);
  EXPECT_EQ(processes.feed({"true"}, std::string(1 << 20, 'x')), 0);
  EXPECT_EQ(processes.find("no-such-program-here"), "");
  EXPECT_EQ(processes.find("sh").substr(0, 1), "/");
}

class Capturing : public SystemWorld {
 protected:
  Capturing() { std::signal(SIGPIPE, SIG_IGN); }  // as main does
  Captured sh(const std::string& script, std::string_view input = {}, CaptureLimits limits = {}) {
    return system.world().processes.capture({"sh", "-c", script}, input, limits);
  }
  using End = Captured::End;
};

TEST_F(Capturing, keeps_both_streams_and_the_status) {
  const Captured ran = sh("cat; echo no >&2; exit 3", "hello");
  EXPECT_EQ(ran.end, End::exited);
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "hello");
  EXPECT_EQ(ran.err, "no\n");
  EXPECT_FALSE(ran.ok());
}

TEST_F(Capturing, passes_more_than_a_pipe_holds_in_both_directions) {
  const std::string much(600'000, 'x');
  EXPECT_EQ(sh("cat", much).out, much);
  EXPECT_TRUE(sh("exec <&-; true", much).ok());  // it need not read all
}

TEST_F(Capturing, tells_why_a_program_did_not_start_or_how_it_died) {
  const auto start = [&](const std::string& name) {
    return system.world().processes.capture({name}, "", {});
  };
  EXPECT_EQ(start("no-such-program-here").end, End::not_started);
  EXPECT_EQ(start("no-such-program-here").status, ENOENT);
  scratch.write("plain", "text");
  EXPECT_EQ(start(scratch.path("plain")).status, EACCES);
  EXPECT_EQ(sh("kill -9 $$").end, End::killed);
  EXPECT_EQ(sh("kill -9 $$").status, SIGKILL);
}

TEST_F(Capturing, signals_that_we_catch_reach_what_we_start) {
  const CaughtSignals caught{SIGTERM};
  EXPECT_EQ(sh("kill -TERM $$; echo it lives on").status, SIGTERM);
}

TEST_F(Capturing, no_shell_reads_the_words) {
  const Captured ran = system.world().processes.capture({"echo", "$HOME; `id` *"}, "", {});
  EXPECT_EQ(ran.out, "$HOME; `id` *\n");
}

TEST_F(Capturing, ends_what_takes_too_long_with_all_that_it_started) {
  CaptureLimits limits;
  limits.time = Duration::milliseconds(200);
  const std::string mark = scratch.path("alive");
  const Captured ran = sh("(sleep 1; echo x > " + mark + ") & sleep 60", "", limits);
  EXPECT_EQ(ran.end, End::timed_out);
  // The same when it closed its streams, and when what it left behind has none.
  EXPECT_EQ(sh("exec >&- 2>&-; sleep 60", "", limits).end, End::timed_out);
  EXPECT_TRUE(sh("(sleep 1; echo x > " + mark + ") >/dev/null 2>&1 & true", "").ok());
  system.world().clock.sleep(Duration::milliseconds(1300));
  EXPECT_FALSE(files.exists(mark));
}

TEST_F(Capturing, does_not_wait_for_what_it_leaves_behind_with_its_streams) {
  const Captured ran = sh("head -c 300000 /dev/zero; setsid sleep 120 & echo $! >&2");
  EXPECT_EQ(ran.end, End::exited);
  EXPECT_EQ(ran.out.size(), 300'000u) << "all that it wrote itself";
  const pid_t left = std::atoi(ran.err.c_str());
  ASSERT_GT(left, 1);
  ::kill(left, SIGKILL);
}

TEST_F(Capturing, asks_what_it_started_to_end_once_it_is_woken) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  CaptureLimits limits;
  limits.wake_descriptor = ends[0];
  limits.grace = Duration::milliseconds(300);
  const Captured polite =
      sh("trap 'echo done; exit 4' INT; echo; while :; do sleep 0.01; done", "", limits);
  EXPECT_TRUE(polite.status == 4 || polite.status == SIGINT) << "before or after its trap";
  const Captured deaf = sh("trap '' INT; sleep 60", "", limits);
  EXPECT_TRUE(deaf.end == End::timed_out || deaf.end == End::killed);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Capturing, ends_what_writes_too_much) {
  CaptureLimits limits;
  limits.output = 1000;
  const Captured ran = sh("yes", "", limits);
  EXPECT_EQ(ran.end, End::too_long);
  EXPECT_EQ(ran.out.size(), 1000u);
}

TEST_F(Capturing, shows_the_program_only_the_variables_of_the_list) {
  ::setenv("AUTOPILOT_TEST_SECRET", "s3cret", 1);
  ::setenv("AUTOPILOT_TEST_PASSED", "passed", 1);
  CaptureLimits limits;
  limits.pass = {"AUTOPILOT_TEST_PASSED", "AUTOPILOT_TEST_ABSENT"};
  limits.set = {{"AUTOPILOT_TEST_SET", "set"}, {"LANG", "C"}};
  const std::string seen = sh("env", "", limits).out;
  EXPECT_EQ(seen.find("s3cret"), std::string::npos);
  EXPECT_NE(seen.find("AUTOPILOT_TEST_PASSED=passed\n"), std::string::npos);
  EXPECT_NE(seen.find("AUTOPILOT_TEST_SET=set\n"), std::string::npos);
  EXPECT_NE(seen.find("LANG=C\n"), std::string::npos);
  EXPECT_NE(seen.find("PATH="), std::string::npos);
  ::unsetenv("AUTOPILOT_TEST_SECRET");
  ::unsetenv("AUTOPILOT_TEST_PASSED");
}

TEST_F(Capturing, gives_the_program_no_file_of_ours_and_no_core_dump) {
  const int open = ::open("/dev/null", O_RDONLY);                      // not marked to be closed
  EXPECT_EQ(sh("ls /proc/self/fd | wc -l; ulimit -c").out, "4\n0\n");  // ls has opened one itself
  ::close(open);
}

TEST_F(Capturing, the_program_has_no_terminal_and_a_session_of_its_own) {
  EXPECT_EQ(sh("set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo own").out, "own\n");
}

}  // namespace
}  // namespace autopilot
