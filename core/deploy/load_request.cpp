#include "core/deploy/load_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/base/error.h"
#include "core/deploy/json_path.h"

namespace autopilot::deploy {
namespace {

struct Target {
  std::string host, authority, path;
  int port = 80;
};

[[noreturn]] void refuse_url(const std::string& url, const std::string& why) {
  throw Error(ErrorKind::usage, fmt::format("{} {}", shown_url(url), why),
              "write http://127.0.0.1:8080/path");
}

Target target_of(const std::string& url) {
  if (url.starts_with("https://")) {
    throw Error(ErrorKind::usage, "the generator of load speaks plain HTTP, not https",
                "load the service behind its TLS proxy, at its own port");
  }
  if (!url.starts_with("http://")) refuse_url(url, "is no URL that starts with http://");
  const std::string_view rest = std::string_view(url).substr(7);
  for (const char c : rest) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      refuse_url(url, "holds a space or a control character; write %20");
  }
  Target out;
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  out.authority = rest.substr(0, end);
  out.path = rest.substr(end, rest.find('#') - end);
  if (!out.path.starts_with('/')) out.path = "/" + out.path;
  if (out.authority.find('@') != std::string::npos)
    refuse_url(url, "holds a password; give --header 'Authorization: …'");
  const std::size_t bracket = out.authority.find(']');
  const std::size_t colon = out.authority.find(':', bracket == std::string::npos ? 0 : bracket);
  out.host = out.authority.substr(0, colon);
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) refuse_url(url, "names no host");
  if (colon == std::string::npos) return out;
  const auto port = parse_number(std::string_view(out.authority).substr(colon + 1));
  if (!port || *port < 1 || *port > 65535 || *port != std::floor(*port))
    refuse_url(url, "has no port between 1 and 65535");
  out.port = static_cast<int>(*port);
  return out;
}

bool has_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string request_text(const LoadPlan& plan, const Target& target) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", plan.method, target.path);
  bool has_host = false;
  for (const auto& [name, value] : plan.headers) {
    if (!is_token(name) || has_break(value)) {
      throw Error(ErrorKind::usage, "a header is not of the form NAME: VALUE");
    }
    has_host = has_host || name == "Host" || name == "host";
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!has_host) head += fmt::format("Host: {}\r\n", target.authority);
  if (!plan.body.empty() || plan.method == "POST" || plan.method == "PUT")
    head += fmt::format("Content-Length: {}\r\n", plan.body.size());
  return head + "User-Agent: autopilot/" AUTOPILOT_VERSION "\r\n\r\n" + plan.body;
}

}  // namespace

WirePlan wire_plan(const LoadPlan& plan) {
  if (!is_token(plan.method))
    throw Error(ErrorKind::usage, fmt::format("{} is no method of HTTP", plan.method),
                "write GET, POST, PUT or DELETE");
  const Target target = target_of(plan.url);
  WirePlan wire;
  wire.host = target.host;
  wire.port = target.port;
  wire.request = request_text(plan, target);
  wire.has_body = plan.method != "HEAD";
  wire.connections = plan.connections;
  wire.reach = plan.allow_remote ? HttpReach::no_metadata : HttpReach::loopback_only;
  return wire;
}

}  // namespace autopilot::deploy
