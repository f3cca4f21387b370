#pragma once
// HTTP and plain sockets as the World offers them. What goes wrong on the way to an answer is an
// expected outcome, told in words that say what to do: nothing here throws on what a server does.
// Texts never hold headers, bodies, passwords or the query of a URL.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"

namespace autopilot {

// Which addresses a request may go to. Tested on the address that the socket is opened for, after
// names are resolved: a test of the URL's text is defeated by names, odd spellings and rebinding.
enum class HttpReach {
  no_metadata,    // all but link-local ones, where clouds keep their credentials
  public_only,    // for URLs that strangers choose: nothing private, local or reserved
  loopback_only,  // this machine
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https; nothing else is spoken
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // sent with any method when not empty
  Duration connect_timeout = Duration::seconds(5);
  Duration timeout = Duration::seconds(30);  // until the last byte, over all redirects
  std::size_t most_bytes = 4 << 20;          // of the answer's body
  int redirects = 0;                         // followed at most; headers stay with their origin
  HttpReach reach = HttpReach::no_metadata;
  // Closed afterwards: who waits until nothing is open to a slot would wait for it.
  bool closes_connection = false;
  bool proxy_from_environment = false;  // http_proxy and its like
  std::string unix_socket;              // path; empty: TCP
  std::string ca_file;       // PEM; empty: the system's. Certificates are always verified
  int stop_descriptor = -1;  // once it is readable, the request is given up
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  Duration took;

  // The first header of that name (lower case), or "".
  std::string_view header(std::string_view name) const;
};

struct HttpResult {
  enum class Fault {
    none,         // there is an answer, whatever its status
    bad_request,  // the URL, the method or a header cannot be sent
    refused,      // the address is out of reach (HttpReach)
    unresolved,
    unreachable,
    timeout,
    tls,
    too_long,
    broken,       // closed early, or not HTTP
    redirects,    // more than allowed, or to something that is not http
    unavailable,  // libcurl is not installed
    stopped,      // by us
  };
  Fault fault = Fault::none;
  std::string why;   // "cannot connect to http://127.0.0.1:9090: connection refused"
  std::string hint;  // what to do; may be empty
  HttpResponse response;

  bool ok() const { return fault == Fault::none; }
};

// From several threads at once. Connections are kept for the next request.
class Http {
 public:
  virtual ~Http() = default;
  virtual HttpResult send(const HttpRequest& request) = 0;
};

struct SocketAnswer {
  std::string text;
  std::string why;  // why there is none; empty: it is whole

  bool ok() const { return why.empty(); }
};

// The same request over and over on many connections at once, without waiting: what a generator of
// load needs. Plain HTTP/1.1; bodies of answers are counted and thrown away.
struct WirePlan {
  std::string host;  // a name or an address, without brackets
  int port = 80;
  std::string request;   // as it goes out, head and body
  bool has_body = true;  // of answers: false for HEAD
  int connections = 1;
  HttpReach reach = HttpReach::loopback_only;
  int stop_descriptor = -1;  // readable: as if the user asked to stop
};

struct WireEvent {
  enum class Fault {
    none,
    refused,    // no connection: nothing listens, or no route
    closed,     // closed before the answer was whole
    malformed,  // not HTTP
    local,      // this machine is out of ports or descriptors
  };
  int connection = 0;
  Fault fault = Fault::none;
  int status = 0;           // of an answer
  std::int64_t at = 0;      // monotonic ns
  std::uint64_t bytes = 0;  // received, head included
};

// Connections are opened by the first request on them, kept, and opened again when they were
// closed. While it lives, an interrupt (Ctrl-C) or a request to end does not end the process.
class HttpWire {
 public:
  virtual ~HttpWire() = default;
  // Sends the request. REQUIRES that the connection, 0-based, waits for no answer.
  virtual void start(int connection) = 0;
  // Waits until something happened or the monotonic clock shows `until`; appends what happened.
  // True when the user asked to stop.
  virtual bool wait(std::int64_t until, std::vector<WireEvent>& events) = 0;
  virtual void drop(int connection) = 0;  // closes it; its answer is not waited for
};

struct WireOpened {
  std::unique_ptr<HttpWire> wire;  // null: it cannot be
  std::string why;
};

struct SocketLimits {
  Duration time;
  int stop_descriptor = -1;  // once it is readable, the other side is not waited for
};

// Servers that answer one line and close, such as HAProxy's runtime API.
class Sockets {
 public:
  virtual ~Sockets() = default;
  virtual WireOpened open_wire(const WirePlan& plan) = 0;
  // Sends `text` and reads until the other side closes. `address`: a path of a Unix socket or
  // "host:port", each with HAProxy's prefix (unix@, ipv4@, ipv6@) or without.
  virtual SocketAnswer exchange(const std::string& address, std::string_view text,
                                const SocketLimits& limits) = 0;
  // Connects and closes again: `text` stays empty.
  virtual SocketAnswer connect(const std::string& address, const SocketLimits& limits) = 0;
};

// A URL as it may be shown: without user, password, query and fragment.
std::string shown_url(std::string_view url);

// Whether an address (4 bytes or 16, network order) is within reach.
bool within_reach(HttpReach reach, std::string_view address);

}  // namespace autopilot
