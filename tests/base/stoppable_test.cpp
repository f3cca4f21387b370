// Work that is told to stop waits for nothing any more, whatever it waited for.
#include "core/base/stoppable.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "core/base/system.h"

namespace autopilot {
namespace {

constexpr auto kBefore = std::chrono::milliseconds(150);  // it is told to
constexpr auto kSoon = std::chrono::seconds(10);          // on a busy machine
constexpr Duration kLong = Duration::seconds(60);

// Takes connections and never answers.
class Silent {
 public:
  Silent() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Silent() { ::close(listener_); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  int port = 0;

 private:
  int listener_;
};

// A zombie does not: whoever inherited it has not waited for it yet.
bool lives(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const ProcessStat stat = parse_process_stat(text);
  return stat.pid != 0 && stat.state != 'Z';
}

class StoppableTest : public ::testing::Test {
 protected:
  System system;
  Stop stop;
  StoppableWorld stoppable{system.world(), stop};
  World& world = stoppable.world();

  // Whether it returns soon when it is told to while it waits.
  bool ends(const std::function<void()>& work) {
    const auto begun = std::chrono::steady_clock::now();
    std::thread asking([&] {
      std::this_thread::sleep_for(kBefore);
      stop.ask();
    });
    work();
    const auto took = std::chrono::steady_clock::now() - begun;
    asking.join();
    return took >= kBefore && took < kSoon;
  }
  Captured sh(const std::string& script, Duration grace = kLong) {
    CaptureLimits limits;
    limits.time = kLong;
    limits.grace = grace;
    return world.processes.capture({"sh", "-c", script}, "", limits);
  }
};

TEST_F(StoppableTest, a_program_is_ended_with_what_it_started) {
  Captured ran;
  EXPECT_TRUE(ends([&] { ran = sh("sleep 61 & echo $!; wait"); }));
  EXPECT_EQ(ran.end, Captured::End::killed);
  EXPECT_EQ(ran.status, SIGTERM);
  const pid_t left = std::atoi(ran.out.c_str());
  ASSERT_GT(left, 1);
  for (int i = 0; i < 500 && lives(left); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(lives(left));
}

TEST_F(StoppableTest, a_program_may_clean_up) {
  Captured ran;
  EXPECT_TRUE(
      ends([&] { ran = sh("trap 'echo tidy; exit 3' TERM; echo; while :; do sleep 0.02; done"); }));
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "\ntidy\n");
}

TEST_F(StoppableTest, a_program_that_is_deaf_is_killed) {
  EXPECT_TRUE(ends([&] {
    EXPECT_FALSE(sh("trap '' TERM; while :; do sleep 1; done", Duration::milliseconds(100)).ok());
  }));
}

TEST_F(StoppableTest, a_program_that_closed_its_streams_is_ended_too) {
  EXPECT_TRUE(ends([&] { EXPECT_FALSE(sh("exec >&- 2>&-; sleep 61").ok()); }));
}

TEST_F(StoppableTest, a_request_is_given_up) {
  const Silent server;
  HttpRequest request;
  request.url = "http://" + server.address() + "/";
  request.timeout = kLong;
  HttpResult result;
  EXPECT_TRUE(ends([&] { result = world.http.send(request); }));
  EXPECT_EQ(result.fault, HttpResult::Fault::stopped) << result.why;
}

TEST_F(StoppableTest, a_socket_that_does_not_answer_is_left) {
  const Silent server;
  SocketAnswer answer;
  EXPECT_TRUE(ends([&] { answer = world.sockets.exchange(server.address(), "hi\n", {kLong}); }));
  EXPECT_FALSE(answer.ok());
}

TEST_F(StoppableTest, load_ends) {
  const Silent server;
  WirePlan plan;
  plan.host = "127.0.0.1";
  plan.port = server.port;
  plan.request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_TRUE(ends([&] {
    const WireOpened opened = world.sockets.open_wire(plan);
    ASSERT_NE(opened.wire, nullptr) << opened.why;
    opened.wire->start(0);
    std::vector<WireEvent> events;
    const std::int64_t end = world.clock.monotonic_nanos() + kLong.nanos;
    while (!opened.wire->wait(end, events) && world.clock.monotonic_nanos() < end) {
    }
  }));
}

TEST_F(StoppableTest, a_sleep_is_cut_short) {
  EXPECT_TRUE(ends([&] { world.clock.sleep(kLong); }));
}

TEST_F(StoppableTest, nothing_begins_afterwards) {
  const Silent server;
  stop.ask();
  stop.ask();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(sh("sleep 61").ok());
  HttpRequest request;
  request.url = "http://" + server.address() + "/";
  EXPECT_EQ(world.http.send(request).fault, HttpResult::Fault::stopped);
  EXPECT_FALSE(world.sockets.exchange(server.address(), "hi\n", {kLong}).ok());
  EXPECT_FALSE(world.sockets.connect(server.address(), {kLong}).ok());
  EXPECT_EQ(world.sockets.open_wire({}).wire, nullptr);
  world.clock.sleep(kLong);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kSoon);
}

TEST_F(StoppableTest, what_is_not_stopped_works_as_ever) {
  const Captured ran = sh("echo hello");
  EXPECT_TRUE(ran.ok());
  EXPECT_EQ(ran.out, "hello\n");
}

}  // namespace
}  // namespace autopilot
