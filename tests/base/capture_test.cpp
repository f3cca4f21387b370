// What becomes of a program when the process that started it is stopped or killed.
#include "core/base/capture.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace autopilot {
namespace {

using namespace std::chrono_literals;

class CaptureTest : public ::testing::Test {
 protected:
  CaptureTest() {
    char name[] = "/tmp/autopilot-capture-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~CaptureTest() override {
    if (starter_ > 0) {
      ::kill(starter_, SIGKILL);
      ::waitpid(starter_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  // A process of its own that runs `script` with `input`.
  void run_in_a_process(const std::string& script, const std::string& input) {
    starter_ = ::fork();
    if (starter_ != 0) return;
    ::signal(SIGPIPE, SIG_IGN);
    CaptureLimits limits;
    limits.time = Duration::seconds(60);
    run_captured({"/bin/sh", {"sh", "-c", script}, {"PATH=/usr/bin:/bin", "F=" + folder_}}, input,
                 limits);
    ::_exit(0);
  }
  void kill_the_process() {
    ::kill(starter_, SIGKILL);
    ::waitpid(starter_, nullptr, 0);
    starter_ = -1;
  }

  // Once it is there, at most half a minute from now.
  std::string read_once_there(const std::string& name) const {
    const std::string path = folder_ + "/" + name;
    for (int i = 0; i < 6000 && !std::filesystem::exists(path); ++i)
      std::this_thread::sleep_for(5ms);
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
  pid_t starter_ = -1;
};

TEST_F(CaptureTest, what_a_program_reads_is_whole_though_its_starter_stands_still) {
  for (const std::size_t size : {0u, 40'000u, 300'000u}) {
    std::filesystem::remove(folder_ + "/got");
    run_in_a_process("kill -STOP $PPID; wc -c >$F/new; mv $F/new $F/got", std::string(size, 'x'));
    EXPECT_EQ(read_once_there("got"), std::to_string(size) + "\n");
    kill_the_process();
  }
}

TEST_F(CaptureTest, a_program_ends_with_the_process_that_started_it) {
  run_in_a_process("echo $$ >$F/new; mv $F/new $F/pid; exec sleep 60", "");
  const pid_t program = std::stoi("0" + read_once_there("pid"));
  ASSERT_GT(program, 0);
  ASSERT_EQ(::kill(program, 0), 0);
  kill_the_process();
  // Nobody of ours waits for it: it is gone, or a zombie until its new parent looks.
  const auto is_there = [&] {
    std::ifstream stat("/proc/" + std::to_string(program) + "/stat");
    std::string line;
    return std::getline(stat, line) && line.find(") Z ") == std::string::npos;
  };
  for (int i = 0; i < 6000 && is_there(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(is_there());
}

TEST_F(CaptureTest, a_program_may_read_more_than_the_system_holds_for_it) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::string input(3'000'000, 'x');
  CaptureLimits limits;
  limits.time = Duration::seconds(60);
  limits.output = 100;
  const Captured done =
      run_captured({"/bin/sh", {"sh", "-c", "wc -c"}, {"PATH=/usr/bin:/bin"}}, input, limits);
  EXPECT_EQ(done.end, Captured::End::exited);
  EXPECT_EQ(std::stoi(done.out), 3'000'000);
}

}  // namespace
}  // namespace autopilot
