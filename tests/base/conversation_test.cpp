#include "core/base/conversation.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>

#include "core/base/signals.h"
#include "core/base/system.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot {
namespace {

class ConversationTest : public ::testing::Test {
 protected:
  std::unique_ptr<Conversation> with(const std::string& script) {
    return system_.world().processes.converse({"sh", "-c", script});
  }
  static CaptureLimits brief() {
    CaptureLimits limits;
    limits.time = Duration::milliseconds(200);
    return limits;
  }

  ConversationTest() { std::signal(SIGPIPE, SIG_IGN); }  // as main does

  System system_;
  testing::Scratch scratch_;
};

TEST_F(ConversationTest, one_program_answers_all_requests) {
  const std::string starts = scratch_.path("starts");
  const auto echo = with("echo started >> " + starts + "; exec cat");
  for (const std::string& text : {std::string("a"), std::string(), std::string(1 << 19, 'x')}) {
    const Captured answer = echo->ask(text, {});
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.out, text);
  }
  EXPECT_EQ(system_.world().files.read(starts), "started\n");
}

TEST_F(ConversationTest, a_program_that_ends_instead_is_told_and_the_next_request_starts_another) {
  const auto once = with("head -c 8 > /dev/null; echo gone >&2; exit 3");
  for (int i = 0; i < 2; ++i) {
    const Captured answer = once->ask("", {});
    EXPECT_EQ(answer.end, Captured::End::exited);
    EXPECT_EQ(answer.status, 3);
    EXPECT_FALSE(answer.ok());
  }
  EXPECT_FALSE(with("head -c 8 > /dev/null")->ask("", {}).ok()) << "it owes an answer";
}

TEST_F(ConversationTest, what_takes_too_long_or_says_too_much_is_ended) {
  EXPECT_EQ(with("sleep 10")->ask("", brief()).end, Captured::End::timed_out);
  CaptureLimits small;
  small.output = 100;
  EXPECT_EQ(with("exec cat")->ask(std::string(1000, 'x'), small).end, Captured::End::too_long);
}

TEST_F(ConversationTest, a_program_that_is_not_there_is_not_started) {
  const auto none = system_.world().processes.converse({"/no/such/program"});
  EXPECT_EQ(none->ask("", {}).end, Captured::End::not_started);
}

TEST_F(ConversationTest, a_descriptor_wakes_the_program_that_is_at_work) {
  CaughtSignals caught{SIGUSR1};
  ::kill(::getpid(), SIGUSR1);
  EXPECT_TRUE(caught.any_came());
  CaptureLimits limits;
  limits.wake_descriptor = caught.descriptor();
  const Captured answer = with("exec sleep 10")->ask("", limits);
  EXPECT_EQ(answer.end, Captured::End::killed);
  EXPECT_EQ(answer.status, SIGINT);
  EXPECT_EQ(caught.take(), std::vector<int>{SIGUSR1});
  EXPECT_FALSE(caught.any_came());
}

TEST(conversation, by_other_processes_is_a_run_for_each_request) {
  testing::FakeProcesses processes;
  processes.answer = [](const testing::FakeProcesses::Call& call) {
    std::string_view bytes;
    EXPECT_TRUE(unframe(call.input, bytes));
    return Captured{Captured::End::exited, 0, framed(std::string(bytes) + "!"), ""};
  };
  const auto talk = processes.converse({"solver"});
  EXPECT_EQ(talk->ask("one", {}).out, "one!");
  EXPECT_EQ(talk->ask("two", {}).out, "two!");
  EXPECT_EQ(processes.captured.size(), 2u);
}

TEST(conversation, a_frame_is_whole_or_not_there) {
  std::string_view bytes;
  const std::string frame = framed("text");
  for (std::size_t n = 0; n < frame.size(); ++n) EXPECT_FALSE(unframe(frame.substr(0, n), bytes));
  const std::string two = frame + frame;
  ASSERT_TRUE(unframe(two, bytes));
  EXPECT_EQ(bytes, "text");
}

}  // namespace
}  // namespace autopilot
