#include "core/base/http_curl.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "core/base/sockets.h"
#include "tests/web_server.h"

namespace autopilot {
namespace {

using std::chrono::milliseconds;
using testing::unused_port;
using testing::WebAnswer;
using testing::WebRequest;
using testing::WebServer;
using Fault = HttpResult::Fault;

class HttpCurl : public ::testing::Test {
 protected:
  std::unique_ptr<Http> http = system_http();

  HttpResult get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.timeout = Duration::milliseconds(400);
    return http->send(request);
  }
};

TEST_F(HttpCurl, an_answer_comes_with_status_headers_and_body_whatever_the_status) {
  WebServer server([](const WebRequest& r) {
    return WebAnswer::says(r.target == "/gone" ? 410 : 200, "hello", "text/plain", "X-One: 1\r\n");
  });
  const HttpResult ok = get(server.url("/a?b=c"));
  ASSERT_TRUE(ok.ok()) << ok.why;
  EXPECT_EQ(ok.response.status, 200);
  EXPECT_EQ(ok.response.body, "hello");
  EXPECT_EQ(ok.response.header("content-type"), "text/plain");
  EXPECT_EQ(ok.response.header("x-one"), "1");
  EXPECT_GT(ok.response.took.nanos, 0);
  EXPECT_EQ(get(server.url("/gone")).response.status, 410);
  EXPECT_EQ(server.requests()[0].target, "/a?b=c");
}

TEST_F(HttpCurl, sends_the_method_the_headers_and_the_body_as_they_are) {
  WebServer server([](const WebRequest&) { return WebAnswer::says(201, "{}"); });
  HttpRequest request;
  request.url = server.url("/x");
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    request.method = method;
    request.body = std::string("a\0b", 3);
    request.headers = {{"X-Token", "s3cret"}, {"X-Empty", ""}};
    ASSERT_TRUE(http->send(request).ok());
    const WebRequest got = server.requests().back();
    EXPECT_EQ(got.method, method);
    EXPECT_EQ(got.body, request.body);
    EXPECT_EQ(got.header("X-Token"), "s3cret");
    EXPECT_NE(got.head.find("X-Empty:"), std::string::npos);
    EXPECT_EQ(got.header("Content-Type"), "");
    EXPECT_EQ(got.header("Expect"), "");
  }
  request.method = "HEAD";
  request.body.clear();
  WebServer heads([](const WebRequest&) {
    return WebAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {}, {}, false};
  });
  request.url = heads.url();
  EXPECT_TRUE(http->send(request).ok());
}

TEST_F(HttpCurl, nothing_listens_there) {
  const HttpResult result = get("http://127.0.0.1:" + std::to_string(unused_port()) + "/");
  EXPECT_EQ(result.fault, Fault::unreachable);
  EXPECT_NE(result.why.find("cannot connect to http://127.0.0.1:"), std::string::npos);
  EXPECT_NE(result.hint.find("is it running"), std::string::npos);
}

TEST_F(HttpCurl, a_slow_answer_ends_at_the_timeout_even_when_it_trickles) {
  WebServer late([](const WebRequest&) {
    WebAnswer answer = WebAnswer::says(200, "late");
    answer.delay = milliseconds(2000);
    return answer;
  });
  WebServer trickle([](const WebRequest&) {
    WebAnswer answer = WebAnswer::says(200, std::string(1000, 'x'));
    answer.per_byte = milliseconds(20);
    return answer;
  });
  for (const std::string& url : {late.url(), trickle.url()}) {
    const HttpResult result = get(url);
    EXPECT_EQ(result.fault, Fault::timeout);
    EXPECT_EQ(result.why, url + " did not answer within 400ms");
  }
}

TEST_F(HttpCurl, a_body_that_is_too_long_is_refused_with_or_without_a_length) {
  WebServer honest([](const WebRequest&) { return WebAnswer::says(200, std::string(5000, 'x')); });
  WebServer endless([](const WebRequest&) {
    return WebAnswer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'), {}, {}, true};
  });
  for (const std::string& url : {honest.url(), endless.url()}) {
    HttpRequest request;
    request.url = url;
    request.most_bytes = 1000;
    const HttpResult result = http->send(request);
    EXPECT_EQ(result.fault, Fault::too_long);
    EXPECT_EQ(result.why, "the answer of " + url + " has more than 1000 bytes");
  }
}

TEST_F(HttpCurl, a_head_without_end_is_cut_off) {
  WebServer server([](const WebRequest&) {
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 20'000; ++i) head += "X-" + std::to_string(i) + ": 0123456789\r\n";
    return WebAnswer{head + "\r\n", {}, {}, true};
  });
  EXPECT_FALSE(get(server.url()).ok());
}

TEST_F(HttpCurl, what_is_no_http_or_ends_early_is_a_fault_and_no_crash) {
  for (const char* bytes :
       {"", "rubbish\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 abc\r\n\r\n", "\r\n"}) {
    WebServer server([&](const WebRequest&) { return WebAnswer{bytes, {}, {}, true}; });
    const HttpResult result = get(server.url());
    EXPECT_EQ(result.fault, Fault::broken) << bytes;
    EXPECT_FALSE(result.why.empty());
  }
}

TEST_F(HttpCurl, redirects_are_answers_unless_they_are_asked_to_be_followed) {
  WebServer server([](const WebRequest& r) {
    if (r.target == "/loop") return WebAnswer::says(302, "", "text/plain", "Location: /loop\r\n");
    if (r.target == "/file")
      return WebAnswer::says(302, "", "text/plain", "Location: file:///etc/passwd\r\n");
    if (r.target == "/post") return WebAnswer::says(303, "", "text/plain", "Location: /end\r\n");
    return WebAnswer::says(200, r.method);
  });
  EXPECT_EQ(get(server.url("/loop")).response.status, 302);
  HttpRequest request;
  request.url = server.url("/loop");
  request.redirects = 3;
  const HttpResult loop = http->send(request);
  EXPECT_EQ(loop.fault, Fault::redirects);
  EXPECT_NE(loop.why.find("more than 3 times"), std::string::npos);
  request.url = server.url("/file");
  EXPECT_EQ(http->send(request).fault, Fault::redirects);
  request.url = server.url("/post");
  request.method = "POST";
  request.body = "x";
  EXPECT_EQ(http->send(request).response.body, "GET");
}

TEST_F(HttpCurl, headers_are_not_taken_along_to_another_origin) {
  WebServer other([](const WebRequest&) { return WebAnswer::says(200, "other"); });
  WebServer server([&](const WebRequest& r) {
    return WebAnswer::says(307, "", "text/plain",
                           "Location: " + (r.target == "/here" ? "/end" : other.url()) + "\r\n");
  });
  HttpRequest request;
  request.url = server.url("/");
  request.redirects = 1;
  request.headers = {{"X-Token", "s3cret"}};
  EXPECT_EQ(http->send(request).response.body, "other");
  EXPECT_EQ(other.requests()[0].header("X-Token"), "");
  request.url = server.url("/here");
  http->send(request);
  EXPECT_EQ(server.requests().back().header("X-Token"), "s3cret");
}

TEST_F(HttpCurl, only_http_is_spoken) {
  for (const char* url :
       {"file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1/", "ftp://x", "127.0.0.1",
        "", "http://", "http://a b/", "http://[::1", "http://:80:80/", "https//x"}) {
    const HttpResult result = get(url);
    EXPECT_EQ(result.fault, Fault::bad_request) << url << ": " << result.why;
  }
}

TEST_F(HttpCurl, line_breaks_cannot_smuggle_headers) {
  HttpRequest request;
  request.url = "http://127.0.0.1/";
  request.headers = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_EQ(http->send(request).why, "the value of the header X-A holds a line break");
  request.headers = {{"X-A: 1\r\nX-B", "2"}};
  EXPECT_EQ(http->send(request).fault, Fault::bad_request);
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(http->send(request).fault, Fault::bad_request);
  request.method = "GET";
  request.url = "http://127.0.0.1/\r\nX-B: 2";
  EXPECT_EQ(http->send(request).fault, Fault::bad_request);
}

TEST_F(HttpCurl, an_address_out_of_reach_is_refused_however_it_is_spelt) {
  WebServer server([](const WebRequest&) { return WebAnswer::says(200, "reached"); });
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const std::string host : {"127.0.0.1", "2130706433", "0x7f.1", "127.1", "017700000001",
                                 "[::ffff:127.0.0.1]", "localhost", "0.0.0.0"}) {
    HttpRequest request;
    request.url = "http://" + host + port;
    request.reach = HttpReach::public_only;
    request.timeout = Duration::seconds(2);
    const HttpResult result = http->send(request);
    EXPECT_EQ(result.fault, Fault::refused) << host << ": " << result.why;
  }
  EXPECT_TRUE(server.requests().empty());
  EXPECT_EQ(get("http://169.254.169.254/latest/").fault, Fault::refused);
  HttpRequest request;
  request.url = server.url();
  request.reach = HttpReach::loopback_only;
  EXPECT_EQ(http->send(request).response.body, "reached");
}

TEST_F(HttpCurl, a_connection_kept_from_before_does_not_widen_the_reach) {
  WebServer server([](const WebRequest&) { return WebAnswer::says(200, "reached"); });
  EXPECT_TRUE(get(server.url()).ok());
  HttpRequest request;
  request.url = server.url();
  request.reach = HttpReach::public_only;
  EXPECT_EQ(http->send(request).fault, Fault::refused);
}

TEST_F(HttpCurl, proxies_of_the_environment_are_left_aside_unless_wanted) {
  WebServer proxy([](const WebRequest&) { return WebAnswer::says(200, "by proxy"); });
  WebServer server([](const WebRequest&) { return WebAnswer::says(200, "direct"); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  EXPECT_EQ(get(server.url()).response.body, "direct");
  HttpRequest request;
  request.url = server.url();
  request.proxy_from_environment = true;
  EXPECT_EQ(http->send(request).response.body, "by proxy");
  ::unsetenv("http_proxy");
}

TEST_F(HttpCurl, faults_never_hold_passwords_queries_or_headers) {
  HttpRequest request;
  request.url =
      "http://ada:hunter2@127.0.0.1:" + std::to_string(unused_port()) + "/p?token=hunter2";
  request.headers = {{"Authorization", "Bearer hunter2"}};
  const HttpResult result = http->send(request);
  EXPECT_EQ((result.why + result.hint).find("hunter2"), std::string::npos);
}

TEST_F(HttpCurl, plain_http_where_tls_is_wanted_is_told_as_such) {
  WebServer server([](const WebRequest&) { return WebAnswer{"no TLS here\r\n", {}, {}, true}; });
  // The server waits for the end of a head; the client's first TLS record holds none.
  const HttpResult result = get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT_TRUE(result.fault == Fault::tls || result.fault == Fault::timeout) << result.why;
}

TEST_F(HttpCurl, a_connection_is_used_again) {
  WebServer server([](const WebRequest& r) { return WebAnswer::says(200, r.head); });
  EXPECT_TRUE(get(server.url()).ok());
  EXPECT_TRUE(get(server.url()).ok());
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(HttpCurl, a_request_that_hangs_keeps_no_other_waiting) {
  WebServer hanging([](const WebRequest&) {
    WebAnswer answer = WebAnswer::says(200, "late");
    answer.delay = milliseconds(2000);
    return answer;
  });
  WebServer server([](const WebRequest&) { return WebAnswer::says(200, "quick"); });
  auto late = std::async(std::launch::async, [&] { return get(hanging.url()); });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get(server.url()).response.body, "quick");
  EXPECT_EQ(late.get().fault, Fault::timeout);
}

// A server of one connection: whether it is closed soon after its first answer.
class OneConnection {
 public:
  OneConnection() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    is_closed = std::async(std::launch::async, [this] { return serve(); });
  }
  ~OneConnection() { ::close(listener_); }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;
  std::string url;
  std::future<bool> is_closed;

 private:
  bool serve() const {
    const int fd = ::accept(listener_, nullptr, nullptr);
    char text[4096];
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    bool closed = ::recv(fd, text, sizeof text, 0) > 0 &&
                  ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) > 0;
    pollfd end{fd, POLLIN, 0};
    closed = closed && ::poll(&end, 1, 500) > 0 && ::recv(fd, text, sizeof text, 0) == 0;
    ::close(fd);
    return closed;
  }

  int listener_;
};

TEST_F(HttpCurl, a_connection_is_kept_unless_it_is_to_be_closed) {
  for (const bool closes : {false, true}) {
    OneConnection server;
    HttpRequest request;
    request.url = server.url;
    request.closes_connection = closes;
    ASSERT_TRUE(http->send(request).ok());
    EXPECT_EQ(server.is_closed.get(), closes);
  }
}

TEST(SystemSockets, asks_and_reads_until_the_other_side_closes) {
  WebServer server([](const WebRequest&) { return WebAnswer{"all\nof it\n", {}, {}, true}; });
  const auto sockets = system_sockets();
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(sockets->exchange(address, "ask\r\n\r\n", {Duration::seconds(2)}).text, "all\nof it\n");
  EXPECT_EQ(sockets->exchange("ipv4@" + address, "ask\r\n\r\n", {Duration::seconds(2)}).text,
            "all\nof it\n");
}

TEST(SystemSockets, says_what_kept_it_from_an_answer) {
  const auto sockets = system_sockets();
  const auto why = [&](const std::string& address) {
    return sockets->exchange(address, "ask\n", {Duration::milliseconds(200)}).why;
  };
  EXPECT_EQ(why("/nonexistent/a.sock"),
            "cannot connect to /nonexistent/a.sock: No such file or directory");
  EXPECT_NE(why("127.0.0.1:" + std::to_string(unused_port())).find("refused"), std::string::npos);
  EXPECT_EQ(why("nowhere"), "cannot connect to nowhere: No such file or directory");
  EXPECT_NE(why("/" + std::string(200, 'x')).find("the path has more than"), std::string::npos);
  WebServer silent([](const WebRequest&) { return WebAnswer{"x", {}, {}, false}; });
  EXPECT_EQ(why("127.0.0.1:" + std::to_string(silent.port())),
            "no answer from 127.0.0.1:" + std::to_string(silent.port()) + ": it took too long");
}

}  // namespace
}  // namespace autopilot
