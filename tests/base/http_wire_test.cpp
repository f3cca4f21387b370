#include "core/base/http_wire.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

#include "tests/web_server.h"

namespace autopilot {
namespace {

using testing::unused_port;
using testing::WebAnswer;
using testing::WebRequest;
using testing::WebServer;
using State = ResponseReader::State;

State read(const std::string& text, std::size_t piece, bool has_body = true) {
  ResponseReader reader;
  reader.begin(has_body);
  State state = State::more;
  for (std::size_t at = 0; at < text.size() && state == State::more; at += piece)
    state = reader.take(std::string_view(text).substr(at, piece));
  return state;
}

TEST(ResponseReader, reads_every_form_of_answer_in_pieces_of_any_size) {
  for (const std::string whole :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: "
        "1\r\n\r\n"}) {
    for (std::size_t piece = 1; piece <= whole.size(); ++piece)
      EXPECT_EQ(read(whole, piece), State::done) << whole << " by " << piece;
    EXPECT_EQ(read(whole.substr(0, whole.size() - 1), 3), State::more) << whole;
    EXPECT_EQ(read(whole + "x", 1000), State::malformed) << whole;
  }
}

TEST(ResponseReader, nonsense_is_malformed) {
  for (const std::string text :
       {"rubbish\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n"}) {
    for (const std::size_t piece : {1UL, 7UL, 1000UL})
      EXPECT_EQ(read(text, piece), State::malformed) << text;
  }
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), 1000), State::malformed);
}

TEST(ResponseReader, an_answer_without_length_ends_with_the_connection) {
  ResponseReader reader;
  reader.begin(true);
  EXPECT_EQ(reader.take("HTTP/1.1 200 OK\r\n\r\nbody"), State::more);
  EXPECT_EQ(reader.end(), State::done);
  EXPECT_FALSE(reader.keeps_connection());
  reader.begin(true);
  EXPECT_EQ(reader.take("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody"), State::more);
  EXPECT_EQ(reader.end(), State::malformed);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 5, false), State::done);
}

std::int64_t in(int milliseconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
             .count() +
         milliseconds * 1'000'000L;
}

class Wire : public ::testing::Test {
 protected:
  std::unique_ptr<HttpWire> open(int port, int connections = 4) {
    WirePlan plan;
    plan.host = "127.0.0.1";
    plan.port = port;
    plan.request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
    plan.connections = connections;
    return open_http_wire(plan).wire;
  }
  // The next event, within two seconds.
  WireEvent next(HttpWire& wire) {
    std::vector<WireEvent> events;
    for (int i = 0; i < 20 && events.empty(); ++i) wire.wait(in(100), events);
    if (events.size() != 1) ADD_FAILURE() << events.size() << " events";
    return events.empty() ? WireEvent{} : events[0];
  }
};

TEST_F(Wire, asks_on_many_connections_and_keeps_them) {
  std::atomic<int> n{0};
  WebServer server(
      [&](const WebRequest&) { return WebAnswer::says(++n % 2 == 0 ? 500 : 200, "hello"); });
  const auto wire = open(server.port());
  for (int round = 0; round < 3; ++round) {
    for (int c = 0; c < 4; ++c) wire->start(c);
    std::vector<WireEvent> events;
    for (int i = 0; i < 50 && events.size() < 4; ++i) wire->wait(in(50), events);
    ASSERT_EQ(events.size(), 4u);
    for (const WireEvent& e : events) {
      EXPECT_EQ(e.fault, WireEvent::Fault::none);
      EXPECT_TRUE(e.status == 200 || e.status == 500);
      EXPECT_GT(e.bytes, 40u);
    }
  }
  EXPECT_EQ(server.requests().size(), 12u);
}

TEST_F(Wire, a_connection_that_was_closed_is_opened_again) {
  WebServer server([](const WebRequest&) {
    WebAnswer a = WebAnswer::says(200, "bye", "text/plain", "Connection: close\r\n");
    a.close = true;
    return a;
  });
  const auto wire = open(server.port());
  for (int i = 0; i < 3; ++i) {
    wire->start(0);
    EXPECT_EQ(next(*wire).status, 200);
  }
}

TEST_F(Wire, tells_what_went_wrong) {
  using Fault = WireEvent::Fault;
  {
    const auto wire = open(unused_port());
    wire->start(0);
    EXPECT_EQ(next(*wire).fault, Fault::refused);
  }
  const auto fault_of = [&](const std::string& bytes) {
    WebServer server([&](const WebRequest&) { return WebAnswer{bytes, {}, {}, true}; });
    const auto wire = open(server.port());
    wire->start(0);
    return next(*wire).fault;
  };
  EXPECT_EQ(fault_of(""), Fault::closed);
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), Fault::closed);
  EXPECT_EQ(fault_of("rubbish\r\n\r\n"), Fault::malformed);
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\n\r\nwhole"), Fault::none);
}

TEST_F(Wire, a_dropped_request_is_not_heard_of_again) {
  WebServer server([](const WebRequest&) {
    WebAnswer a = WebAnswer::says(200, "late");
    a.delay = std::chrono::milliseconds(100);
    return a;
  });
  const auto wire = open(server.port());
  wire->start(0);
  std::vector<WireEvent> events;
  wire->wait(in(20), events);
  wire->drop(0);
  wire->wait(in(200), events);
  EXPECT_TRUE(events.empty());
  wire->start(0);
  EXPECT_EQ(next(*wire).status, 200);
}

TEST_F(Wire, waits_no_longer_than_it_is_told) {
  WebServer server([](const WebRequest&) { return WebAnswer{}; });
  const auto wire = open(server.port());
  std::vector<WireEvent> events;
  const std::int64_t until = in(30);
  EXPECT_FALSE(wire->wait(until, events));
  EXPECT_GE(in(0), until);
}

TEST_F(Wire, an_interrupt_is_told_and_ends_nothing) {
  const auto wire = open(unused_port());
  ::kill(::getpid(), SIGINT);
  std::vector<WireEvent> events;
  EXPECT_TRUE(wire->wait(in(500), events));
}

TEST(WireOpen, only_addresses_within_reach) {
  WirePlan plan;
  plan.host = "8.8.8.8";
  EXPECT_EQ(open_http_wire(plan).why, "8.8.8.8 is another machine");
  plan.host = "169.254.169.254";
  plan.reach = HttpReach::no_metadata;
  EXPECT_NE(open_http_wire(plan).why.find("is at an address that is never asked"),
            std::string::npos);
  plan.host = "no-such-host.invalid";
  EXPECT_NE(open_http_wire(plan).why.find("no address is known for no-such-host.invalid"),
            std::string::npos);
}

}  // namespace
}  // namespace autopilot
