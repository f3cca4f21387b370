#include "core/deploy/nginx_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/deploy/nginx_split.h"

namespace autopilot::deploy {
namespace {

// Requests on one connection: few enough for both directions to fit the sockets' buffers.
constexpr std::size_t kBatch = 100;
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr Duration kAskTimeout = Duration::seconds(5);
constexpr Duration kPassTimeout = Duration::seconds(2);

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// A header of the request and its cookies; what it carries comes before the key.
std::string headers_of(const NginxSpec& spec, const Asked& asked) {
  Carried all = asked.carried;
  const SplitKey& key = spec.key;
  if (key.kind == SplitKey::Kind::header) all.headers.emplace_back(key.name, asked.key);
  if (key.kind == SplitKey::Kind::cookie) all.cookies.emplace_back(key.name, asked.key);
  all.headers.emplace_back("User-Agent", kProbeAgent);  // unless a match wants another one
  std::string out, cookies;
  std::vector<std::string> seen;
  for (const auto& [name, value] : all.headers) {
    if (std::find(seen.begin(), seen.end(), lower(name)) != seen.end()) continue;
    seen.push_back(lower(name));
    out += fmt::format("{}: {}\r\n", name, value);
  }
  for (const auto& [name, value] : all.cookies)
    cookies += fmt::format("{}{}={}", cookies.empty() ? "" : "; ", name, value);
  return cookies.empty() ? out : fmt::format("{}Cookie: {}\r\n", out, cookies);
}

std::string request(const NginxSpec& spec, const std::string& path, const Asked& asked, bool last,
                    const std::string& id = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}X-Autopilot-Probe: 1\r\n{}{}\r\n", path,
                     spec.probe.host, headers_of(spec, asked),
                     id.empty() ? "" : fmt::format("X-Autopilot-Id: {}\r\n", id),
                     last ? "Connection: close\r\n" : "");
}

struct Response {
  std::string status;  // "200 OK"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& [other, value] : headers) {
      if (other == name) return value;
    }
    return {};
  }
};

std::optional<Response> parse_head(std::string_view head) {
  if (head.substr(0, 5) != "HTTP/") return std::nullopt;
  Response out;
  for (const std::string& line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (out.status.empty()) {
      out.status = trim(line.substr(std::min(line.size(), line.find(' ') + 1)));
    } else if (colon != line.npos) {
      out.headers.emplace_back(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
  }
  return out;
}

// Takes one response from the front of `text`; nothing when it is not whole. A body without a
// length counts as empty.
std::optional<Response> take_response(std::string_view& text) {
  const std::size_t end = text.find(kHeadEnd);
  std::optional<Response> out = end == text.npos ? std::nullopt : parse_head(text.substr(0, end));
  if (!out) return std::nullopt;
  std::size_t size = 0;
  for (const char c : out->header("content-length")) {
    if (c < '0' || c > '9' || size > (1u << 24)) return std::nullopt;
    size = size * 10 + static_cast<std::size_t>(c - '0');
  }
  text.remove_prefix(end + kHeadEnd.size());
  if (text.size() < size) return std::nullopt;
  out->body = text.substr(0, size);
  text.remove_prefix(size);
  return out;
}

std::optional<NginxSays> parse_says(const Response& response) {
  const std::vector<std::string> words = split(trim(response.body), ' ');
  if (words.size() < 4 || words.size() > 5 || words[0] != "autopilot") return std::nullopt;
  return NginxSays{words[1], words[2], words[3],
                   words.size() == 5 && words[4] != "-" ? words[4] : ""};
}

std::string not_included(const NginxSpec& spec, const Response& response) {
  const bool is_nginx = response.header("server").rfind("nginx", 0) == 0;
  return fmt::format("{} at {} does not know {} (it says {})", is_nginx ? "nginx" : "what answers",
                     spec.probe.address, probe_path(spec), response.status);
}

}  // namespace

std::vector<std::string> probe_keys(int count, int bp) {
  constexpr int kLeast = 8;  // on either side
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(fmt::format("autopilot-{}", i));
  if (bp <= 0 || bp >= kWhole) return keys;
  for (const bool side : {true, false}) {
    auto have = std::count_if(keys.begin(), keys.end(),
                              [&](const auto& key) { return in_first_bucket(key, bp) == side; });
    for (int i = count; have < kLeast; ++i) {
      const std::string key = fmt::format("autopilot-{}", i);
      if (in_first_bucket(key, bp) != side) continue;
      keys.push_back(key);
      ++have;
    }
  }
  return keys;
}

std::string key_of(const NginxSpec& spec, const Asked& asked) {
  const bool by_cookie = spec.key.kind == SplitKey::Kind::cookie;
  for (const auto& [name, value] : by_cookie ? asked.carried.cookies : asked.carried.headers) {
    if (by_cookie ? name == spec.key.name : lower(name) == lower(spec.key.name)) return value;
  }
  return asked.key;
}

NginxAnswers ask_nginx(Sockets& sockets, const NginxSpec& spec, const std::vector<Asked>& all) {
  NginxAnswers out;
  for (std::size_t from = 0; from < all.size(); from += kBatch) {
    const std::size_t to = std::min(all.size(), from + kBatch);
    std::string requests;
    for (std::size_t i = from; i < to; ++i) {
      requests += request(spec, probe_path(spec), all[i], i + 1 == to);
    }
    const SocketAnswer answer = sockets.exchange(spec.probe.address, requests, {kAskTimeout});
    out.why = answer.why;
    std::string_view text = answer.text;
    for (std::size_t i = from; out.why.empty() && i < to; ++i) {
      const std::optional<Response> response = take_response(text);
      if (!response) {
        out.why = fmt::format("{} closed the connection in mid-answer", spec.probe.address);
      } else if (const auto says = parse_says(*response)) {
        out.says.push_back(*says);
      } else {
        out.why = not_included(spec, *response);
      }
    }
    if (!out.why.empty()) return out;
  }
  return out;
}

NginxPassed pass_through(Sockets& sockets, const NginxSpec& spec, const Asked& asked,
                         const std::string& id) {
  const SocketAnswer answer = sockets.exchange(
      spec.probe.address, request(spec, spec.probe.path, asked, true, id), {kPassTimeout});
  if (!answer.ok()) return {{}, {}, answer.why};
  const std::string_view text = answer.text;
  const std::size_t end = text.find(kHeadEnd);
  const std::optional<Response> response =
      end == text.npos ? std::nullopt : parse_head(text.substr(0, end));
  if (!response) return {{}, {}, spec.probe.address + " did not answer in HTTP"};
  std::string upstream = response->header(lower(spec.header) + "-upstream");
  // After a retry there are several: the last one answered.
  if (const std::size_t comma = upstream.rfind(' '); comma != std::string::npos) {
    upstream.erase(0, comma + 1);
  }
  return {response->header(lower(spec.header)), upstream, {}};
}

}  // namespace autopilot::deploy
